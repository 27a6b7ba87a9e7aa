"""Reports count what rows and events say; each is a table with a heading for every cell, also as CSV."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from api.services import reporting
from api.services.reporting import Period, PeriodInvalid, ReportName
from api.services.reporting_counts import quarter_of, voices
from api.services.reporting_times import quantile, spells_of
from api.services.tabulating import Report, columns, guarded
from models.actors import ANONYMOUS, NotAllowed
from models.decisions import Decision, ReasonCode, Verdict
from models.events import Event
from models.needs import NeedStatus
from models.organisations import CompanySize, Origin
from models.people import Role
from models.pipeline import PipelineStage, StageChange
from models.proposals import Band, ProposalState
from models.queries.reports import Step
from tests import factories
from tests.factories import NOW

DAY = timedelta(days=1)


@pytest.fixture
def made(database, person):
    """The rows of a report as the board reads it."""
    board = person(Role.BOARD, shown_as="Board member")

    def make(name, first=None, last=None, at=NOW + DAY * 30):
        with database.reading() as session:
            return list(reporting.report(session, ReportName(name), Period(first, last), actor=board, at=at).rows)

    return make


def decide(session, proposal, verdict, at, reason=None, undoes=None, by=None):
    row = Decision(
        verdict=verdict,
        decided_by=by.id,
        decided_by_name=by.name,
        decided_at=at,
        reason_code=reason,
        note="",
        until=at + DAY if verdict is Verdict.DEFERRED else None,
        undoes_id=undoes.id if undoes else None,
    )
    proposal.decisions.append(row)
    session.flush()
    return row


def test_a_report_is_for_the_board_and_the_hub(database, person):
    with database.reading() as session, pytest.raises(NotAllowed):
        reporting.report(session, ReportName.BARRIERS, Period(), actor=ANONYMOUS, at=NOW)


@pytest.mark.parametrize("name", ReportName)
def test_every_report_can_be_made_of_nothing_and_names_every_cell(database, person, name):
    board = person(Role.BOARD, shown_as="Board member")
    with database.reading() as session:
        report = reporting.report(session, name, Period(date(2026, 1, 1), date(2026, 12, 31)), actor=board, at=NOW)

    assert (report.name, report.question[-1]) == (name, "?")
    assert all(list(row) == [column.name for column in report.columns] for row in report.rows)
    lines = list(csv.reader(io.StringIO(report.as_csv())))
    assert lines[0] == [column.heading for column in report.columns]
    assert {len(line) for line in lines} == {len(report.columns)}


def test_the_last_day_of_a_time_is_whole_and_in_london():
    period = Period(date(2026, 7, 1), date(2026, 7, 31))

    assert (period.since, period.until) == (datetime(2026, 6, 30, 23, tzinfo=UTC), datetime(2026, 7, 31, 23, tzinfo=UTC))
    assert (Period().since, Period().until) == (None, None)
    with pytest.raises(PeriodInvalid):
        Period(date(2026, 7, 2), date(2026, 7, 1))


def test_a_cell_that_a_spreadsheet_would_run_is_guarded():
    report = Report(name="a", title="A", question="?", columns=columns(x="X"), rows=[{"x": "=1+1"}, {"x": -1}, {"x": "@a"}, {"x": None}])

    assert report.as_csv().splitlines() == ["X", "'=1+1", "-1", "'@a", '""']


@pytest.mark.parametrize("cell", ["＝1+1", "\u200b=1+1", "  =1+1", "\t=1", "＋1", "－1", "＠a", "\u2060@a"])
def test_a_sign_in_disguise_is_guarded_too(cell):
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Falls = harm", "", "1 - 2", "’s", None, -1, 0.5, True])
def test_what_no_spreadsheet_runs_is_left_as_it_is(cell):
    assert guarded(cell) is cell


def test_all_five_places_are_one_voice():
    assert voices(["WAK", "BDC", "CAL", "LDS", "KIR"]) == ["WY"]
    assert voices(["WAK", "BDC"]) == ["BDC", "WAK"]


@pytest.mark.parametrize(("month", "quarter"), [(1, "2026-Q1"), (3, "2026-Q1"), (4, "2026-Q2"), (12, "2026-Q4")])
def test_a_quarter_is_the_calendar_s(month, quarter):
    assert quarter_of(datetime(2026, month, 15, tzinfo=UTC)) == quarter


def test_a_quantile_is_a_value_that_was_seen():
    assert [quantile([5, 1, 3], share) for share in (0, 0.5, 0.9)] == [1, 3, 5]
    assert quantile([], 0.5) is None


def test_spells_follow_the_states_and_an_event_without_a_new_one_ends_none():
    steps = [Step("need", uuid4(), NOW + DAY * day, status) for day, status in ((0, "draft"), (1, "open"), (2, "open"), (5, "met"))]

    assert list(spells_of(steps)) == [("draft", NOW, NOW + DAY), ("open", NOW + DAY, NOW + DAY * 5), ("met", NOW + DAY * 5, None)]
    assert list(spells_of([])) == []


def test_time_in_state_is_told_of_submissions_needs_and_pairs(database, made):
    with database.transaction() as session:
        need, officer = factories.make_need(session), factories.make_person(session)
        for day, status in ((0, "draft"), (2, "open")):
            session.add(Event.of("need.opened", subject_kind="need", subject_id=need.id, actor="system", at=NOW + DAY * day, status=status))
        proposal = factories.make_proposal(session, need)
        decide(session, proposal, Verdict.REJECTED, NOW + DAY * 4, ReasonCode.NOT_READY, by=officer)
        proposal.state = ProposalState.REJECTED
        factories.make_proposal(session)

    rows = {(row["what"], row["state"]): row for row in made("time-in-state", at=NOW + DAY * 10)}

    assert rows["need", "draft"] == {
        "what": "need",
        "state": "draft",
        "ended": 1,
        "median_days": 2.0,
        "p90_days": 2.0,
        "now": 0,
        "oldest_days": None,
    }
    assert (rows["need", "open"]["now"], rows["need", "open"]["oldest_days"]) == (1, 8.0)
    pairs = rows["proposed match", "undecided"]
    assert (pairs["median_days"], pairs["now"], pairs["oldest_days"]) == (4.0, 1, 10.0)
    later = {(row["what"], row["state"]): row for row in made("time-in-state", first=date(2026, 11, 20), last=date(2026, 11, 30))}
    assert later["need", "draft"]["ended"] == 0


def test_needs_are_told_by_theme_and_place(database, made):
    with database.transaction() as session:
        factories.make_need(session, theme="Falls", places=("LDS", "WAK"))
        factories.make_need(session, theme="Falls", places=("BDC", "CAL", "KIR", "LDS", "WAK"), review_date=date(2026, 11, 3))
        factories.make_need(session, status=NeedStatus.MET)

    rows = {(row["theme"], row["place"]): row for row in made("needs-by-place")}

    assert {key: row["open"] for key, row in rows.items()} == {
        ("Falls", "LDS"): 1,
        ("Falls", "WAK"): 1,
        ("Falls", "WY"): 1,
        ("no theme", "LDS"): 0,
    }
    assert (rows["Falls", "WY"]["stale"], rows["no theme", "LDS"]["met"]) == (1, 1)


def test_barriers_are_counted_by_quarter_and_reason_and_what_was_taken_back_is_not(database, made):
    with database.transaction() as session:
        officer = factories.make_person(session)
        first, second, third = (factories.make_proposal(session) for _ in range(3))
        decide(session, first, Verdict.REJECTED, NOW, ReasonCode.NO_BUDGET, by=officer)
        decide(session, second, Verdict.DEFERRED, NOW, ReasonCode.NO_BUDGET, by=officer)
        wrong = decide(session, third, Verdict.REJECTED, NOW, ReasonCode.SKILLS, by=officer)
        decide(session, third, Verdict.UNDONE, NOW + DAY, undoes=wrong, by=officer)
        place = factories.make_place(session)
        session.add(
            StageChange(
                proposal_id=first.id,
                place_id=place.id,
                stage=PipelineStage.STOPPED,
                on_date=NOW.date(),
                reason_code="no_budget",
                changed_at=NOW + DAY * 70,
                changed_by="system",
            )
        )

    rows = made("barriers")

    assert [(row["quarter"], row["reason"], row["hub"], row["stopped"], row["all"]) for row in rows] == [
        ("2026-Q4", "no_budget", 2, 0, 2),
        ("2027-Q1", "no_budget", 0, 1, 1),
    ]
    assert made("barriers", first=date(2027, 1, 1))[0]["quarter"] == "2027-Q1"


def test_stages_tell_what_was_reached_and_where_matches_stand(database, made):
    with database.transaction() as session:
        proposal, place = factories.make_proposal(session), factories.make_place(session)
        for day, stage in enumerate((PipelineStage.INTRODUCED, PipelineStage.EVALUATING, PipelineStage.PILOTING)):
            session.add(
                StageChange(
                    proposal_id=proposal.id,
                    place_id=place.id,
                    stage=stage,
                    on_date=NOW.date(),
                    reason_code="",
                    changed_at=NOW + DAY * day,
                    changed_by="system",
                )
            )

    leeds = {row["stage"]: (row["reached"], row["standing"]) for row in made("stages-by-place") if row["place"] == "LDS"}

    assert leeds == {"introduced": (1, 0), "evaluating": (1, 0), "piloting": (1, 1), "adopted": (0, 0), "spread": (0, 0), "stopped": (0, 0)}
    first_day = {row["stage"]: row["standing"] for row in made("stages-by-place", last=NOW.date()) if row["place"] == "LDS"}
    assert first_day["introduced"] == 1


def test_exposure_tells_by_place_size_and_origin_who_is_shown_and_accepted(database, made):
    with database.transaction() as session:
        officer = factories.make_person(session)
        local = factories.make_organisation(session, "Local firm", size=CompanySize.UP_TO_5, origin=Origin.WEST_YORKSHIRE)
        accepted, refused, weak = (factories.make_innovation(session, supplier=name) for name in ("Local firm", "Other firm", "Local firm"))
        pair = factories.make_proposal(session, innovation=accepted)
        decide(session, pair, Verdict.CONFIRMED, NOW, by=officer)
        decide(session, factories.make_proposal(session, innovation=refused), Verdict.REJECTED, NOW, ReasonCode.NOT_READY, by=officer)
        factories.make_proposal(session, innovation=weak, band=Band.WEAK)
        assert local.size is CompanySize.UP_TO_5

    rows = {(row["by"], row["group"]): row for row in made("exposure")}

    assert (rows["place of the need", "LDS"]["pairs"], rows["place of the need", "LDS"]["acceptance"]) == (2, 0.5)
    small = rows["company size", "up_to_5"]
    assert (small["handed_in"], small["shown"], small["confirmed"], small["acceptance"]) == (2, 1, 1, 1.0)
    assert small["low"] < 1 == small["high"]
    assert rows["origin", "not known"]["acceptance"] == 0
    assert ("origin", "overseas") not in rows


def test_inequalities_follow_needs_to_what_answers_them(database, made):
    code = "GENERAL_POPULATION"
    with database.transaction() as session:
        from api.services.codes import code_lists

        code = code_lists()["key_health_inequalities"][0]["value"]
        need = factories.make_need(session, key_health_inequalities=[code])
        proposal = factories.make_proposal(session, need)
        decide(session, proposal, Verdict.CONFIRMED, NOW, by=factories.make_person(session))
        session.add(
            StageChange(
                proposal_id=proposal.id,
                place_id=factories.make_place(session).id,
                stage=PipelineStage.ADOPTED,
                on_date=NOW.date(),
                reason_code="",
                changed_at=NOW,
                changed_by="system",
            )
        )

    row = next(row for row in made("inequalities") if row["code"] == code)

    assert (row["needs"], row["innovations"], row["pairs"], row["confirmed"], row["adopted"]) == (1, 0, 1, 1, 1)


def test_the_strategy_s_measures_say_what_is_not_collected(made):
    rows = made("success-measures")

    assert len(rows) == 12
    assert {row["collected"] for row in rows} == {"collected", "in part", "not collected"}
    assert all((row["value"] is None) is (row["collected"] == "not collected") for row in rows)
    assert all(row["note"] for row in rows if row["value"] is None)
