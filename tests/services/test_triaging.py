"""Submissions come into one queue, and are somebody's to see to."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pytest

from api.services import concluding, deciding, intake, sweeping, triaging
from api.services.concluding import OutcomeContradicts
from models.actors import SYSTEM, NotAllowed
from models.clocks import ClockKind
from models.decisions import NotUndoable, Reason, Verdict
from models.documents import Side, StaleVersion
from models.innovations import InnovationStatus
from models.people import Role, RoleGrant
from models.proposals import Band, ProposalState
from models.queries import events, triage
from models.queries.documents import NotFound
from models.queries.triage import Wanted
from models.triage import Leaving, SubmissionClosed, SubmissionState, SubmissionTaken
from models.working_days import day_of
from tests import factories
from tests.triage import (
    ACTIVE,
    ARCHIVE,
    ASK,
    LATER,
    MONDAY,
    WINDOW,
    actor,
    clock,
    conclude,
    innovator,
    officer,
    settle,
    submission,
)

pytestmark = pytest.mark.both


@pytest.fixture
def by(session):
    return officer(session)


def propose(session, row, probability=0.9, *, band=Band.STRONG, **values):
    return factories.make_proposal(session, factories.make_need(session), row.innovation, probability=probability, band=band, **values)


def queue(session, by, **wanted):
    return triage.queue(session, by, Wanted(**wanted), today=day_of(MONDAY)).rows


# Coming in


def test_handing_in_makes_a_submission_with_a_clock(session):
    draft = factories.make_innovation(session, status=InnovationStatus.DRAFT)

    intake.submit(session, Side.INNOVATION, draft.id, actor=SYSTEM, at=MONDAY)

    row = triage.current(session, draft.id)
    assert (row.number, row.state, row.revision, row.submitted_at) == (1, SubmissionState.WAITING, 1, MONDAY)
    assert clock(session, ClockKind.TRIAGE, row.id).is_running


def test_what_is_in_the_queue_is_not_received_twice(session):
    row = submission(session)

    assert triaging.receive(session, row.innovation, at=MONDAY) is row


def test_what_came_by_an_import_is_received_by_the_sweep_and_counted_from_then(session, libraries):
    factories.make_innovation(session, submitted_at=MONDAY - timedelta(days=90))
    factories.make_innovation(session, consent_at=None, consent_by="")
    factories.make_innovation(session, status=InnovationStatus.ACTIVE)

    sweeping.owe_what_is_missing(session, libraries, encoder_id=None, at=MONDAY, undo_window_seconds=WINDOW, snapshot_after_changes=9)

    (row,) = queue(session, SYSTEM)
    assert (row.submitted_at, clock(session, ClockKind.TRIAGE, row.id).started_at) == (MONDAY - timedelta(days=90), MONDAY)


def test_what_is_withdrawn_while_the_sweep_comes_to_it_is_not_received(session, monkeypatch):
    row = factories.make_innovation(session, submitted_at=MONDAY)
    lock = triage.lock_innovation

    def withdrawn_meanwhile(session, innovation_id):
        row.move_to(InnovationStatus.WITHDRAWN, at=MONDAY)
        session.flush()
        lock(session, innovation_id)

    monkeypatch.setattr(triage, "lock_innovation", withdrawn_meanwhile)

    assert triaging.receive_missing(session, at=MONDAY, limit=9) == 0
    assert (triage.current(session, row.id), triage.without_outcome(session)) == (None, [])


def test_one_without_consent_is_received_and_marked_because_somebody_waits_for_an_answer(session, by):
    draft = factories.make_innovation(session, status=InnovationStatus.DRAFT, consent_at=None, consent_by="")
    intake.submit(session, Side.INNOVATION, draft.id, actor=SYSTEM, at=MONDAY)

    (row,) = queue(session, by)
    assert row.innovation.held
    conclude(session, row, ASK, by)
    assert row.state is SubmissionState.ASKED


def test_an_archived_innovation_is_handed_in_again_and_read_again(session, by):
    row = submission(session)
    propose(session, row, state=ProposalState.REJECTED)
    settle(session, conclude(session, row, ARCHIVE, by))
    assert row.innovation.proposed_revision is None

    changed = intake.change(session, Side.INNOVATION, row.innovation_id, {"benefits": "Fewer visits."}, actor=SYSTEM, at=MONDAY + LATER)
    intake.submit(session, Side.INNOVATION, changed.id, actor=SYSTEM, at=MONDAY + LATER)

    again = triage.current(session, row.innovation_id)
    assert (again.number, again.revision, again.state) == (2, 2, SubmissionState.WAITING)
    assert triaging.shown(session, again.id, actor=by).earlier == [row]


def test_what_was_handed_in_again_before_the_letter_left_is_neither_undone_nor_told(session, by):
    innovator(session)
    row = submission(session)
    outcome = conclude(session, row, ARCHIVE, by)
    intake.submit(session, Side.INNOVATION, row.innovation_id, actor=SYSTEM, at=MONDAY)

    with pytest.raises(NotUndoable, match="handed in again"):
        concluding.undo(session, row.id, actor=by, at=MONDAY, undo_window_seconds=WINDOW)
    assert settle(session, outcome).mailed_to == 0
    assert row.innovation.status is InnovationStatus.SUBMITTED


def test_a_referred_innovation_is_handed_in_again_too(session, by):
    row = submission(session)
    row.innovation.status = InnovationStatus.REFERRED
    row.leave(Leaving.MERGED, at=MONDAY)
    session.flush()

    intake.submit(session, Side.INNOVATION, row.innovation_id, actor=SYSTEM, at=MONDAY)

    assert triage.current(session, row.innovation_id).number == 2


# The queue


def test_the_queue_is_ordered_by_lateness_then_worth_then_age(session, by):
    old = submission(session, at=MONDAY - timedelta(days=3), name="Old")
    young = submission(session, at=MONDAY - timedelta(days=2), name="Young")
    worth = submission(session, name="Worth")
    propose(session, worth, 0.8)
    late = submission(session, at=MONDAY - timedelta(days=12), name="Late")

    assert [row.innovation.name for row in queue(session, by)] == ["Late", "Worth", "Old", "Young"]
    assert queue(session, by, overdue=True) == [late]
    assert queue(session, by, overdue=False) == [worth, old, young]


def test_the_queue_is_read_page_by_page(session, by):
    rows = [submission(session, at=MONDAY - timedelta(days=age), name=f"No. {age}") for age in range(5)]
    propose(session, rows[2], 0.7)
    seen, after = [], None
    while True:
        page = triage.queue(session, by, Wanted(), today=day_of(MONDAY), after=after, limit=2)
        seen += page.rows
        after = page.following
        if after is None:
            break

    assert seen == [rows[2], rows[4], rows[3], rows[1], rows[0]]


def test_the_queue_is_filtered(session, by):
    strong, possible, none = (submission(session, name=name) for name in ("Strong sensor", "Possible test", "Nothing"))
    propose(session, strong)
    propose(session, strong, 0.5, band=Band.POSSIBLE)
    propose(session, possible, 0.5, band=Band.POSSIBLE)
    triaging.take(session, possible.id, actor=by, at=MONDAY)

    assert queue(session, by, band=Band.STRONG) == [strong]
    assert queue(session, by, band=Band.POSSIBLE) == [possible]
    assert queue(session, by, band=Band.WEAK) == [none]
    assert queue(session, by, assigned_to=by.person_id) == [possible]
    assert queue(session, by, unassigned=True) == [strong, none]
    assert queue(session, by, text="sensor STRONG") == [strong]
    assert queue(session, by, state=SubmissionState.IN_TRIAGE) == [possible]
    assert queue(session, officer(session, Role.BOARD)) == []


def test_a_merged_innovation_is_out_of_the_queue_until_it_is_parted(session, by):
    row, kept = submission(session), submission(session)
    row.innovation.merged_into_id = kept.innovation_id
    triaging.leave(session, row.innovation_id, Leaving.MERGED, at=MONDAY)

    assert queue(session, by) == [kept]
    with pytest.raises(SubmissionClosed, match="merged"):
        triaging.take(session, row.id, actor=by, at=MONDAY)
    row.innovation.merged_into_id = None
    triaging.come_back(session, row.innovation_id, at=MONDAY)
    triaging.come_back(session, kept.innovation_id, at=MONDAY)
    assert set(queue(session, by)) == {row, kept}
    assert clock(session, ClockKind.TRIAGE, row.id).is_running


def test_what_was_asked_before_a_merge_is_asked_again_when_it_is_parted(session, by):
    row = submission(session)
    settle(session, conclude(session, row, ASK, by))
    triaging.leave(session, row.innovation_id, Leaving.MERGED, at=MONDAY + LATER)
    assert row.open_ask is None

    triaging.come_back(session, row.innovation_id, at=MONDAY + LATER)

    assert (row.state, row.open_ask.question) == (SubmissionState.ASKED, ASK.question)
    assert clock(session, ClockKind.ASK, row.open_ask.id).is_running
    assert not clock(session, ClockKind.TRIAGE, row.id).is_running


def test_a_colleague_who_offers_an_innovation_is_told_like_every_innovator(session, by):
    person = innovator(session)
    person.grants.append(RoleGrant(role=Role.HUB))
    session.flush()
    row = submission(session)

    assert settle(session, conclude(session, row, ACTIVE, by)).mailed_to == 1
    with pytest.raises(NotAllowed, match="Your own organisation offers this"):
        conclude(session, submission(session), ACTIVE, actor(person))


def test_what_was_never_handed_in_leaves_no_queue(session):
    draft = factories.make_innovation(session, status=InnovationStatus.DRAFT)

    triaging.leave(session, draft.id, Leaving.WITHDRAWN, at=MONDAY)
    triaging.come_back(session, draft.id, at=MONDAY)

    assert triage.current(session, draft.id) is None


def test_at_most_five_proposals_are_shown_at_first(session, by):
    row = submission(session)
    made = [propose(session, row, 0.9 - n / 100) for n in range(7)]
    closed = propose(session, row, 0.95)
    closed.need.status = "closed"
    session.flush()

    shown = triaging.shown(session, row.id, actor=by)

    assert (list(shown.proposals), shown.more, shown.ranked) == (made[:5], 2, True)
    assert list(triaging.shown(session, row.id, actor=by, everything=True).proposals) == made
    assert triage.proposals_of_many(session, [row.innovation_id])[row.innovation_id] == made


# Who has it


def test_who_comes_second_is_told_who_has_it_and_may_take_it_over(session, by):
    row, second = submission(session), officer(session, name="Second officer")
    triaging.take(session, row.id, actor=by, at=MONDAY, version=1)

    assert (row.state, row.innovation.status) == (SubmissionState.IN_TRIAGE, InnovationStatus.IN_TRIAGE)
    for act in (triaging.take, triaging.give_back):
        with pytest.raises(SubmissionTaken, match="Hub triage officer took this submission at 9:00am") as refused:
            act(session, row.id, actor=second, at=MONDAY)
    assert refused.value.details["assigned_to"] == "Hub triage officer"
    with pytest.raises(SubmissionTaken):
        conclude(session, row, ACTIVE, second)
    triaging.take(session, row.id, actor=second, at=MONDAY, over=True)
    assert row.assigned_to_name == "Second officer"
    assert triaging.take(session, row.id, actor=second, at=MONDAY, version=1) is row  # theirs already


def test_what_was_read_before_somebody_took_it_is_stale(session, by):
    row = submission(session)
    triaging.take(session, row.id, actor=by, at=MONDAY)
    triaging.give_back(session, row.id, actor=by, at=MONDAY)

    assert (row.state, row.in_words) == (SubmissionState.WAITING, "Nobody has this submission.")
    with pytest.raises(StaleVersion, match="Nobody has"):
        triaging.take(session, row.id, actor=officer(session), at=MONDAY, version=1)
    assert triaging.give_back(session, row.id, actor=by, at=MONDAY).state is SubmissionState.WAITING  # nobody's is nobody's
    assert {event.kind for event in events.of_subject(session, row.innovation_id)} == {"submission.taken", "submission.given_back"}


def test_only_hub_staff_with_a_name_take_one(session):
    row = submission(session)

    for who in (SYSTEM, officer(session, Role.PLACE), actor(innovator(session))):
        with pytest.raises(NotAllowed):
            triaging.take(session, row.id, actor=who, at=MONDAY)
    with pytest.raises(NotFound):
        triage.get(session, row.id, officer(session, Role.BOARD))
    with pytest.raises(NotFound):
        triaging.take(session, row.innovation_id, actor=officer(session), at=MONDAY)


# Two at once


def test_of_two_people_who_give_an_outcome_at_once_one_wins_and_the_other_is_told(database):
    with database.transaction() as session:
        row = submission(session).id
        people = [officer(session, name=name) for name in ("First officer", "Second officer")]
    begin = Barrier(2)

    def give(by):
        begin.wait()
        try:
            with database.transaction() as session:
                return conclude(session, row, ACTIVE, by).given_by_name
        except (SubmissionClosed, SubmissionTaken) as refused:
            return refused.message

    with ThreadPoolExecutor(2) as threads:
        found = sorted(threads.map(give, people), key=len)

    winner, told = found
    assert told.startswith(f"{winner} made this submission active")
    with database.reading() as session:
        assert len(triage.by_id(session, row).outcomes) == 1


def test_what_is_being_confirmed_is_not_archived_at_the_same_moment(database):
    with database.transaction() as session:
        row = submission(session)
        by, other = (officer(session, name=name) for name in ("First officer", "Second officer"))
        proposal_id = propose(session, row).id

    def archive():
        with database.transaction() as session:
            conclude(session, row.id, ARCHIVE, by, leave_undecided=True)

    with ThreadPoolExecutor(1) as threads:
        with database.transaction() as session:
            deciding.decide(session, proposal_id, Verdict.CONFIRMED, actor=other, at=MONDAY, reason=Reason(), undo_window_seconds=WINDOW)
            archiving = threads.submit(archive)
            with suppress(TimeoutError):
                archiving.result(timeout=0.5)
        with pytest.raises(OutcomeContradicts, match="stands confirmed"):
            archiving.result()
