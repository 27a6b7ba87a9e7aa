"""Innovations are offered to bodies that help: the route with its reason, the offer, the answer, the chase, the end."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.jobs.clocks import CHASERS
from api.services import accounts, clocks, concluding, intake, merging, referral_mail, referring, supporting
from api.services.letters import Choice
from api.services.mailing import AddressRefused
from models.actors import SYSTEM, NotAllowed
from models.clocks import ClockKind, Due
from models.decisions import Reason, ReasonMissing
from models.documents import Side, StaleVersion, Visibility
from models.innovations import InnovationStatus, Stage
from models.links import LinkSpent
from models.people import Role
from models.queries import clocks as clock_rows
from models.queries import events, referrals
from models.queries.documents import NotFound
from models.queries.places import UnknownPlace
from models.referrals import (
    Answered,
    BodyIncomplete,
    BodyKind,
    DeclineCode,
    Geography,
    ReferralOutcome,
    ReferralRefused,
    ReferralState,
)
from models.triage import OutcomeKind
from tests import factories, triage
from tests.factories import NOW
from tests.merges import LATER, active, body, links, mails, referral, staff, token, words

pytestmark = pytest.mark.both


def answer(session, row, said, **values):
    return referring.answer(session, row.id, said, **{"actor": staff(session), "at": LATER} | values)


def close(session, row, outcome, **values):
    return referring.close(session, row.id, outcome, **{"actor": staff(session), "at": LATER} | values)


def decline(session, row, code=DeclineCode.NO_CAPACITY, **values):
    return answer(session, row, Answered.DECLINED, code=code, **values)


def kinds(session, row):
    return sorted(event.kind for event in events.of_subject(session, row.innovation_id))


def test_an_offer_is_a_row_an_event_a_clock_and_a_mail_with_a_link(session):
    innovation, to = active(session), body(session)

    row = referral(session, innovation, to)

    assert (row.state, row.version, row.body.name, [step.state for step in row.steps]) == (ReferralState.OFFERED, 1, to.name, ["offered"])
    (told,) = events.of_subject(session, innovation.id)
    assert (told.kind, told.data) == ("referral.offered", {"referral": str(row.id), "body": str(to.id), "code": None})
    assert clock_rows.of(session, ClockKind.REFERRAL, row.id).is_running
    assert mails(session) == [("referral_asked_link", "front.door@example.org")]
    assert referring.look(session, token(session), at=NOW).id == row.id


def test_a_body_is_told_no_more_than_the_owner_lets_partners_read(session):
    shown = active(
        session, name="Attention test", visibility=Visibility.PARTNERS, stage=Stage.EVALUATION, problems_tackled="Long waits. " * 300
    )
    for_the_hub = active(session, name="Secret test", visibility=Visibility.HUB_ONLY)

    told, hidden = referral_mail.passed_on(shown), referral_mail.passed_on(for_the_hub)

    assert list(told) == ["Kind", "How far it has come", "Name", "Offered by", "The problem it tackles", "How it works"]
    assert len(told["The problem it tackles"]) <= referral_mail.MOST_PASSED_ON + 1
    assert told["The problem it tackles"].endswith("…")
    assert hidden == {"Kind": "Product"}
    referral(session, for_the_hub)
    assert "Secret test" not in words(session, "referral_asked_link")
    assert "Example supplier" not in words(session, "referral_asked_link")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"consent_at": None, "consent_by": ""}, "has not consented yet"),
        ({"status": InnovationStatus.ARCHIVED}, "archived cannot be referred"),
        ({"status": InnovationStatus.WITHDRAWN}, "withdrawn cannot be referred"),
        ({"status": InnovationStatus.DRAFT, "consent_at": None, "consent_by": ""}, "draft cannot be referred"),
    ],
)
def test_nothing_is_passed_on_without_consent_or_of_what_is_gone(session, values, why):
    with pytest.raises(ReferralRefused, match=why):
        referral(session, active(session, **values))

    assert mails(session) == []


def test_a_merged_innovation_is_referred_under_the_one_that_stands_for_it(session):
    merged, kept = active(session), active(session)
    merging.merge(session, merged.id, kept.id, actor=staff(session), at=NOW)

    with pytest.raises(ReferralRefused, match="Refer that one") as refused:
        referral(session, merged)

    assert refused.value.details["into"] == str(kept.id)


def test_a_body_is_offered_the_same_once_and_is_asked_no_more_when_out_of_use(session):
    innovation, to = active(session), body(session)
    referral(session, innovation, to)
    with pytest.raises(ReferralRefused, match="has this innovation already"):
        referral(session, innovation, to)

    with pytest.raises(ReferralRefused, match="asked no more"):
        referral(session, innovation, body(session, name="Closed body", active=False))


def test_only_the_hub_refers_and_one_in_triage_leaves_it_by_its_outcome(session):
    to, waiting = body(session), factories.make_innovation(session)
    with pytest.raises(NotAllowed):
        referring.offer(session, active(session).id, to.id, reason="Why.", actor=staff(session, Role.INNOVATOR), at=NOW)

    with pytest.raises(ReferralRefused, match="Give its submission the outcome 'refer'"):
        referring.offer(session, waiting.id, to.id, reason="Why.", actor=staff(session), at=NOW)


def test_the_outcome_refer_offers_it_to_the_body_with_its_submission(session):
    to, officer = body(session), triage.officer(session)
    submission = triage.submission(session, at=NOW)
    choice = Choice(kind=OutcomeKind.REFER, reason=Reason(note="They plan evaluations."), body_id=to.id)
    outcome = concluding.conclude(session, submission.id, choice, actor=officer, at=NOW, undo_window_seconds=600)

    concluding.settle(session, outcome.id, at=LATER, undo_window_seconds=600)

    row = referrals.open_of(session, submission.innovation_id, to.id)
    assert (row.submission_id, row.reason, row.offered_by_name) == (submission.id, "They plan evaluations.", officer.shown_as)
    assert row.offered_by == officer.person_id


def test_the_innovator_is_told_at_each_step(session):
    director = factories.make_person(session, Role.INNOVATOR)
    innovation, to = active(session), body(session)
    row = referring.offer(session, innovation.id, to.id, reason="They plan evaluations.", actor=staff(session), at=NOW)

    answer(session, row, Answered.ACCEPTED, note="Call us.")
    close(session, row, ReferralOutcome.HELPED, at=LATER + timedelta(days=9))

    told = [template for template, address in mails(session) if address == director.email]
    assert told == ["referral_offered", "referral_accepted", "referral_closed"]
    assert "They say: Call us." in words(session, "referral_accepted")
    assert "They have helped." in words(session, "referral_closed")
    assert [step.state for step in row.steps] == ["offered", "accepted", "closed"]
    assert kinds(session, row) == ["referral.accepted", "referral.closed", "referral.offered"]


def test_hub_staff_who_typed_it_in_are_not_told_as_innovators(session):
    officer = factories.make_person(session, Role.HUB)
    innovation = active(session, supplier=None, created_by=f"person:{officer.id}")

    referring.offer(session, innovation.id, body(session).id, reason="Why.", actor=staff(session), at=NOW)

    assert [template for template, _ in mails(session)] == ["referral_asked_link"]


def test_an_answer_stops_the_clock_and_every_link(session):
    row = referral(session)
    secret = token(session)

    answer(session, row, Answered.ACCEPTED)

    assert (row.state, clock_rows.of(session, ClockKind.REFERRAL, row.id).stopped_at) == (ReferralState.ACCEPTED, LATER)
    with pytest.raises(LinkSpent):
        referring.look(session, secret, at=LATER)


def test_what_was_declined_goes_back_to_the_hub_and_is_on_its_list_until_it_is_referred_on(session):
    officer = factories.make_person(session, Role.HUB)
    director = factories.make_person(session, Role.INNOVATOR)
    innovation = active(session)
    row = referral(session, innovation)

    decline(session, row, note="Ask in spring.")

    assert ("referral_declined", director.email) in mails(session)
    assert ("referral_declined_hub", officer.email) in mails(session)
    assert "they have no time for it now" in words(session, "referral_declined")
    waiting = referrals.page(session, SYSTEM, state=ReferralState.DECLINED).rows
    assert [each.id for each in waiting] == [row.id]

    referral(session, innovation, body(session, name="Another"), at=LATER)

    assert (row.state, row.outcome, row.decline_code) == (ReferralState.CLOSED, ReferralOutcome.REFERRED_ON, DeclineCode.NO_CAPACITY)
    assert "referral_closed" not in {template for template, _ in mails(session)}


def test_other_needs_a_note(session):
    row = referral(session)

    with pytest.raises(ReasonMissing, match="needs a note"):
        decline(session, row, DeclineCode.OTHER, note=" ")

    assert row.state is ReferralState.OFFERED


def test_the_first_answer_stands_and_the_second_is_told_who_and_when(session):
    row = referral(session)
    answer(session, row, Answered.ACCEPTED)

    with pytest.raises(ReferralRefused, match="Hub officer set it to accepted at 10:00am on 2 November 2026"):
        decline(session, row)
    close(session, row, ReferralOutcome.HELPED)
    with pytest.raises(ReferralRefused, match="is closed and cannot become closed"):
        close(session, row, ReferralOutcome.HELPED)


def test_what_is_not_there_is_not_answered(session):
    with pytest.raises(NotFound):
        referring.answer(session, uuid4(), Answered.ACCEPTED, actor=staff(session), at=NOW)


def test_a_stale_page_changes_nothing(session):
    row = referral(session)

    with pytest.raises(StaleVersion):
        answer(session, row, Answered.ACCEPTED, version=7)
    with pytest.raises(StaleVersion):
        close(session, row, ReferralOutcome.TAKEN_BACK, version=7)

    assert row.state is ReferralState.OFFERED


def test_the_pipeline_answers_for_the_network_and_nobody_else(session):
    own, other = referral(session), referral(session, to=body(session, name="Funder", kind=BodyKind.FUNDER))
    pipeline = _pipeline(session)

    assert [each.id for each in referrals.page(session, pipeline).rows] == [own.id]
    assert answer(session, own, Answered.ACCEPTED, actor=pipeline).state is ReferralState.ACCEPTED
    with pytest.raises(NotFound):
        answer(session, other, Answered.ACCEPTED, actor=pipeline)


def test_innovators_read_their_own_referrals_and_answer_none(session):
    own, _ = referral(session), referral(session, active(session, supplier="Rival"), body(session, name="Another"))
    innovator = staff(session, Role.INNOVATOR)

    assert [each.id for each in referrals.page(session, innovator).rows] == [own.id]
    with pytest.raises(NotAllowed):
        answer(session, own, Answered.ACCEPTED, actor=innovator)


def test_a_body_answers_by_its_link_once(session):
    row = referral(session)
    secret = token(session)

    referring.answer_by_link(session, secret, Answered.DECLINED, at=LATER, code=DeclineCode.TOO_EARLY)

    assert (row.state, row.steps[-1].by_name, row.steps[-1].code) == (ReferralState.DECLINED, "Regional innovation network", "too_early")
    assert f"body:{row.body_id}" in {event.actor for event in events.of_subject(session, row.innovation_id)}
    with pytest.raises(LinkSpent):
        referring.answer_by_link(session, secret, Answered.ACCEPTED, at=LATER)


def test_the_body_is_reminded_with_a_new_link_and_the_hub_told_when_it_is_overdue(session):
    officer = factories.make_person(session, Role.HUB)
    row = referral(session)

    told = [clocks.chase(session, clock_of(session, row), CHASERS, at=NOW + timedelta(days=day)) for day in (3, 4, 4, 8, 9)]

    assert told == [None, Due.REMINDER, None, Due.OVERDUE, None]
    assert [template for template, _ in mails(session)] == [
        "referral_asked_link",
        "referral_reminder_link",
        "referral_reminder_link",
        "referral_waiting",
        "referral_waiting",
    ]
    assert ("referral_waiting", officer.email) in mails(session)
    assert "has not answered for 6 working days" in words(session, "referral_waiting")
    assert len(links(session)) == 3


def test_a_reminder_tells_nothing_of_what_its_owner_agrees_to_no_more(session):
    row = referral(session, active(session, name="Attention test", visibility=Visibility.PARTNERS))
    row.innovation.consent_by, row.innovation.consent_at = "", None
    session.flush()

    clocks.chase(session, clock_of(session, row), CHASERS, at=NOW + timedelta(days=4))

    assert "Attention test" in words(session, "referral_asked_link")
    assert "Attention test" not in words(session, "referral_reminder_link")
    assert list(referral_mail.passed_on(row.innovation)) == ["Kind"]


def test_nobody_is_chased_about_what_was_answered_or_is_not_there(session):
    row = referral(session)
    answer(session, row, Answered.ACCEPTED)
    clock = clock_rows.of(session, ClockKind.REFERRAL, row.id)

    referral_mail.chase(session, clock, Due.OVERDUE, at=LATER)
    clock.subject_id = row.body_id
    referral_mail.chase(session, clock, Due.OVERDUE, at=LATER)

    assert [template for template, _ in mails(session)] == ["referral_asked_link"]


def test_a_body_without_an_address_is_told_by_the_hub(session):
    officer = factories.make_person(session, Role.HUB)
    row = referral(session, to=body(session, contact_email="", contact_url=""))

    clocks.chase(session, clock_of(session, row), CHASERS, at=NOW + timedelta(days=4))
    close(session, row, ReferralOutcome.TAKEN_BACK)

    assert {address for template, address in mails(session) if template == "referral_waiting"} >= {officer.email}
    assert {template for template, _ in mails(session)} == {"referral_waiting"}
    assert "That was 4 working days ago" in words(session, "referral_waiting")


def test_an_innovation_that_is_withdrawn_is_asked_about_no_more(session):
    innovation = active(session)
    offered, accepted, declined = (referral(session, innovation, body(session, name=name)) for name in ("A", "B", "C"))
    answer(session, accepted, Answered.ACCEPTED)
    decline(session, declined)

    intake.withdraw(session, Side.INNOVATION, innovation.id, actor=staff(session, Role.INNOVATOR), at=LATER)

    assert {each.outcome for each in (offered, accepted, declined)} == {ReferralOutcome.INNOVATION_GONE}
    assert [template for template, _ in mails(session)].count("referral_ended") == 2
    assert "referral_closed" not in {template for template, _ in mails(session)}


def test_one_that_is_handed_in_again_and_archived_is_asked_about_no_more(session):
    submission = triage.submission(session, at=NOW)
    row = referral(session, submission.innovation)
    outcome = concluding.conclude(session, submission.id, triage.ARCHIVE, actor=triage.officer(session), at=NOW, undo_window_seconds=600)

    concluding.settle(session, outcome.id, at=LATER, undo_window_seconds=600)

    assert (row.state, row.outcome) == (ReferralState.CLOSED, ReferralOutcome.INNOVATION_GONE)


def test_bodies_are_kept_by_the_lead_and_every_change_is_an_event(session):
    lead = staff(session, Role.LEAD)
    factories.make_place(session, "LDS")
    said = {"name": "Leeds clinic", "kind": BodyKind.RESEARCH_CENTRE, "geography": Geography.PLACES, "places": ["LDS"]}

    row = supporting.add(session, said | {"contact_email": "Front.Door@Example.org"}, actor=lead, at=NOW)
    supporting.change(session, row.id, {"active": False}, actor=lead, at=LATER, version=1)

    assert (row.contact_email, row.active, row.version, row.updated_at) == ("front.door@example.org", False, 2, LATER)
    assert sorted(event.kind for event in events.of_subject(session, row.id)) == ["body.added", "body.changed"]
    with pytest.raises(StaleVersion):
        supporting.change(session, row.id, {"active": True}, actor=lead, at=LATER, version=1)
    with pytest.raises(NotAllowed):
        supporting.add(session, said, actor=staff(session), at=NOW)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"geography": Geography.PLACES}, BodyIncomplete),
        ({"places": ["XXX"]}, UnknownPlace),
        ({"contact_email": "not an address"}, AddressRefused),
    ],
)
def test_a_body_that_cannot_be_reached_or_found_is_refused(session, said, error):
    lead, whole = staff(session, Role.LEAD), {"name": "A body", "kind": BodyKind.FUNDER}

    with pytest.raises(error):
        supporting.add(session, whole | said, actor=lead, at=NOW)


def clock_of(session, row):
    return clock_rows.of(session, ClockKind.REFERRAL, row.id).id


def _pipeline(session):
    return accounts.actor_of_key(session, factories.make_key(session), at=NOW)
