"""The rules that the rows keep by themselves."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from sqlalchemy.dialects import sqlite

from models.actors import ANONYMOUS, SYSTEM, Actor, NotAllowed
from models.base import UtcDateTime
from models.decisions import NotUndoable, Reason, ReasonCode, ReasonMissing, Verdict
from models.documents import Readability, Side, TransitionRefused, Visibility, searchable_text
from models.events import GENESIS, Event
from models.innovations import Innovation, InnovationStatus, Stage
from models.jobs import MAX_ATTEMPTS, JobRow, JobState
from models.keys import ApiKey
from models.needs import CriterionKind, Need, NeedCriterion, NeedStatus
from models.people import Person, Role, SignInSession
from models.pipeline import PipelineStage, check_step
from models.places import Place, PlaceCode
from models.policies import IMPORT_START, PROPOSAL_DECIDE
from models.proposals import Proposal, ProposalClosed, ProposalState
from models.words import says_something, without_unseen

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ALICE, BOB = uuid4(), uuid4()
WHY_NOT = Reason(code=ReasonCode.ALREADY_IN_USE)


def a_proposal() -> Proposal:
    return Proposal(state=ProposalState.OPEN, version=1, decisions=[], skips=[])


def decided(proposal: Proposal, verdict: Verdict, *, by=ALICE, at=NOW, reason=WHY_NOT):
    decision = proposal.decide(verdict, by=by, by_name="Hub triage officer", at=at, reason=reason)
    decision.id = uuid4()
    return decision


def a_need(**values) -> Need:
    return Need(**{"title": "A need", "status": NeedStatus.DRAFT, "live": True, "readability": Readability.READABLE, **values})


def an_innovation(**values) -> Innovation:
    fields = {"name": "A thing", "status": InnovationStatus.DRAFT, "live": True, "readability": Readability.READABLE, "consent_at": NOW}
    return Innovation(**{**fields, **values})


def test_a_place_knows_the_code_in_force_on_a_day():
    kirklees = Place(
        ods_codes=[
            PlaceCode(ods_code="03A", valid_from=None, valid_to=date(2021, 3, 31)),
            PlaceCode(ods_code="X2C4Y", valid_from=date(2021, 4, 1), valid_to=None),
        ]
    )

    assert [kirklees.ods_code_on(day) for day in (date(2020, 1, 1), date(2026, 1, 1))] == ["03A", "X2C4Y"]
    assert Place(ods_codes=[]).ods_code_on(date(2026, 1, 1)) is None


def test_the_sides_answer_each_other():
    assert (Side.NEED.other, Side.INNOVATION.other) == (Side.INNOVATION, Side.NEED)


def test_text_is_folded_for_the_full_text_filter():
    assert searchable_text("Café, COPD-rehab", None, "  at  home ") == "cafe copd rehab at home"


def test_a_need_opens_and_is_met_but_never_comes_back():
    need = a_need()

    need.move_to(NeedStatus.OPEN, at=NOW)
    assert (need.opened_at, need.searchable) == (NOW, True)
    need.move_to(NeedStatus.MET, at=NOW)

    with pytest.raises(TransitionRefused, match="met cannot become open"):
        need.move_to(NeedStatus.OPEN, at=NOW)
    assert not need.searchable


@pytest.mark.parametrize("values", [{"live": False}, {"readability": Readability.EMPTY}])
def test_a_need_that_is_not_live_or_says_nothing_is_not_searchable(values):
    assert not a_need(status=NeedStatus.OPEN, **values).searchable


def test_an_open_need_past_its_review_date_is_stale():
    need = a_need(status=NeedStatus.OPEN, review_date=date(2026, 6, 19))
    midnight = datetime(2026, 6, 19, 23, tzinfo=UTC)  # in London, in summer

    assert need.is_stale(midnight)
    assert not need.is_stale(midnight - timedelta(minutes=1))
    assert not a_need(status=NeedStatus.OPEN).is_stale(midnight)


def test_a_need_is_shown_by_its_title_and_found_by_its_words():
    need = a_need(title="Falls", problem="People fall at night.", theme="Ageing well")

    need.refresh_search_text()

    assert need.name_shown == "Falls"
    assert need.search_text == "falls people fall at night ageing well"


def test_the_content_of_a_need_is_plain_json():
    need = a_need(criteria=[NeedCriterion(kind=CriterionKind.DTAC, value="")], care_settings=["PRIMARY_CARE"])
    need.areas = need.diseases_conditions_impact = need.key_health_inequalities = []

    content = need.content()

    assert content["criteria"] == [{"kind": "dtac", "value": ""}]
    assert content["codes"]["care_settings"] == ["PRIMARY_CARE"]
    assert content["fields"]["title"] == "A need"


def test_only_some_criteria_take_a_value():
    assert CriterionKind.MINIMUM_STAGE.takes_value
    assert not CriterionKind.DTAC.takes_value


def test_an_innovation_is_submitted_once():
    innovation = an_innovation()

    innovation.move_to(InnovationStatus.SUBMITTED, at=NOW)

    assert (innovation.submitted_at, innovation.searchable) == (NOW, True)
    with pytest.raises(TransitionRefused):
        innovation.move_to(InnovationStatus.SUBMITTED, at=NOW)


def test_without_consent_a_submitted_innovation_is_held():
    held = an_innovation(status=InnovationStatus.SUBMITTED, consent_at=None)

    assert (held.held, held.searchable) == (True, False)
    assert not an_innovation(consent_at=None).held


def test_an_innovation_in_triage_can_be_archived_and_then_only_withdrawn():
    innovation = an_innovation(status=InnovationStatus.IN_TRIAGE)

    innovation.move_to(InnovationStatus.ARCHIVED, at=NOW)

    assert not innovation.searchable
    with pytest.raises(TransitionRefused):
        innovation.move_to(InnovationStatus.ACTIVE, at=NOW)


def test_the_content_of_an_innovation_holds_its_facts():
    innovation = an_innovation(
        stage=Stage.ADOPTION,
        standards=[{"type": "DTAC", "has_met": "YES"}],
        evidences=[{"submit_type": "REAL_WORLD"}],
        integrates_with=["SystmOne"],
        requires_smartphone=False,
        supplier=None,
    )
    for name in Innovation.FACETS:
        setattr(innovation, name, [])

    facts = innovation.content()["facts"]

    assert facts["stage"] == "ADOPTION"
    assert facts["standards"] == {"DTAC": "YES"}
    assert facts["evidence_types"] == ["REAL_WORLD"]
    innovation.refresh_search_text()
    assert innovation.search_text == "a thing"
    assert innovation.name_shown == "A thing"


def test_the_first_decision_stands_and_names_who_made_it():
    proposal = a_proposal()
    decided(proposal, Verdict.REJECTED)

    with pytest.raises(ProposalClosed, match="Hub triage officer rejected this proposal at 9:30am on 20 November 2026") as refusal:
        decided(proposal, Verdict.CONFIRMED, by=BOB)

    assert refusal.value.details["verdict"] == "rejected"


def test_a_superseded_proposal_takes_no_decision():
    proposal = a_proposal()
    proposal.state = ProposalState.SUPERSEDED

    with pytest.raises(ProposalClosed, match="replaced"):
        decided(proposal, Verdict.CONFIRMED)


def test_a_deferred_proposal_can_be_decided_later():
    proposal = a_proposal()
    until = NOW + timedelta(days=30)
    decided(proposal, Verdict.DEFERRED, reason=Reason(code=ReasonCode.NO_BUDGET, until=until))
    assert (proposal.state, proposal.deferred_until) == (ProposalState.DEFERRED, until)

    decided(proposal, Verdict.CONFIRMED, by=BOB)

    assert (proposal.state, proposal.deferred_until) == (ProposalState.CONFIRMED, None)


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (Verdict.REJECTED, Reason()),
        (Verdict.DEFERRED, Reason(until=NOW + timedelta(days=1))),
        (Verdict.DEFERRED, Reason(code=ReasonCode.SKILLS)),
        (Verdict.DEFERRED, Reason(code=ReasonCode.SKILLS, until=NOW)),
    ],
)
def test_a_verdict_without_its_reason_is_refused(verdict, reason):
    with pytest.raises(ReasonMissing):
        decided(a_proposal(), verdict, reason=reason)


def test_the_reason_other_needs_words():
    with pytest.raises(ReasonMissing):
        Reason(code=ReasonCode.OTHER, note="  ")


def test_who_decided_may_undo_within_the_window():
    proposal = a_proposal()
    decision = decided(proposal, Verdict.CONFIRMED)

    undone = proposal.undo(by=ALICE, by_name="Hub triage officer", at=NOW + timedelta(minutes=9), window_seconds=600)

    assert (undone.verdict, undone.undoes_id) == (Verdict.UNDONE, decision.id)
    assert (proposal.state, proposal.closing_decision) == (ProposalState.OPEN, None)


@pytest.mark.parametrize(
    ("by", "minutes", "message"), [(BOB, 1, "Only Hub triage officer"), (ALICE, 10, "time to undo ended 10 minutes after")]
)
def test_nobody_else_and_not_later(by, minutes, message):
    proposal = a_proposal()
    decided(proposal, Verdict.CONFIRMED)

    with pytest.raises(NotUndoable, match=message):
        proposal.undo(by=by, by_name="Somebody", at=NOW + timedelta(minutes=minutes), window_seconds=600)


def test_there_may_be_nothing_to_undo():
    with pytest.raises(NotUndoable, match="no decision"):
        a_proposal().undo(by=ALICE, by_name="Hub triage officer", at=NOW, window_seconds=600)


def test_skipping_twice_is_skipping_once_and_hides_from_nobody_else():
    proposal = a_proposal()

    first, again, other = (proposal.skip(by=who, at=NOW) for who in (ALICE, ALICE, BOB))

    assert first is again
    assert other is not first
    assert proposal.state is ProposalState.OPEN


@pytest.mark.parametrize(
    ("current", "following"),
    [
        (None, PipelineStage.INTRODUCED),
        (PipelineStage.INTRODUCED, PipelineStage.PILOTING),
        (PipelineStage.PILOTING, PipelineStage.STOPPED),
    ],
)
def test_a_match_goes_forward_or_stops(current, following):
    check_step(current, following)


@pytest.mark.parametrize(
    ("current", "following"),
    [
        (None, PipelineStage.ADOPTED),
        (PipelineStage.STOPPED, PipelineStage.ADOPTED),
        (PipelineStage.ADOPTED, PipelineStage.PILOTING),
        (PipelineStage.ADOPTED, PipelineStage.ADOPTED),
    ],
)
def test_a_match_does_not_skip_its_introduction_or_go_back(current, following):
    with pytest.raises(TransitionRefused):
        check_step(current, following)


def test_an_event_is_sealed_into_the_chain_and_an_altered_one_is_noticed():
    event = Event.of("need.opened", subject_kind="need", subject_id=uuid4(), actor="system", at=NOW, revision=1)
    event.correlation_id = ""

    sealed = event.seal(position=1, previous_hash=GENESIS)

    assert (event.hash, event.position, event.previous_hash) == (sealed, 1, GENESIS)
    event.data = {"revision": 2}
    assert event.chain_hash() != sealed


def test_a_job_is_tried_five_times_and_then_waits_for_a_person():
    job = JobRow(name="embed", attempts=0, state=JobState.QUEUED)

    for _ in range(MAX_ATTEMPTS):
        job.start(at=NOW, lease_seconds=60)
        assert job.leased_until == NOW + timedelta(seconds=60)
        job.fail("OSError: no", at=NOW)

    assert (job.state, job.attempts, job.finished_at, job.last_error) == (JobState.DEAD, 5, NOW, "OSError: no")


def test_a_job_that_waits_for_something_else_has_not_failed():
    job = JobRow(name="embed", attempts=0, state=JobState.QUEUED)
    job.start(at=NOW, lease_seconds=60)

    job.put_back("no encoder", due_at=NOW + timedelta(seconds=15))

    assert (job.state, job.attempts, job.due_at) == (JobState.QUEUED, 0, NOW + timedelta(seconds=15))


def test_a_key_ends_when_revoked_or_expired():
    assert ApiKey(revoked_at=None, expires_at=None).in_force(NOW)
    assert not ApiKey(revoked_at=NOW, expires_at=None).in_force(NOW)
    assert not ApiKey(revoked_at=None, expires_at=NOW).in_force(NOW)


def test_a_sign_in_ends_with_its_time_or_its_person():
    def in_force(*, active=True, used_at=NOW, at=NOW):
        row = SignInSession(token_hash="a", person=Person(active=active), last_seen_at=used_at, expires_at=NOW + timedelta(hours=1))
        return row.in_force("a", at=at, idle=timedelta(hours=2))

    assert in_force()
    assert not in_force(at=NOW + timedelta(hours=1))
    assert not in_force(used_at=NOW - timedelta(hours=2))
    assert not in_force(active=False)


def test_a_lead_may_what_hub_staff_may():
    lead = Actor(name="person:1", shown_as="Hub lead", roles=frozenset({Role.LEAD}))

    PROPOSAL_DECIDE.check(lead)
    assert (lead.is_hub, lead.is_lead, lead.is_partner, lead.is_anonymous) == (True, True, True, False)
    assert SYSTEM.is_hub


def test_nobody_may_little():
    assert (ANONYMOUS.is_anonymous, ANONYMOUS.is_partner, ANONYMOUS.is_lead) == (True, False, False)
    with pytest.raises(NotAllowed, match="no role yet"):
        IMPORT_START.check(ANONYMOUS)


def test_a_time_without_a_zone_is_refused_and_every_time_comes_back_in_utc():
    column, dialect = UtcDateTime(), sqlite.dialect()

    with pytest.raises(ValueError, match="zone"):
        column.process_bind_param(NOW.replace(tzinfo=None), dialect)
    assert column.process_bind_param(None, dialect) is None
    assert column.process_result_value(None, dialect) is None
    assert column.process_result_value(NOW.replace(tzinfo=None), dialect) == NOW
    assert column.process_result_value(NOW.astimezone(timezone(timedelta(hours=2))), dialect) == NOW


@pytest.mark.parametrize(
    "moment",
    [
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime(1900, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        datetime(2200, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-1))),
    ],
)
def test_a_time_beyond_our_years_is_refused_as_it_would_be_stored(moment):
    with pytest.raises(ValueError, match="the years 1900 to 2200"):
        UtcDateTime().process_bind_param(moment, sqlite.dialect())


def test_the_first_and_the_last_moment_of_our_years_are_stored():
    for moment in (datetime(1900, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=timezone(timedelta(hours=1)))):
        assert UtcDateTime().process_bind_param(moment, sqlite.dialect()) == moment


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "\u3164", "\u2800\ufe0f", "\U000e0041"])
def test_blanks_and_fillers_say_nothing(text):
    assert not says_something(text)
    assert says_something(f"{text}a")
    assert without_unseen(f"a{text}b").replace(" ", "").replace("\n", "") == "ab"


@pytest.mark.parametrize("note", ["", " ", "\u200b", "\u3164"])
def test_the_reason_other_needs_a_note_that_can_be_read(note):
    with pytest.raises(ReasonMissing):
        Reason(code=ReasonCode.OTHER, note=note)


def test_visibility_has_three_circles():
    assert [each.value for each in Visibility] == ["public", "partners", "hub_only"]
