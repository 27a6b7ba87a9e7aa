"""How many needs, innovations and calls each choice of a filter would show, the other filters held."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models.actors import Actor
from models.calls import Call
from models.documents import Side
from models.innovations import Innovation
from models.needs import Need, need_place
from models.places import Place
from models.queries import calls, documents

BY: Final = {"status": Need.status, "theme": Need.theme, "place": Place.key}
INNOVATIONS_BY: Final = {"stage": Innovation.stage, "status": Innovation.status}
Counts = dict[str, int]


def needs(session: Session, actor: Actor, by: str, *, filters: Mapping[str, Any], text: str = "") -> Counts:
    """The needs of each status, theme or place that the actor may read; what is filtered `by` itself is left open."""
    others = {name: value for name, value in filters.items() if name != by}
    return _counted(session, by, documents.conditions(session, Side.NEED, actor, filters=others, text=text))


def innovations(session: Session, actor: Actor, by: str, *, filters: Mapping[str, Any], text: str = "") -> Counts:
    """The innovations at each stage or of each status that the actor may read, likewise."""
    others = {name: value for name, value in filters.items() if name != by}
    column = INNOVATIONS_BY[by]
    held = documents.conditions(session, Side.INNOVATION, actor, filters=others, text=text)
    found = session.execute(select(column, func.count()).select_from(Innovation).where(*held).group_by(column))
    return {str(value): count for value, count in found if value}


def of_calls(
    session: Session, actor: Actor, by: str, *, day: date, open_only: bool, place: str | None, theme: str | None, text: str = ""
) -> Counts:
    """The calls on needs of each theme or place that the actor may read, likewise."""
    others = {"place": place, "theme": theme, by: None}
    called = calls.conditions(actor, day=day, open_only=open_only, text=text, **others)
    return _counted(session, by, called, of_calls=True)


def calls_in_all(session: Session, actor: Actor, *, day: date, open_only: bool, place: str | None, theme: str | None, text: str) -> int:
    """How many calls a list holds."""
    held = calls.conditions(actor, day=day, open_only=open_only, place=place, theme=theme, text=text)
    return session.scalars(select(func.count()).select_from(Call).where(*held)).one()


def _counted(session: Session, by: str, held: list[ColumnElement[bool]], *, of_calls: bool = False) -> Counts:
    query = select(BY[by], func.count()).select_from(Need)
    if of_calls:
        query = query.join(Call, Call.need_id == Need.id)
    if by == "place":
        query = query.join(need_place, need_place.c.need_id == Need.id).join(Place, Place.id == need_place.c.place_id)
    found = session.execute(query.where(*held).group_by(BY[by]))
    return {str(value): count for value, count in found if value}
