"""What is one counts once in reports: joint needs, merged innovations, and times that have ended; nobody reads titles by a report."""

from datetime import UTC, date, datetime, timedelta

import pytest

from api.services import merging, reporting, reporting_counts
from api.services.codes import code_lists
from api.services.reporting import Period, ReportName
from api.services.reporting_times import spells_of
from models.decisions import Decision, ReasonCode, Verdict
from models.documents import Visibility
from models.events import Event
from models.organisations import CompanySize, Origin
from models.people import Role
from models.pipeline import PipelineStage, StageChange
from models.proposals import ProposalState
from models.queries.reports import BACK, GONE, Step
from tests import factories
from tests.calls import need
from tests.factories import NOW
from tests.joint_needs import joint, owned
from tests.merges import active, staff
from tests.services.test_unmet import ranked

pytestmark = pytest.mark.both
__all__ = ["need"]
DAY = timedelta(days=1)


@pytest.fixture
def made(database, person):
    """A report as somebody reads it, of these days, at a moment."""

    readers = {role: person(role, shown_as=f"Reader {role}") for role in (Role.BOARD, Role.HUB)}

    def make(name, first=None, last=None, at=NOW + DAY * 30, role=Role.BOARD):
        with database.reading() as session:
            return reporting.report(session, ReportName(name), Period(first, last), actor=readers[role], at=at)

    return make


def by(report, *names):
    return {tuple(row[name] for name in names): row for row in report.rows}


def decided(session, proposal, verdict, reason=None):
    officer = factories.make_person(session)
    said = {"decided_by": officer.id, "decided_by_name": officer.name, "decided_at": NOW, "reason_code": reason, "note": ""}
    proposal.decisions.append(Decision(verdict=verdict, **said))
    proposal.state = ProposalState(verdict.value)
    session.flush()
    return proposal


def reached(session, proposal, stage, place="LDS"):
    place_id = factories.make_place(session, place).id
    said = {"on_date": NOW.date(), "reason_code": "", "changed_at": NOW, "changed_by": "system"}
    session.add(StageChange(proposal_id=proposal.id, place_id=place_id, stage=stage, **said))
    session.flush()


def told(session, side, document, kind, day, **data):
    session.add(Event.of(kind, subject_kind=side, subject_id=document.id, actor="system", at=NOW + DAY * day, **data))


def test_the_board_reads_no_title_that_is_for_the_hub_alone(database, made, need):
    ranked(database, need(title="Told to everybody"))
    ranked(database, need(title="For the Hub alone", visibility=Visibility.HUB_ONLY))

    board, hub = made("unmet-needs"), made("unmet-needs", role=Role.HUB)

    assert [row["title"] for row in board.rows] == ["Told to everybody"]
    assert {row["title"] for row in hub.rows} == {"Told to everybody", "For the Hub alone"}
    assert [row["unmet"] for row in made("needs-by-place").rows] == [2]


def test_more_unmet_needs_than_are_read_at_once_are_all_told(database, made, need, monkeypatch):
    monkeypatch.setattr(reporting_counts, "_AT_ONCE", 1)
    for number in range(3):
        ranked(database, need(title=f"Need {number}"))

    assert {row["title"] for row in made("unmet-needs").rows} == {"Need 0", "Need 1", "Need 2"}


def test_an_unmet_joint_need_names_the_places_of_all_members_that_are_read(database, made, need):
    with database.transaction() as session:
        hidden = owned(session, "LDS", visibility=Visibility.HUB_ONLY, created_at=NOW + DAY)
        members = owned(session, "KIR", proposed_revision=1), owned(session, "CAL", created_at=NOW + DAY), hidden
        joint(session, *members)
    ranked(database, members[0].id)

    assert [row["places"] for row in made("unmet-needs").rows] == ["CAL KIR"]
    assert [row["places"] for row in made("unmet-needs", role=Role.HUB).rows] == ["CAL KIR LDS"]
    assert {key: row["unmet"] for key, row in by(made("needs-by-place"), "place").items()} == {("CAL",): 1, ("KIR",): 1, ("LDS",): 1}


def test_what_is_in_a_state_now_is_so_whatever_time_is_asked_for(database, made):
    with database.transaction() as session:
        row = factories.make_need(session)
        told(session, "need", row, "need.created", 0, status="draft")
        told(session, "need", row, "need.opened", 4, status="open")

    rows = by(made("time-in-state", last=date(2026, 11, 3), at=NOW + DAY * 10), "state")

    assert ("draft",) not in rows or (rows[("draft",)]["ended"], rows[("draft",)]["now"]) == (0, 0)
    assert (rows[("open",)]["now"], rows[("open",)]["oldest_days"]) == (1, 6.0)
    ended = by(made("time-in-state", first=date(2026, 11, 6), last=date(2026, 11, 6)), "state")
    assert (ended[("draft",)]["ended"], ended[("draft",)]["median_days"]) == (1, 4.0)


def test_what_was_merged_or_deleted_waits_in_no_state(database, made):
    with database.transaction() as session:
        merged, draft, kept = (active(session) for _ in range(3))
        told(session, "innovation", merged, "innovation.submitted", -5, status="submitted")
        told(session, "innovation", draft, "innovation.created", -9, status="draft")
        told(session, "innovation", draft, "innovation.deleted", -8)
        told(session, "innovation", kept, "innovation.submitted", -2, status="submitted")
        merging.merge(session, merged.id, kept.id, actor=staff(session), at=NOW)

    rows = by(made("time-in-state", at=NOW + DAY), "what", "state")

    waiting, drafts = rows["submission", "submitted"], rows["submission", "draft"]
    assert (waiting["ended"], waiting["median_days"], waiting["now"], waiting["oldest_days"]) == (1, 5.0, 1, 3.0)
    assert (drafts["ended"], drafts["median_days"], drafts["now"]) == (1, 1.0, 0)


def test_what_is_parted_again_is_back_in_its_state_unless_it_was_withdrawn_meanwhile():
    def spells(*statuses):
        steps = [Step("innovation", None, NOW + DAY * day, status) for day, status in enumerate(statuses)]
        return [(status, (begun - NOW).days, ended and (ended - NOW).days) for status, begun, ended in spells_of(steps)]

    assert spells("submitted", GONE, BACK) == [("submitted", 0, 1), (GONE, 1, 2), ("submitted", 2, None)]
    assert spells("submitted", GONE, "withdrawn", BACK)[-1] == ("withdrawn", 2, None)


def test_a_joint_need_s_pairs_count_in_the_place_of_each_member_and_once(database, made):
    code = code_lists()["key_health_inequalities"][0]["value"]
    with database.transaction() as session:
        first, second = owned(session, "LDS"), owned(session, "KIR", key_health_inequalities=[code])
        region = factories.make_need(session, places=tuple(factories.PLACES))
        offer = factories.make_innovation(session)
        decided(session, factories.make_proposal(session, second, offer), Verdict.REJECTED, ReasonCode.NOT_READY)
        answer = decided(session, factories.make_proposal(session, first, offer), Verdict.CONFIRMED)
        reached(session, answer, PipelineStage.ADOPTED)
        joint(session, first, second, region)

    rows = by(made("exposure"), "by", "group")
    named = by(made("inequalities"), "code")[(code,)]

    shown = {group: (row["pairs"], row["confirmed"], row["rejected"]) for (kind, group), row in rows.items() if kind == "place of the need"}
    assert shown == {"KIR": (1, 1, 0), "LDS": (1, 1, 0), "WY": (1, 1, 0)}
    assert rows["company size", "not known"]["pairs"] == 1
    assert (named["needs"], named["pairs"], named["confirmed"], named["adopted"]) == (1, 1, 1, 1)


def test_an_innovation_that_was_merged_counts_with_the_one_that_stands_for_it(database, made):
    code = code_lists()["key_health_inequalities"][0]["value"]
    with database.transaction() as session:
        factories.make_organisation(session, "Local firm", size=CompanySize.UP_TO_5, origin=Origin.WEST_YORKSHIRE)
        said = {"supplier": "Local firm", "key_health_inequalities": [code]}
        merged, kept = active(session, **said), active(session, **said)
        asked = factories.make_need(session, key_health_inequalities=[code])
        for offer in (merged, kept):
            pair = decided(session, factories.make_proposal(session, asked, offer), Verdict.CONFIRMED)
            pair.decisions[0].announced_at = NOW
            reached(session, pair, PipelineStage.ADOPTED)
        merging.merge(session, merged.id, kept.id, actor=staff(session), at=NOW)

    small = by(made("exposure"), "by", "group")["company size", "up_to_5"]
    named = by(made("inequalities"), "code")[(code,)]
    trialled = by(made("success-measures"), "measure")[("Number of locally developed innovations trialled",)]

    assert (small["handed_in"], small["shown"], small["pairs"], small["confirmed"]) == (1, 1, 1, 1)
    assert (named["innovations"], named["pairs"], named["confirmed"], named["adopted"]) == (1, 1, 1, 1)
    assert (trialled["value"], trialled["of"]) == (1, 1)


def test_a_quarter_begins_at_midnight_in_london(database, made):
    with database.transaction() as session:
        officer = factories.make_person(session)
        for at in (datetime(2026, 6, 30, 22, 59, tzinfo=UTC), datetime(2026, 6, 30, 23, 0, tzinfo=UTC)):
            said = {"decided_by": officer.id, "decided_by_name": officer.name, "decided_at": at, "note": ""}
            pair = factories.make_proposal(session)
            pair.decisions.append(Decision(verdict=Verdict.REJECTED, reason_code=ReasonCode.SKILLS, **said))

    assert [(row["quarter"], row["all"]) for row in made("barriers").rows] == [("2026-Q2", 1), ("2026-Q3", 1)]
    assert [row["quarter"] for row in made("barriers", last=date(2026, 6, 30)).rows] == ["2026-Q2"]
