"""The lists of needs and calls, and one call, as everybody sees them."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from models.calls import CallClosure
from tests import factories
from tests.browser.cases import Case, Part

CALL = "/calls/{reference}"


def _fill(session: Session, at: datetime) -> Mapping[str, str | UUID]:
    said = {"theme": "Frailty", "created_at": at, "updated_at": at}
    falls = factories.make_need(session, title="Falls at home that end in hospital", places=("CAL", "LDS"), **said)
    introduction = "We have looked at everything that was handed in, and nothing fits yet."
    called = factories.make_call(session, falls, introduction=introduction, published_at=at, closes_on=date(2099, 3, 31))
    ended = factories.make_call(session, falls, published_at=at, closed_at=at, closed_reason=CallClosure.MET)
    return {"call": called.reference, "ended_call": ended.reference}


PART = Part(
    cases=(
        Case("/needs", "/needs?theme=Frailty&status=all", state="narrowed"),
        Case("/calls", "/calls"),
        Case("/calls", "/calls?q=zebra", state="nothing found"),
        Case("/calls", "/calls?show=all", "hub", "with those that ended"),
        Case("/calls", "/calls?place=nowhere", state="unknown filter"),
        Case(CALL, "/calls/{call}"),
        Case(CALL, "/calls/{ended_call}", state="ended"),
        Case(CALL, "/calls/{call}", "hub", "to take back"),
        Case(CALL, "/calls/{call}", "innovator", "to answer"),
        Case(CALL, "/calls/WYC-2026-9999", state="not found"),
    ),
    fill=_fill,
)
