"""What the database itself refuses of calls, watches and hits."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.calls import CallClosure, CallEnded, reference_of
from models.documents import Visibility
from models.needs import NeedStatus
from models.watches import WatchHit
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.both


def test_a_need_has_one_open_call_and_a_reference_is_one_calls(session: Session) -> None:
    call = factories.make_call(session)
    with pytest.raises(IntegrityError), session.begin_nested():
        factories.make_call(session, call.need)
    with pytest.raises(IntegrityError), session.begin_nested():
        factories.make_call(session, reference=call.reference)

    call.close(CallClosure.TAKEN_BACK, at=NOW)

    assert factories.make_call(session, call.need).reference != call.reference


def test_a_call_was_closed_on_the_day_that_it_was_in_london(session: Session) -> None:
    call = factories.make_call(session)
    call.close(CallClosure.TAKEN_BACK, at=datetime(2026, 6, 19, 23, 30, tzinfo=UTC))

    with pytest.raises(CallEnded, match="was closed on 20 June 2026"):
        call.close(CallClosure.MET, at=NOW)


@pytest.mark.parametrize("values", [{"closed_at": NOW}, {"closed_reason": CallClosure.MET}, {"version": 0}])
def test_a_call_is_closed_for_a_reason_or_open(session: Session, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        factories.make_call(session, **values)


def test_a_reference_has_four_figures_or_more() -> None:
    assert [reference_of(2026, number) for number in (1, 9999, 10_000)] == ["WYC-2026-0001", "WYC-2026-9999", "WYC-2026-10000"]


@pytest.mark.parametrize(
    ("values", "closure"),
    [
        ({}, None),
        ({"status": NeedStatus.MET}, CallClosure.MET),
        ({"status": NeedStatus.CLOSED}, CallClosure.WITHDRAWN),
        ({"status": NeedStatus.WITHDRAWN}, CallClosure.WITHDRAWN),
        ({"visibility": Visibility.PARTNERS}, CallClosure.TAKEN_BACK),
        ({"live": False}, CallClosure.TAKEN_BACK),
    ],
)
def test_a_call_ends_with_its_need(session: Session, values: dict[str, Any], closure: CallClosure | None) -> None:
    call = factories.make_call(session, factories.make_need(session, **values))

    assert call.ending(at=NOW) is closure
    call.close(CallClosure.ANSWERED, at=NOW)
    assert call.ending(at=NOW) is None


@pytest.mark.parametrize("value", ["", "…", " "])
def test_a_watch_says_something(session: Session, value: str) -> None:
    with pytest.raises(IntegrityError):
        factories.make_watch(session, value=value)


def test_a_hit_is_of_one_thing_and_once(session: Session) -> None:
    watch, need, innovation = factories.make_watch(session), factories.make_need(session), factories.make_innovation(session)

    def hit(**subject: Any) -> None:
        with session.begin_nested():
            session.add(WatchHit(watch_id=watch.id, found_at=NOW, **subject))

    hit(need_id=need.id)
    hit(innovation_id=innovation.id)
    for wrong in ({}, {"need_id": need.id, "innovation_id": innovation.id}, {"need_id": need.id}):
        with pytest.raises(IntegrityError):
            hit(**wrong)
