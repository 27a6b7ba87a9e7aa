"""Innovations that are one are merged, read together and parted, and nothing of either is lost."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.services import accounts, deciding, intake, merging, referring, triaging
from models.actors import SYSTEM, NotAllowed
from models.clocks import ClockKind
from models.decisions import Reason, ReasonCode, Verdict
from models.documents import Side, StaleVersion, TransitionRefused
from models.innovations import ExternalId, InnovationStatus
from models.merges import MergeRefused
from models.people import Role
from models.proposals import ProposalState
from models.queries import clocks as clock_rows
from models.queries import documents, events, merges, proposals, triage
from models.queries.documents import NotFound
from models.triage import Leaving, SubmissionState
from tests import factories
from tests.factories import NOW
from tests.merges import LATER, active, body, mails, staff, words
from tests.place_answers import announced, confirm

pytestmark = pytest.mark.both


@pytest.fixture
def by(session):
    return staff(session)


def merge(session, merged, kept, by, **values):
    return merging.merge(session, merged.id, kept.id, actor=by, **{"at": NOW} | values)


def part(session, merged, by, **values):
    return merging.unmerge(session, merged.id, actor=by, **{"at": LATER} | values)


def visible(session, actor=SYSTEM):
    return {row.id for row in documents.page(session, Side.INNOVATION, actor, filters={}).rows}


def test_a_merged_innovation_is_gone_from_search_and_lists_at_once(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)

    row = merge(session, merged, kept, by, note="The same test.")

    assert (row.kept_id, row.merged_id, row.merged_by_name, row.note) == (kept.id, merged.id, by.shown_as, "The same test.")
    assert not merged.searchable
    assert documents.searchable_names(session, Side.INNOVATION, by) == {str(kept.id)}
    assert visible(session) == {kept.id}
    (told,) = events.of_subject(session, merged.id)
    assert (told.kind, told.actor, told.data) == ("innovation.merged", by.name, {"into": str(kept.id), "merge": str(row.id)})


def test_undecided_proposals_lapse_and_decided_ones_stay_as_they_were(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    confirmed, rejected = announced(session, innovation=merged), factories.make_proposal(session, innovation=merged)
    deciding.decide(
        session, rejected.id, Verdict.REJECTED, actor=by, at=NOW, reason=Reason(code=ReasonCode.NO_BUDGET), undo_window_seconds=600
    )
    left, later = (factories.make_proposal(session, innovation=merged) for _ in range(2))
    reason = Reason(code=ReasonCode.NO_CAPACITY, until=NOW + timedelta(days=9))
    deciding.decide(session, later.id, Verdict.DEFERRED, actor=by, at=NOW, reason=reason, undo_window_seconds=600)

    merge(session, merged, kept, by)

    states = [each.state for each in (confirmed, rejected, left, later)]
    assert states == [ProposalState.CONFIRMED, ProposalState.REJECTED, ProposalState.SUPERSEDED, ProposalState.SUPERSEDED]
    assert "match.reversed" not in {event.kind for event in events.of_subject(session, confirmed.id)}
    shown = proposals.queue(session, by, at=NOW, state=ProposalState.CONFIRMED, innovation_id=kept.id).rows
    assert [each.id for each in shown] == [confirmed.id]


def test_a_match_that_is_confirmed_and_not_announced_keeps_it_from_being_merged(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    confirm(session, factories.make_proposal(session, innovation=merged))

    with pytest.raises(MergeRefused, match="not announced yet"):
        merge(session, merged, kept, by)

    assert merged.merged_into_id is None


def test_its_submission_leaves_triage_and_comes_back_when_the_two_are_parted(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    submission = triaging.receive(session, merged, at=NOW)

    merge(session, merged, kept, by)

    assert (submission.state, submission.left_by) == (SubmissionState.CLOSED, Leaving.MERGED)
    assert not clock_rows.of(session, ClockKind.TRIAGE, submission.id).is_running

    part(session, merged, by)

    assert (submission.state, submission.left_by) == (SubmissionState.WAITING, None)
    assert triage.without_outcome(session) == []


def test_merged_innovations_lead_to_the_end_however_long_the_chain(session, by):
    first, second, third = (factories.make_innovation(session) for _ in range(3))
    merge(session, first, second, by)

    merge(session, second, third, by)

    assert [merging.stands_for(session, each.id, actor=by) for each in (first, second, third)] == [third.id, third.id, None]
    assert [each.id for each in merges.parts(session, third.id)] == sorted([first.id, second.id])


def test_parting_takes_along_what_was_merged_before(session, by):
    first, second, third = (factories.make_innovation(session) for _ in range(3))
    merge(session, first, second, by)
    merge(session, second, third, by)

    part(session, second, by)

    assert (first.merged_into_id, second.merged_into_id) == (second.id, None)
    assert visible(session) == {second.id, third.id}
    part(session, first, by)
    assert visible(session) == {first.id, second.id, third.id}


def test_parted_innovations_are_ranked_again(session, by):
    embedded, not_yet = (factories.make_innovation(session, proposed_revision=1, embedded_revision=each) for each in (1, None))
    kept = factories.make_innovation(session)
    for each in (embedded, not_yet):
        merge(session, each, kept, by)

    parted = [part(session, each, by) for each in (embedded, not_yet)]

    assert all(each.undone_by_name == by.shown_as and each.undone_at == LATER for each in parted)
    assert (embedded.proposed_revision, embedded.searchable) == (None, True)
    assert embedded.id in documents.to_propose(session, Side.INNOVATION, 10)
    assert {event.kind for event in events.of_subject(session, embedded.id)} == {"innovation.merged", "innovation.unmerged"}


def test_one_that_could_not_be_ranked_before_is_parted_without_being_ranked(session, by):
    merged, kept = factories.make_innovation(session, status=InnovationStatus.ARCHIVED), factories.make_innovation(session)
    merge(session, merged, kept, by)

    part(session, merged, by)

    assert merged.proposed_revision is None
    assert not merged.searchable


def test_a_merge_that_was_undone_can_be_made_again_and_both_are_kept(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    merge(session, merged, kept, by)
    part(session, merged, by)

    merge(session, merged, kept, by, at=LATER)

    assert [each.undone_at is None for each in merges.of(session, [kept.id])] == [False, True]


@pytest.mark.parametrize(
    ("merged", "kept", "why"),
    [
        ({"status": InnovationStatus.DRAFT}, {}, "An innovation that is draft cannot be merged"),
        ({"status": InnovationStatus.WITHDRAWN}, {}, "An innovation that is withdrawn cannot be merged"),
        ({}, {"status": InnovationStatus.WITHDRAWN}, "The other innovation is withdrawn"),
        ({}, {"status": InnovationStatus.ARCHIVED}, "The other innovation is archived"),
        ({}, {"consent_at": None, "consent_by": ""}, "Merge the other one into this"),
        ({"supplier": "Rival"}, {}, "not known to be of the same organisation"),
        ({"supplier": None}, {"supplier": None}, "not known to be of the same organisation"),
    ],
)
def test_what_does_not_fit_is_not_merged_and_is_told_why(session, by, merged, kept, why):
    one, other = factories.make_innovation(session, **merged), factories.make_innovation(session, **kept)

    with pytest.raises(MergeRefused, match=why):
        merge(session, one, other, by)

    assert one.merged_into_id is None


def test_an_innovation_is_not_merged_into_itself(session, by):
    row = factories.make_innovation(session)

    with pytest.raises(MergeRefused, match="into itself"):
        merge(session, row, row, by)


def test_circles_cannot_be_made(session, by):
    first, second, third = (factories.make_innovation(session) for _ in range(3))
    merge(session, first, second, by)
    merge(session, second, third, by)

    with pytest.raises(MergeRefused, match="The other innovation is part of another already") as into_a_part:
        merge(session, third, first, by)

    assert into_a_part.value.details["into"] == str(third.id)


def test_who_merges_second_is_told_who_merged_and_when(session, by):
    merged, kept, other = (factories.make_innovation(session) for _ in range(3))
    merge(session, merged, kept, by)

    with pytest.raises(MergeRefused, match=rf"{by.shown_as} merged it at 9:00am on 2 November 2026") as second:
        merge(session, merged, other, staff(session))

    assert second.value.details == {"state": "merged", "into": str(kept.id)}


def test_a_stale_page_neither_merges_nor_parts(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    with pytest.raises(StaleVersion):
        merge(session, merged, kept, by, version=7)
    merge(session, merged, kept, by, version=1)

    with pytest.raises(StaleVersion):
        part(session, merged, by, version=1)

    assert merged.merged_into_id == kept.id


def test_only_the_hub_merges_and_parts(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    innovator = staff(session, Role.INNOVATOR)
    with pytest.raises(NotAllowed):
        merge(session, merged, kept, innovator)
    with pytest.raises(NotAllowed):
        part(session, kept, innovator)
    merge(session, merged, kept, by)

    with pytest.raises(NotAllowed):
        part(session, merged, innovator)
    with pytest.raises(NotAllowed):
        merging.history(session, kept.id, actor=innovator)


def test_nobody_puts_what_others_offer_under_what_their_own_organisation_does(session, by):
    own, rival = active(session), active(session, supplier="Rival")
    both = factories.make_person(session, Role.INNOVATOR)
    accounts.grant(session, both, Role.HUB, at=NOW, actor=by)

    for merged, kept in ((rival, own), (own, rival)):
        with pytest.raises(NotAllowed, match="Your own organisation offers this"):
            merging.merge(session, merged.id, kept.id, actor=accounts.actor_of_person(both), at=LATER, two_organisations=True)


def test_what_is_part_of_nothing_cannot_be_parted(session, by):
    row = factories.make_innovation(session)

    with pytest.raises(MergeRefused, match="nothing to part"):
        part(session, row, by)


def test_a_merge_is_undone_once(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    row = merge(session, merged, kept, by)
    row.undo(by=by.person_id, by_name=by.shown_as, at=LATER)

    with pytest.raises(MergeRefused, match="parted the two at 10:00am"):
        row.undo(by=by.person_id, by_name=by.shown_as, at=LATER)


def test_what_was_built_on_a_merge_keeps_it(session, by):
    merged, kept, third = (active(session) for _ in range(3))
    merge(session, merged, kept, by)
    merge(session, kept, third, by)
    with pytest.raises(MergeRefused, match="merged further"):
        part(session, merged, by)
    part(session, kept, by)

    referring.refer(session, kept.id, body(session).id, reason="They help.", actor=by, at=LATER)
    with pytest.raises(MergeRefused, match="referred as one"):
        part(session, merged, by, at=LATER + timedelta(hours=1))

    confirm(session, factories.make_proposal(session, innovation=kept), at=LATER)
    with pytest.raises(MergeRefused, match="confirmed after they were merged"):
        part(session, merged, by, at=LATER + timedelta(hours=1))


def test_what_was_confirmed_before_the_merge_keeps_nothing(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    announced(session, innovation=kept, at=NOW - timedelta(days=1))
    merge(session, merged, kept, by)

    assert part(session, merged, by).undone_at == LATER


def test_what_two_organisations_handed_in_is_merged_when_that_is_said_and_both_are_told_of_their_own(session, by):
    ours = factories.make_person(session, Role.INNOVATOR)
    theirs = factories.make_person(session, Role.INNOVATOR, organisation="Rival")
    merged = factories.make_innovation(session, name="Our attention test")
    kept = factories.make_innovation(session, name="Their attention test", supplier="Rival")

    row = merge(session, merged, kept, by, two_organisations=True)

    assert sorted(mails(session)) == sorted([("innovation_merged", ours.email), ("innovation_merged", theirs.email)])
    to_each = {message.address: f"{message.subject}\n{message.body}" for message in _messages(session)}
    assert "Their attention test" not in to_each[ours.email]
    assert "Our attention test" not in to_each[theirs.email]
    assert row.kept_id == kept.id


def test_who_may_not_read_the_kept_one_goes_on_reading_and_may_withdraw_their_own(session, by):
    ours = staff(session, Role.INNOVATOR)
    merged, kept = factories.make_innovation(session), factories.make_innovation(session, supplier="Rival")
    confirmed = announced(session, innovation=merged)
    merge(session, merged, kept, by, two_organisations=True)

    assert merging.stands_for(session, merged.id, actor=ours) is None
    with pytest.raises(TransitionRefused, match="merged into another") as refused:
        intake.change(session, Side.INNOVATION, merged.id, {"name": "Other"}, actor=ours, at=LATER)
    assert refused.value.details["into"] == str(kept.id)

    intake.withdraw(session, Side.INNOVATION, merged.id, actor=ours, at=LATER)

    assert confirmed.state is ProposalState.SUPERSEDED


def test_one_organisation_is_told_once_by_both_names(session, by):
    person = factories.make_person(session, Role.INNOVATOR)
    merged, kept = factories.make_innovation(session, name="Older name"), factories.make_innovation(session, name="Newer name")

    merge(session, merged, kept, by)
    part(session, merged, by)

    assert mails(session) == [("innovation_merged", person.email), ("innovation_parted", person.email)]
    assert "Older name" in words(session, "innovation_merged")
    assert "under the name Newer name" in words(session, "innovation_merged")


def test_both_histories_are_read_together(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    merged.external_ids.append(ExternalId(system="innovation-service", value="INN-2501-0007-5"))
    match = announced(session, innovation=merged)
    row = merge(session, merged, kept, by)

    found = merging.history(session, kept.id, actor=by)

    assert (found.innovation.id, [each.id for each in found.parts]) == (kept.id, [merged.id])
    assert [each.id for each in found.merges] == [row.id]
    assert [each.id for each in found.matches] == [match.id]
    assert {"innovation.merged", "proposal.confirmed", "match.confirmed"} <= {event.kind for event in found.happened.rows}
    assert [each.value for each in kept.external_ids_of_parts] == ["INN-2501-0007-5"]
    assert merging.part_of(session, row).id == merged.id


def test_external_ids_of_a_part_are_taken_back_as_read_and_stay_on_its_row(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    merged.external_ids.append(ExternalId(system="innovation-service", value="INN-2501-0007-5"))
    merge(session, merged, kept, by)
    both = [{"system": "innovation-service", "id": "INN-2501-0007-5"}, {"system": "hin", "id": "1"}]

    intake.change(session, Side.INNOVATION, kept.id, {"external_ids": both}, actor=by, at=LATER)

    assert ([each.value for each in kept.external_ids], [each.value for each in merged.external_ids]) == (["1"], ["INN-2501-0007-5"])
    assert documents.by_external_id(session, "innovation-service", "INN-2501-0007-5") == merged.id


def test_a_draft_that_was_merged_by_hand_is_not_handed_in(session, by):
    kept = factories.make_innovation(session)
    draft = factories.make_innovation(session, status=InnovationStatus.DRAFT, merged_into_id=kept.id)

    with pytest.raises(TransitionRefused, match="merged into another"):
        intake.submit(session, Side.INNOVATION, draft.id, actor=by, at=LATER)


def test_parting_from_one_that_a_release_before_deleted_goes_on(session, by):
    merged, kept = factories.make_innovation(session), factories.make_innovation(session)
    merge(session, merged, kept, by)
    kept.status, kept.live = InnovationStatus.WITHDRAWN, False  # without letting go of what was merged into it

    part(session, merged, by)

    assert visible(session) == {merged.id}


def test_one_that_nobody_may_read_cannot_be_merged_into(session, by):
    row = factories.make_innovation(session)
    hidden = factories.make_innovation(session, live=False)

    with pytest.raises(NotFound):
        merge(session, row, hidden, by)


def _messages(session):

    from models.mail import Message

    return session.scalars(select(Message)).all()
