"""The board's figures on a small world that was counted by hand: barriers by who said why not, and the strategy's measures."""

from datetime import date, timedelta

import pytest

from api.services import referring, reporting
from api.services.reporting import Period, ReportName
from models.decisions import ReasonCode
from models.feedback import Answer, Feedback
from models.need_results import NeedResult
from models.needs import NeedStatus
from models.organisations import CompanySize, Origin
from models.people import Role
from models.pipeline import PipelineStage, StageChange
from models.referrals import Answered, DeclineCode
from models.triage import Outcome, OutcomeKind
from models.watches import Watched
from tests import factories, merges
from tests.factories import NOW
from tests.outcomes import make_outcome
from tests.place_answers import NO, announced, questions, say, staff

pytestmark = pytest.mark.both
DAY = timedelta(days=1)
IN_THE_QUARTER = Period(date(2026, 10, 1), date(2026, 12, 31))
THE_NEXT = Period(date(2027, 1, 1), None)
NEXT = NOW + DAY * 60  # 1 January 2027


@pytest.fixture
def made(database, person):
    board = person(Role.BOARD, shown_as="Board member")

    def make(name, period=IN_THE_QUARTER):
        with database.reading() as session:
            return reporting.report(session, ReportName(name), period, actor=board, at=NEXT + DAY * 9).rows

    return make


def outcome_for(session, supplier, kind, at=NOW):
    row = make_outcome(session, kind)
    row.submission.innovation.supplier, row.given_at = supplier, at
    session.flush()
    return row


def undo(session, row):
    said = {"given_by": row.given_by, "given_by_name": row.given_by_name, "given_at": row.given_at + DAY}
    session.add(Outcome(kind=OutcomeKind.UNDONE, undoes_id=row.id, submission_id=row.submission_id, **said))


def stage(session, proposal, reached, at):
    place_id = factories.make_place(session, "LDS").id
    said = {"on_date": at.date(), "reason_code": "", "changed_at": at, "changed_by": "system"}
    session.add(StageChange(proposal_id=proposal.id, place_id=place_id, stage=reached, **said))


def test_a_reason_is_counted_by_who_gave_it_and_not_when_it_was_taken_back(database, made):
    with database.transaction() as session:
        (asked,) = questions(session, announced(session)).values()
        say(session, asked, NO, by=staff(session, Role.PLACE, place="LDS"), code=ReasonCode.NO_CAPACITY)
        hub, offered = staff(session), merges.referral(session)
        referring.answer(session, offered.id, Answered.DECLINED, actor=hub, at=NOW + DAY, code=DeclineCode.NO_CAPACITY)
        other = merges.referral(session, to=merges.body(session, name="Another body"))
        referring.answer(session, other.id, Answered.DECLINED, actor=hub, at=NEXT, code=DeclineCode.TOO_EARLY)
        make_outcome(session)
        undo(session, make_outcome(session))

    found = {(row["quarter"], row["reason"]): row for row in made("barriers", Period())}

    names = ("hub", "archived", "place", "stopped", "referral", "all")
    assert {key: tuple(row[name] for name in names) for key, row in found.items()} == {
        ("2026-Q4", "not_ready"): (0, 1, 0, 0, 0, 1),
        ("2026-Q4", "no_capacity"): (0, 0, 1, 0, 1, 2),
        ("2027-Q1", "too_early"): (0, 0, 0, 0, 1, 1),
    }
    assert [row["reason"] for row in made("barriers", THE_NEXT)] == ["too_early"]


def test_the_strategy_s_measures_are_those_of_the_time(database, made):
    with database.transaction() as session:
        small = factories.make_organisation(session, "Small", size=CompanySize.UP_TO_100, origin=Origin.WEST_YORKSHIRE)
        large = factories.make_organisation(session, "Large", size=CompanySize.MORE, origin=Origin.UK)
        first = outcome_for(session, small, OutcomeKind.ACTIVE)
        outcome_for(session, small, OutcomeKind.REFER)
        outcome_for(session, large, OutcomeKind.ACTIVE)
        outcome_for(session, factories.make_organisation(session, "Unknown"), OutcomeKind.ACTIVE, at=NEXT)
        undo(session, outcome_for(session, factories.make_organisation(session, "Undone"), OutcomeKind.ACTIVE))
        session.add(Feedback(outcome_id=first.id, answer=Answer.YES, comment="", given_at=NOW + DAY))
        met = factories.make_need(session, status=NeedStatus.MET)
        said = {"need_id": met.id, "text": "Half the wait.", "on_date": NOW.date(), "recorded_by": "system", "recorded_by_name": "Hub"}
        session.add(NeedResult(outcome=NeedStatus.MET, recorded_at=NOW, **said))
        factories.make_call(session)
        factories.make_watch(session, created_at=NOW)
        factories.make_watch(session, created_at=NOW, what=Watched.INNOVATIONS)
        factories.make_watch(session, created_at=NEXT)
        local, foreign = (
            factories.make_proposal(session, innovation=factories.make_innovation(session, supplier=each)) for each in ("Small", "Large")
        )
        for proposal in (local, factories.make_proposal(session, innovation=local.innovation), foreign):
            stage(session, proposal, PipelineStage.INTRODUCED, NOW)
            stage(session, proposal, PipelineStage.PILOTING, NOW + DAY)
        stage(session, foreign, PipelineStage.ADOPTED, NEXT)

    def figures(period):
        return [(row["value"], row["of"]) for row in made("success-measures", period) if row["collected"] != "not collected"]

    # feedback, small suppliers supported, calls and watches for needs, local innovations trialled, needs met, barriers
    assert figures(IN_THE_QUARTER) == [(1, 1), (1, 2), (2, None), (1, 2), (1, None), (0, None)]
    assert figures(THE_NEXT) == [(0, 0), (0, 1), (1, None), (0, 1), (0, None), (0, None)]


def test_feedback_stands_beside_the_outcomes_of_its_kind(database, made):
    with database.transaction() as session:
        active, archived = make_outcome(session, OutcomeKind.ACTIVE), make_outcome(session)
        make_outcome(session).given_at = NEXT
        undo(session, make_outcome(session))
        for row, answer in ((active, Answer.YES), (archived, Answer.NO)):
            session.add(Feedback(outcome_id=row.id, answer=answer, comment="", given_at=NOW + DAY))

    names = ("outcome", "outcomes", "answers", "yes", "partly", "no")
    assert [tuple(row[name] for name in names) for row in made("feedback")] == [("active", 1, 1, 1, 0, 0), ("archive", 1, 1, 0, 0, 1)]
    assert [tuple(row[name] for name in names) for row in made("feedback", THE_NEXT)] == [("archive", 1, 0, 0, 0, 0)]
