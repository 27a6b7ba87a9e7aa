"""Submissions are given to colleagues and put off until a day; lists follow."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.services import asking, assigning, concluding, triaging
from api.services.assigning import UnknownColleague
from models.actors import NotAllowed
from models.documents import StaleVersion
from models.innovations import InnovationKind, InnovationStatus
from models.people import Role
from models.proposals import Band
from models.queries import events, triage
from models.queries.triage import Age, Wanted
from models.triage import Leaving, SnoozeRefused, SubmissionClosed, SubmissionState, SubmissionTaken
from models.working_days import day_of
from tests import factories
from tests.triage import ACTIVE, ARCHIVE, ASK, MONDAY, WINDOW, actor, conclude, officer, submission

pytestmark = pytest.mark.both
NEXT_WEEK = day_of(MONDAY) + timedelta(days=7)
OVERDUE = MONDAY + timedelta(days=9)


def assign(session, row, to, by, **said):
    return assigning.assign(session, row.id, to.person_id, actor=by, at=MONDAY, **said)


def snooze(session, row, by, until=NEXT_WEEK, **said):
    return assigning.snooze(session, row.id, until, actor=by, at=MONDAY, **said)


def listed(session, by, at=MONDAY, **wanted):
    return [row.id for row in triage.queue(session, by, Wanted(**wanted), today=day_of(at)).rows]


def kinds(session, row):
    session.flush()
    return [event.kind for event in events.of_subject(session, row.innovation_id)]


def test_a_submission_is_given_to_a_colleague_who_has_it_from_then_on(session, row, by):
    colleague = officer(session, name="Second officer")

    assign(session, row, colleague, by, version=1)

    assert (row.assigned_to, row.assigned_to_name, row.state) == (colleague.person_id, "Second officer", SubmissionState.IN_TRIAGE)
    assert row.innovation.status is InnovationStatus.IN_TRIAGE
    assert kinds(session, row) == ["submission.assigned"]


def test_given_twice_to_the_same_is_given_once(session, row, by):
    assign(session, row, by, by)
    assign(session, row, by, by, version=1)

    assert (row.version, kinds(session, row)) == (2, ["submission.assigned"])


def test_what_a_colleague_has_is_given_on_only_knowingly(session, row, by):
    first, second = officer(session, name="Second officer"), officer(session, name="Third officer")
    assign(session, row, first, by)

    with pytest.raises(SubmissionTaken, match="Second officer took this submission"):
        assign(session, row, second, by)
    assign(session, row, second, by, over=True)

    assert row.assigned_to_name == "Third officer"


def test_nothing_is_given_to_somebody_outside_the_hub_or_who_has_left(session, row, by):
    for stranger in (officer(session, Role.BOARD), actor(factories.make_person(session, active=False))):
        with pytest.raises(UnknownColleague):
            assign(session, row, stranger, by)
    with pytest.raises(UnknownColleague):
        assigning.assign(session, row.id, uuid4(), actor=by, at=MONDAY)


def test_a_stale_version_or_a_closed_submission_is_not_given_away(session, row, by):
    with pytest.raises(StaleVersion):
        assign(session, row, by, by, version=9)
    conclude(session, row, ARCHIVE, by)

    with pytest.raises(SubmissionClosed, match="archived this submission"):
        assign(session, row, officer(session), by)


def test_only_staff_share_out_the_work(session, row):
    board = officer(session, Role.BOARD)
    for act in (lambda: assign(session, row, board, board), lambda: snooze(session, row, board)):
        with pytest.raises(NotAllowed):
            act()


def test_what_is_put_off_leaves_the_list_until_its_day(session, row, by):
    snooze(session, row, by, version=1)

    assert (row.snoozed_until, row.snoozed_by_name, row.version) == (NEXT_WEEK, "Hub triage officer", 2)
    assert listed(session, by) == []
    assert listed(session, by, snoozed=True) == listed(session, by, snoozed=None) == [row.id]
    assert listed(session, by, MONDAY + timedelta(days=7)) == [row.id]


def test_what_is_overdue_is_never_out_of_sight(session, row, by):
    snooze(session, row, by, NEXT_WEEK + timedelta(days=30))

    assert listed(session, by, OVERDUE) == [row.id]
    assert listed(session, by, OVERDUE, snoozed=True) == []


def test_put_off_twice_to_the_same_day_is_once(session, row, by):
    snooze(session, row, by)
    snooze(session, row, by)

    assert kinds(session, row) == ["submission.snoozed"]


@pytest.mark.parametrize("days", [-1, 0, 61])
def test_a_day_that_is_past_or_too_far_is_refused(session, row, by, days):
    with pytest.raises(SnoozeRefused):
        snooze(session, row, by, day_of(MONDAY) + timedelta(days=days))


def test_what_a_colleague_has_is_not_put_off(session, row, by):
    assign(session, row, officer(session, name="Second officer"), by)

    with pytest.raises(SubmissionTaken):
        snooze(session, row, by)
    with pytest.raises(StaleVersion):
        snooze(session, submission(session), by, version=9)


def test_it_is_woken_once(session, row, by):
    snooze(session, row, by)
    for _ in range(2):
        assigning.wake(session, row.id, actor=by, at=MONDAY)

    assert (row.snoozed_until, row.snoozed_by, row.version) == (None, None, 3)
    assert kinds(session, row).count("submission.woken") == 1
    row.wake()
    assert row.version == 3


def test_an_outcome_an_answer_and_a_leaving_end_it(session, by, founder):
    rows = [submission(session) for _ in range(3)]
    conclude(session, rows[0], ASK, by)
    for row in rows:
        snooze(session, row, by)

    asking.answer(session, rows[0].id, "Adults.", {}, actor=actor(founder), at=MONDAY)
    conclude(session, rows[1], ACTIVE, by)
    triaging.leave(session, rows[2].innovation_id, Leaving.WITHDRAWN, at=MONDAY)

    assert [row.snoozed_until for row in rows] == [None] * 3


def test_an_outcome_that_is_undone_does_not_put_it_off_again(session, row, by):
    snooze(session, row, by)
    conclude(session, row, ACTIVE, by)
    concluding.undo(session, row.id, actor=by, at=MONDAY, undo_window_seconds=WINDOW)

    assert listed(session, by) == [row.id]


# Lists


def test_the_list_is_narrowed_by_age_kind_flag_and_holder(session, by):
    flag = [{"kind": "copied_need", "says": "Copied", "field": None, "start": None, "end": None, "text": ""}]
    old, flagged, theirs = submission(session, at=MONDAY - timedelta(days=30)), submission(session), submission(session)
    method = submission(session, kind=InnovationKind.IMPROVEMENT_METHOD)
    factories.make_proposal(session, factories.make_need(session), flagged.innovation, flags=flag)
    assign(session, theirs, officer(session, name="Second officer"), by)
    conclude(session, method, ASK, by)
    soon = submission(session, at=MONDAY - timedelta(days=6))

    assert listed(session, by, age=Age.OVERDUE) == [old.id]
    assert listed(session, by, age=Age.SOON) == [soon.id]
    assert set(listed(session, by, age=Age.IN_TIME)) == {flagged.id, theirs.id}
    assert listed(session, by, age=Age.PAUSED) == listed(session, by, kind=InnovationKind.IMPROVEMENT_METHOD) == [method.id]
    assert listed(session, by, flagged=True) == listed(session, by, band=Band.STRONG) == [flagged.id]
    assert len(listed(session, by, flagged=False)) == 4
    assert listed(session, by, of_colleagues=by.person_id) == [theirs.id]
    assert set(listed(session, by, waits_for=by.person_id)) == {old.id, flagged.id, soon.id}


def test_the_tally_counts_each_submission_once_by_all_that_narrows(session, row, by):
    other, done = submission(session, name="Other test", kind=InnovationKind.MEDICINE), submission(session)
    factories.make_proposal(session, factories.make_need(session), row.innovation, probability=0.5, band=Band.POSSIBLE)
    assign(session, row, by, by)
    snooze(session, other, by)
    conclude(session, done, ARCHIVE, by)

    found = triage.tallies(session, by, text="", today=day_of(MONDAY))

    assert found == {
        ("in_triage", "me", "PRODUCT", "in_time", "possible", "0", "0"): 1,
        ("waiting", "nobody", "MEDICINE", "in_time", "weak", "0", "1"): 1,
    }
    closed = triage.tallies(session, by, text="", today=day_of(MONDAY), closed=True)
    assert closed == {("closed", "me", "PRODUCT", "paused", "weak", "0", "0"): 1}
    assert sum(triage.tallies(session, by, text="other", today=day_of(MONDAY)).values()) == 1
