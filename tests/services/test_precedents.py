"""What a place adopted for a similar need, shown to whoever may read both texts, and to nobody for another need."""

from datetime import date, timedelta

import pytest

from api.services import deciding, precedents
from models.actors import NotAllowed
from models.decisions import Reason, Verdict
from models.documents import Side, Visibility
from models.need_results import NeedResult
from models.needs import Need, NeedStatus
from models.people import Role
from models.pipeline import PipelineStage, StageChange
from models.places import Place
from models.proposals import Proposal
from models.queries.documents import NotFound
from tests.walk import ADHD_NEED, now

BRADFORD = ADHD_NEED | {
    "title": "Years of waiting for an adult ADHD assessment",
    "problem": "Adults who are referred for an ADHD assessment wait for years, because each assessment takes many appointments.",
    "population": "Adults in Bradford waiting for ADHD assessment",
    "places": ["BDC"],
    "visibility": "partners",
}
CHILDREN = BRADFORD | {
    "title": "Years of waiting for a child's ADHD assessment",
    "population": "Children aged under 12 waiting for ADHD assessment",
}
WOUNDS = {
    "title": "Pressure ulcers heal slowly",
    "problem": "Pressure ulcers of people in care homes heal slowly, because dressings are changed too often.",
    "places": ["BDC"],
    "visibility": "partners",
}
DAY = date(2026, 9, 1)


@pytest.fixture
def adopted(database, hub, make_proposal, said):
    """A confirmed match on another need of Leeds's ADHD test, which Bradford took so far; returns the proposal's id."""

    def make(need=BRADFORD, stages=("introduced", "adopted"), **innovation):
        need_id = said(Side.NEED, need)
        proposal_id = make_proposal()
        with database.transaction() as session:
            row = session.get(Proposal, proposal_id)
            row.need_id = need_id
            for name, value in innovation.items():
                setattr(row.innovation, name, value)
        with database.transaction() as session:
            deciding.decide(session, proposal_id, Verdict.CONFIRMED, actor=hub, at=now(), reason=Reason(), undo_window_seconds=600)
            place = session.query(Place).filter(Place.key == "BDC").one()
            for number, stage in enumerate(stages):
                session.add(
                    StageChange(
                        proposal_id=proposal_id,
                        place_id=place.id,
                        stage=PipelineStage(stage),
                        on_date=DAY + timedelta(days=number),
                        reason_code="no_budget" if stage == "stopped" else "",
                        changed_at=now() + timedelta(seconds=number),
                        changed_by=hub.name,
                    )
                )
        return proposal_id

    return make


def found(database, libraries, need_id, actor):
    with database.reading() as session:
        return precedents.of_need(session, libraries, need_id, actor=actor)


@pytest.mark.both
def test_a_similar_need_was_answered_by(database, libraries, said, adopted, person):
    proposal_id = adopted(stages=("introduced", "adopted", "spread"))

    (precedent,) = found(database, libraries, said(Side.NEED, ADHD_NEED), person(Role.PLACE, place="LDS", shown_as="Place lead"))

    assert (precedent.proposal_id, precedent.place.key, precedent.stage) == (proposal_id, "BDC", PipelineStage.SPREAD)
    assert precedent.since == DAY + timedelta(days=1)
    assert precedent.need.title == BRADFORD["title"]
    assert precedent.result is None
    assert precedent.reason.concepts


def test_what_was_reached_is_told_when_that_need_was_met(database, libraries, said, adopted, hub):
    proposal_id = adopted()
    with database.transaction() as session:
        need = session.query(Need).join(Proposal, Proposal.need_id == Need.id).filter(Proposal.id == proposal_id).one()
        need.status = NeedStatus.MET
        session.add(
            NeedResult(
                need_id=need.id, outcome=NeedStatus.MET, text="Half the visits.", on_date=DAY, proposal_id=proposal_id,
                recorded_at=now(), recorded_by=hub.name, recorded_by_name="Hub",
            )
        )  # fmt: skip

    (precedent,) = found(database, libraries, said(Side.NEED, ADHD_NEED), hub)

    assert precedent.result is not None
    assert precedent.result.text == "Half the visits."


def test_a_draft_has_precedents_too(database, libraries, said, adopted, hub):
    adopted()

    assert len(found(database, libraries, said(Side.NEED, ADHD_NEED, submit=False), hub)) == 1


def test_vectors_that_are_stored_are_used(database, libraries, said, adopted, hub, runner):
    adopted()
    runner.run_due()

    assert len(found(database, libraries, said(Side.NEED, ADHD_NEED), hub)) == 1


@pytest.mark.parametrize("other", [WOUNDS, CHILDREN], ids=["another problem", "other people"])
def test_another_need_is_no_precedent(database, libraries, said, adopted, hub, other):
    adopted(other)

    assert found(database, libraries, said(Side.NEED, ADHD_NEED), hub) == []


@pytest.mark.parametrize("stages", [("introduced",), ("introduced", "piloting"), ("introduced", "adopted", "stopped")], ids="-".join)
def test_what_is_not_adopted_or_was_given_up_is_no_precedent(database, libraries, said, adopted, hub, stages):
    adopted(stages=stages)

    assert found(database, libraries, said(Side.NEED, ADHD_NEED), hub) == []


@pytest.mark.parametrize("hidden", ["need", "innovation"])
def test_what_the_asker_may_not_read_is_no_precedent_for_them(database, libraries, said, adopted, hub, person, hidden):
    if hidden == "need":
        adopted(BRADFORD | {"visibility": "hub_only"})
    else:
        adopted(visibility=Visibility.HUB_ONLY)
    need_id = said(Side.NEED, ADHD_NEED)

    assert len(found(database, libraries, need_id, hub)) == 1
    assert found(database, libraries, need_id, person(Role.PLACE, place="LDS", shown_as="Place lead")) == []


def test_an_adopted_match_of_the_need_itself_is_none(database, libraries, adopted, hub):
    proposal_id = adopted()
    with database.reading() as session:
        own = session.get(Proposal, proposal_id).need_id

    assert found(database, libraries, own, hub) == []


def test_who_may_not_read_the_need_or_compare_needs_is_told_nothing(database, libraries, said, person):
    need_id = said(Side.NEED, ADHD_NEED | {"visibility": "hub_only"})
    public = said(Side.NEED, ADHD_NEED | {"visibility": "public"})

    with pytest.raises(NotFound):
        found(database, libraries, need_id, person(Role.PLACE, place="WAK", shown_as="Place lead"))
    with pytest.raises(NotAllowed):
        found(database, libraries, public, person(Role.INNOVATOR, organisation="Small Firm Ltd", shown_as="Innovator"))
