"""Pages of rankers: which one judges, from where its bands begin, what each was trained on, and what that changed."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http

from api.db import Database
from api.pages import forms
from api.pages.forms import FormError, Sent
from api.pages.keeping import UP
from api.pages.measured import FIGURES
from api.pages.rendering import page, see_other
from api.requests import Now, Reading, SharedLibraries, StrictRoute
from api.security import CurrentVisit, RankerManager, RankerReader, Visit
from api.services import activating
from api.services.library import Libraries, RankingUnavailable
from models.documents import StaleVersion
from models.queries import people, ranker_versions
from models.ranker_versions import AlreadyActive, NoWayBack, RankerState, RankerVersion

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
# state -> (what it is called, colour of the tag)
STATES: Final = {
    RankerState.TRAINED: ("Waits for you", "blue"),
    RankerState.ACTIVE: ("Judges now", "green"),
    RankerState.RETIRED: ("Judged before", "grey"),
}
_DONE: Final = {
    "activated": "It judges from now on. Everything is ranked anew in the background.",
    "back": "The ranker that judged before judges again. Everything is ranked anew in the background.",
}
_CANNOT: Final = "It cannot be used: its file is gone or was changed, or it is for another encoder. Run “matching doctor” on the server."
# key of the report -> (what it is on, key of the figure -> what it is called)
_LOSS: Final = {"log_loss": "Surprise (log loss; less is better)", "brier": "Error (Brier; less is better)"}
_ORDER: Final = {"ndcg@10": "Order of the first ten (nDCG@10; more is better)"}
_FIGURES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "later_decisions": ("Later decisions, which had no part in it", _LOSS | _ORDER),
    "other_needs": ("Decisions on other needs", _LOSS | _ORDER),
}


@router.get("/rankers")
def rankers_list(
    request: Request, *, visit: CurrentVisit, actor: RankerReader, session: Reading, libraries: SharedLibraries, done: str = ""
) -> HTMLResponse:
    """What judges now, and all that were trained, newest first."""
    return _list(request, session, visit, libraries, done=_DONE.get(done, ""))


@router.post("/rankers/roll-back")
def roll_back(request: Request, *, visit: CurrentVisit, actor: RankerManager, libraries: SharedLibraries, at: Now, sent: Sent) -> Response:
    """Go back to the ranker that judged before; who saw another one judge is told which does."""
    version = forms.version(sent)

    def change(session: Session) -> None:
        activating.roll_back(session, libraries, actor=actor, at=at, version=version)

    if not (errors := _tried(request, change)):
        return see_other("/rankers", done="back")
    database: Database = request.app.state.database
    with database.reading() as session:
        return _list(request, session, visit, libraries, errors=errors)


@router.get("/rankers/{name}")
def one_ranker(request: Request, *, name: str, visit: CurrentVisit, actor: RankerReader, session: Reading) -> HTMLResponse:
    """One trained ranker with the report of its training."""
    return _report(request, session, visit, name)


@router.post("/rankers/{name}/activate")
def activate(
    request: Request, *, name: str, visit: CurrentVisit, actor: RankerManager, libraries: SharedLibraries, at: Now, sent: Sent
) -> Response:
    """Have it judge from now on; who read an older state of it is told how it stands."""
    version = forms.version(sent)

    def change(session: Session) -> None:
        activating.activate(session, libraries, name, actor=actor, at=at, version=version)

    if not (errors := _tried(request, change)):
        return see_other("/rankers", done="activated")
    database: Database = request.app.state.database
    with database.reading() as session:
        return _report(request, session, visit, name, errors=errors)


def _tried(request: Request, change: Callable[[Session], None]) -> list[FormError]:
    """Change which ranker judges; why not, when that is not possible."""
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            change(session)
    except RankingUnavailable:
        return [FormError("", _CANNOT)]
    except (AlreadyActive, NoWayBack, StaleVersion) as error:
        return [FormError("", error.message)]
    return []


def _list(
    request: Request, session: Session, visit: Visit, libraries: Libraries, *, done: str = "", errors: list[FormError] | None = None
) -> HTMLResponse:
    rows = ranker_versions.every(session)
    active = next((row for row in rows if row.state is RankerState.ACTIVE), None)
    return page(
        request,
        "rankers.jinja",
        visit,
        status=http.HTTP_409_CONFLICT if errors else http.HTTP_200_OK,
        title="Rankers",
        up=UP,
        done=done,
        errors=errors or [],
        active=active,
        judging=_judging(session, libraries),
        figures=FIGURES,
        rows=[_listed(row) for row in rows],
    )


def _judging(session: Session, libraries: Libraries) -> dict[str, Any]:
    """The ranker that judges and from where its bands begin; empty when it cannot be used."""
    try:
        ranker = libraries.ranker_for(session)
    except RankingUnavailable:
        return {}
    calibration = ranker.file.calibration
    return {"id": ranker.id, "possible": f"{calibration.possible:.2f}", "strong": f"{calibration.strong:.2f}"}


def _listed(row: RankerVersion) -> dict[str, Any]:
    return {"href": f"/rankers/{row.name}", "name": row.name, "state": STATES[row.state], "row": row}


def _report(request: Request, session: Session, visit: Visit, name: str, *, errors: list[FormError] | None = None) -> HTMLResponse:
    row = ranker_versions.named(session, name)
    report = row.report
    return page(
        request,
        "ranker.jinja",
        visit,
        status=http.HTTP_409_CONFLICT if errors else http.HTTP_200_OK,
        title=row.name,
        up={"href": "/rankers", "text": "Rankers"},
        errors=errors or [],
        row=row,
        state=STATES[row.state],
        trained_by=_who(session, row.trained_by),
        activated_by=_who(session, row.activated_by),
        activated_at=row.activated_at,
        changes=[*_changes(report), *_on_sets(report)],
        left_out=report.get("decisions", {}).get("left_out", {}),
        notices=report.get("notices", []),
        absent=report.get("absent", []),
        weights=[(name, f"{each['before']:.3f}", f"{each['after']:.3f}") for name, each in report.get("weights", {}).items()],
        may_activate=row.state is not RankerState.ACTIVE,
    )


def _changes(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for key, (what, figures) in _FIGURES.items():
        found = report.get(key) or {}
        yield from (_change(what, label, found[name]) for name, label in figures.items() if found.get(name))


def _on_sets(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for each in report.get("sets", []):
        if each["ndcg@10"]:
            yield _change(f"Judged texts: {each['dataset']}", _ORDER["ndcg@10"], each["ndcg@10"])


def _change(what: str, figure: str, told: Mapping[str, Any]) -> dict[str, Any]:
    low, high = told["difference_ci95"]
    return {
        "what": what,
        "figure": figure,
        "before": f"{told['before']:.3f}",
        "after": f"{told['after']:.3f}",
        "difference": f"{told['difference']:+.3f}",
        "between": f"{low:+.3f} to {high:+.3f}",
        "needs": told["needs"],
        "sure": low > 0 or high < 0,
    }


def _who(session: Session, actor: str) -> str:
    """The name of an actor, where it is a person who is still there."""
    kind, _, value = actor.partition(":")
    if kind != "person":
        return "the service" if actor else ""
    return people.names_by_id(session, [UUID(value)]).get(UUID(value), "somebody who has left")
