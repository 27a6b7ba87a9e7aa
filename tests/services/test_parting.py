"""What was merged is never lost with the one that stands for it, and what was withdrawn never comes back."""

from datetime import timedelta

import pytest

from api.services import erasing, intake, merging, referring, triaging
from models.clocks import ClockKind
from models.documents import Side
from models.innovations import InnovationStatus
from models.people import Role
from models.queries import clocks as clock_rows
from models.queries import documents, events, merges, triage
from models.triage import Leaving, SubmissionState
from tests import factories
from tests import triage as made
from tests.factories import NOW
from tests.merges import LATER, active, body, mails, staff, words
from tests.place_answers import confirm

pytestmark = pytest.mark.both
LAST = LATER + timedelta(hours=1)


@pytest.fixture
def by(session):
    return staff(session)


@pytest.fixture
def owner(session):
    return staff(session, Role.INNOVATOR)


def merge(session, merged, kept, by, **values):
    return merging.merge(session, merged.id, kept.id, actor=by, at=NOW, **values)


def withdraw(session, row, by, at=LATER):
    return intake.withdraw(session, Side.INNOVATION, row.id, actor=by, at=at)


def delete(session, row, by, at=LATER):
    erasing.delete_innovation(session, row.id, actor=by, at=at)


def listed(session, by):
    return {row.id for row in documents.page(session, Side.INNOVATION, by, filters={}).rows}


def in_queue(session, by):
    return {row.id for row in triage.queue(session, by, triage.Wanted(), today=LAST.date()).rows}


def is_running(session, submission):
    return clock_rows.of(session, ClockKind.TRIAGE, submission.id).is_running


@pytest.mark.parametrize("end", [withdraw, delete])
def test_what_was_merged_goes_on_when_the_kept_one_is_gone(session, by, owner, end):
    merged, kept = factories.make_innovation(session, embedded_revision=1, proposed_revision=1), factories.make_innovation(session)
    submissions = [triaging.receive(session, each, at=NOW) for each in (merged, kept)]
    triaging.take(session, submissions[0].id, actor=by, at=NOW)
    row = merge(session, merged, kept, by)

    end(session, kept, owner)

    assert (merged.merged_into_id, merged.proposed_revision, merged.searchable) == (None, None, True)
    assert (row.undone_at, row.undone_by, row.undone_by_name) == (LATER, owner.person_id, owner.shown_as)
    assert merged.id in documents.to_propose(session, Side.INNOVATION, 10)
    assert merged.id in listed(session, by)
    assert in_queue(session, by) == {submissions[0].id}
    assert [each.state for each in submissions] == [SubmissionState.IN_TRIAGE, SubmissionState.CLOSED]
    assert [is_running(session, each) for each in submissions] == [True, False]
    (told,) = (each for each in events.of_subject(session, merged.id) if each.kind == "innovation.unmerged")
    assert (told.actor, told.data) == (owner.name, {"of": str(kept.id), "merge": str(row.id)})
    assert triage.without_outcome(session) == []
    changed = intake.change(session, Side.INNOVATION, merged.id, {"name": "Newer name"}, actor=owner, at=LAST)
    assert changed.name == "Newer name"


def test_its_owners_are_told_why_it_stands_by_itself(session, by):
    ours = factories.make_person(session, Role.INNOVATOR)
    theirs = staff(session, Role.INNOVATOR, organisation="Rival")
    merged = factories.make_innovation(session, name="Our attention test")
    kept = factories.make_innovation(session, name="Their attention test", supplier="Rival")
    merge(session, merged, kept, by, two_organisations=True)

    withdraw(session, kept, theirs)

    assert [to for template, to in mails(session) if template == "innovation_parted"] == [ours.email]
    told = words(session, "innovation_parted")
    assert "That other one is no longer offered. Yours is not lost" in told
    assert "We look anew for needs" in told
    assert "Their attention test" not in told


def test_what_the_hub_parts_is_told_in_its_own_words(session, by):
    factories.make_person(session, Role.INNOVATOR)
    merged = factories.make_innovation(session, status=InnovationStatus.ARCHIVED)
    merge(session, merged, factories.make_innovation(session), by)

    merging.unmerge(session, merged.id, actor=by, at=LATER)

    told = words(session, "innovation_parted")
    assert "That was not right" in told
    assert "We look anew for needs" not in told


def test_what_was_built_on_a_merge_does_not_hold_the_merged_one_to_one_that_is_gone(session, by, owner):
    merged, kept = active(session), active(session)
    merge(session, merged, kept, by)
    referring.refer(session, kept.id, body(session).id, reason="They help.", actor=by, at=LATER)
    confirm(session, factories.make_proposal(session, innovation=kept), at=LATER)

    withdraw(session, kept, owner, at=LAST)

    assert merged.merged_into_id is None


def test_a_chain_keeps_together_what_is_left_of_it(session, by, owner):
    first, second, third = (factories.make_innovation(session) for _ in range(3))
    merge(session, first, second, by)
    merge(session, second, third, by)

    withdraw(session, third, owner)

    assert (first.merged_into_id, second.merged_into_id) == (second.id, None)
    assert listed(session, by) == {second.id, third.id}


def test_what_was_merged_into_a_part_that_is_withdrawn_stands_by_itself(session, by, owner):
    first, second, third = (factories.make_innovation(session) for _ in range(3))
    merge(session, first, second, by)
    merge(session, second, third, by)

    withdraw(session, second, owner)

    assert (first.merged_into_id, second.merged_into_id, third.merged_into_id) == (None, third.id, None)
    assert merges.standing(session, first.id) is None


@pytest.mark.parametrize("state", ["waiting", "asked"])
def test_one_that_was_withdrawn_while_merged_stays_closed_when_the_two_are_parted(session, by, owner, state):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    submission = triaging.receive(session, merged, at=NOW)
    if state == "asked":
        made.conclude(session, submission, made.ASK, by)
    merge(session, merged, kept, by)

    withdraw(session, merged, owner)
    assert (submission.state, submission.left_by, submission.ended_at) == (SubmissionState.CLOSED, Leaving.WITHDRAWN, LATER)
    merging.unmerge(session, merged.id, actor=by, at=LAST)

    assert (submission.state, submission.left_by, submission.ended_at) == (SubmissionState.CLOSED, Leaving.WITHDRAWN, LATER)
    assert "was withdrawn at 10:00am" in submission.in_words
    assert (submission.open_ask, is_running(session, submission), in_queue(session, by)) == (None, False, set())
    assert "innovation_parted" not in {template for template, _ in mails(session)}
    assert (merged.status, merged.merged_into_id) == (InnovationStatus.WITHDRAWN, None)
    assert triage.without_outcome(session) == []


def test_one_that_was_withdrawn_while_merged_does_not_come_back_with_the_end_of_the_kept_one(session, by, owner):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    submission = triaging.receive(session, merged, at=NOW)
    merge(session, merged, kept, by)
    withdraw(session, merged, owner)

    delete(session, kept, owner, at=LAST)

    assert (submission.left_by, is_running(session, submission)) == (Leaving.WITHDRAWN, False)
    assert "innovation_parted" not in {template for template, _ in mails(session)}
    assert triage.without_outcome(session) == []


def test_what_an_earlier_release_left_merged_is_mended(session, by, owner):
    first, second, third = (factories.make_innovation(session) for _ in range(3))
    submission = triaging.receive(session, second, at=NOW)
    merge(session, first, second, by)
    merge(session, second, third, by)
    for each in (second, third):  # as a withdrawal left them before it looked at merges
        each.status = InnovationStatus.WITHDRAWN

    delete(session, third, owner)

    assert (first.merged_into_id, second.merged_into_id) == (None, None)
    assert (submission.state, submission.left_by) == (SubmissionState.CLOSED, Leaving.WITHDRAWN)
    assert triage.without_outcome(session) == []


def test_what_is_erased_after_its_time_lets_go_of_its_parts_too(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    row = merge(session, merged, kept, by)
    kept.status = InnovationStatus.ARCHIVED
    session.flush()

    assert erasing.delete_settled(session, at=NOW + timedelta(days=900), after=timedelta(days=730)) == 1

    assert (merged.merged_into_id, kept.erased_at is not None) == (None, True)
    assert (row.undone_by, row.undone_by_name) == (None, "the service itself")
