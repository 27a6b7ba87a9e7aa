"""Stages of matches place by place, and what they say of an innovation elsewhere."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api.services import accounts, intake, stages
from api.services.stages import PlaceNotConcerned, StageDateRefused, Step
from models.actors import SYSTEM, NotAllowed
from models.decisions import Reason, ReasonCode, ReasonMissing
from models.documents import Side, TransitionRefused, Visibility
from models.people import Role
from models.pipeline import PipelineStage
from models.queries import events, proposals
from models.queries import stages as rows
from models.queries.documents import NotFound
from models.working_days import day_of
from tests import factories
from tests.factories import NOW
from tests.place_answers import AFTER, ANNOUNCED, announced, confirm, introduced, staff

pytestmark = pytest.mark.both

LATER = ANNOUNCED + timedelta(days=30)
INTRODUCED, EVALUATING, PILOTING, ADOPTED, STOPPED = (
    PipelineStage.INTRODUCED,
    PipelineStage.EVALUATING,
    PipelineStage.PILOTING,
    PipelineStage.ADOPTED,
    PipelineStage.STOPPED,
)


def go(session, proposal, stage, *, place="LDS", by=None, at=LATER, **said):
    return stages.change(session, proposal.id, Step(place, stage, **said), actor=by or staff(session), at=at)


def pilot(session, innovation, place):
    proposal = announced(session, factories.make_need(session, places=(place,)), innovation)
    go(session, proposal, INTRODUCED, place=place)
    go(session, proposal, PILOTING, place=place)
    return proposal


def pipeline(session):
    return accounts.actor_of_key(session, factories.make_key(session), at=NOW)


def test_a_match_goes_forward_step_by_step_by_place_hub_and_pipeline(session):
    proposal = announced(session)
    introduced(session, proposal)
    leeds = staff(session, Role.PLACE, name="Place lead of Leeds")

    go(session, proposal, EVALUATING, by=leeds, note="Two clinics.", evidence_link="https://example.org/plan")
    go(session, proposal, PILOTING, by=pipeline(session))
    go(session, proposal, ADOPTED)

    history = rows.history(session, proposal.id, SYSTEM)
    assert [row.stage for row in history] == [INTRODUCED, EVALUATING, PILOTING, ADOPTED]
    assert (history[1].changed_by, history[1].changed_by_name, history[1].note) == (leeds.name, "Place lead of Leeds", "Two clinics.")
    assert [row.on_date for row in history] == [day_of(ANNOUNCED + AFTER), *[day_of(LATER)] * 3]


def test_every_step_is_an_event_that_tells_both_stages(session):
    proposal = announced(session)
    go(session, proposal, INTRODUCED)
    go(session, proposal, STOPPED, reason=Reason(code=ReasonCode.NO_BUDGET))

    event = next(each for each in events.of_subject(session, proposal.id) if each.data.get("stage") == "stopped")

    assert (event.kind, event.data["place"], event.data["before"], event.data["reason"]) == (
        "stage.changed",
        "LDS",
        "introduced",
        "no_budget",
    )
    assert event.data["decision"] == str(proposal.closing_decision.id)


@pytest.mark.parametrize(
    ("steps", "wanted", "told"),
    [
        ((), PILOTING, "not introduced"),
        ((INTRODUCED, PILOTING), EVALUATING, "piloting cannot go back to evaluating"),
        ((INTRODUCED, PILOTING), PILOTING, "piloting already"),
    ],
)
def test_a_step_that_does_not_follow_is_refused_and_both_stages_told(session, steps, wanted, told):
    proposal = announced(session)
    for step in steps:
        go(session, proposal, step)

    with pytest.raises(TransitionRefused, match=told) as refused:
        go(session, proposal, wanted)

    assert refused.value.details == {"stage": steps[-1] if steps else None, "wanted": wanted}


@pytest.mark.parametrize("role", [Role.PLACE, Role.HUB])
def test_nobody_says_how_far_what_their_own_firm_offers_has_come(session, role):
    proposal = announced(session)
    own = staff(session, role)
    own = replace(own, organisation_ids=frozenset({proposal.innovation.supplier_id}))

    with pytest.raises(NotAllowed, match="Your own organisation offers this"):
        go(session, proposal, INTRODUCED, by=own)


def test_what_was_stopped_stays_stopped(session):
    proposal = announced(session)
    go(session, proposal, INTRODUCED)
    go(session, proposal, STOPPED, reason=Reason(code=ReasonCode.OTHER, note="The team was dissolved."))

    with pytest.raises(TransitionRefused, match="stopped cannot become evaluating"):
        go(session, proposal, EVALUATING)


@pytest.mark.parametrize(("stage", "reason"), [(STOPPED, Reason()), (EVALUATING, Reason(code=ReasonCode.SKILLS))])
def test_stopping_and_only_stopping_has_a_reason(session, stage, reason):
    proposal = announced(session)
    go(session, proposal, INTRODUCED)

    with pytest.raises(ReasonMissing, match="Stopping needs a reason"):
        go(session, proposal, stage, reason=reason)


def test_a_step_is_on_no_day_to_come_and_on_none_before_the_last(session):
    proposal = announced(session)
    go(session, proposal, INTRODUCED, on_date=day_of(LATER))

    with pytest.raises(StageDateRefused, match="still to come"):
        go(session, proposal, EVALUATING, on_date=day_of(LATER) + timedelta(days=1))
    with pytest.raises(StageDateRefused, match="introduced on 02 December 2026"):
        go(session, proposal, EVALUATING, on_date=day_of(LATER) - timedelta(days=1))


def test_a_place_speaks_for_itself_and_only_of_its_own_needs(session):
    proposal = announced(session)

    with pytest.raises(NotAllowed, match="your own place"):
        go(session, proposal, INTRODUCED, place="WAK", by=staff(session, Role.PLACE))
    factories.make_place(session, "WAK")
    with pytest.raises(PlaceNotConcerned, match="no need of Wakefield"):
        go(session, proposal, INTRODUCED, place="WAK")
    with pytest.raises(NotFound):
        go(session, proposal, INTRODUCED, place="WAK", by=staff(session, Role.PLACE, place="WAK"))
    with pytest.raises(NotAllowed):
        go(session, proposal, INTRODUCED, by=staff(session, Role.BOARD))


def test_a_match_has_no_stages_before_it_is_announced_or_after_it_was_reversed(session):
    proposal = factories.make_proposal(session)
    confirm(session, proposal)

    with pytest.raises(TransitionRefused, match="confirmed and announced"):
        go(session, proposal, INTRODUCED)
    with pytest.raises(NotFound):
        go(session, proposal, INTRODUCED, by=pipeline(session))

    other = announced(session)
    intake.withdraw(session, Side.NEED, other.need_id, actor=staff(session), at=ANNOUNCED)
    with pytest.raises(TransitionRefused, match="superseded"):
        go(session, other, INTRODUCED)


def test_two_steps_of_one_moment_keep_their_order(session):
    proposal = announced(session)

    for stage in (INTRODUCED, EVALUATING, PILOTING):
        go(session, proposal, stage)

    assert rows.last(session, proposal.id, factories.make_place(session).id).stage is PILOTING


def test_what_stands_already_is_not_introduced_again(session):
    proposal = announced(session)
    go(session, proposal, INTRODUCED, at=ANNOUNCED)

    row = introduced(session, proposal)

    assert row.introduced_at is not None
    assert len(rows.history(session, proposal.id, SYSTEM)) == 1


def test_a_place_reads_its_own_steps_and_the_pipeline_all(session):
    proposal = announced(session, factories.make_need(session, places=("LDS", "WAK")))
    go(session, proposal, INTRODUCED)
    go(session, proposal, INTRODUCED, place="WAK")

    assert [row.place.key for row in rows.history(session, proposal.id, staff(session, Role.PLACE))] == ["LDS"]
    assert len(rows.history(session, proposal.id, pipeline(session))) == 2


def test_an_innovation_that_was_piloted_is_said_to_be_elsewhere_and_not_at_home(session):
    innovation = factories.make_innovation(session)
    pilot(session, innovation, "LDS")
    leeds, wakefield = staff(session, Role.PLACE), staff(session, Role.PLACE, place="WAK")

    here, there = (stages.uptake(session, innovation.id, actor=each) for each in (leeds, wakefield))

    assert [(each.place.key, each.stage) for each in here.places] == [("LDS", PILOTING)]
    assert (here.signs.piloted_elsewhere, there.signs.piloted_elsewhere, there.places) == (False, True, [])


def test_a_third_pilot_without_adoption_is_told_until_somebody_adopts_it(session):
    innovation = factories.make_innovation(session)
    made = [pilot(session, innovation, place) for place in ("LDS", "WAK", "KIR")]
    hub = staff(session)
    go(session, made[0], STOPPED, reason=Reason(code=ReasonCode.POOR_VALUE))

    before = stages.uptake(session, innovation.id, actor=hub).signs
    go(session, made[1], ADOPTED, place="WAK")
    after = stages.uptake(session, innovation.id, actor=hub).signs

    assert (before.pilots, before.third_pilot_no_adoption, after.adoptions, after.third_pilot_no_adoption) == (3, True, 1, False)


def test_two_pilots_are_no_third(session):
    innovation = factories.make_innovation(session)
    for place in ("LDS", "WAK"):
        pilot(session, innovation, place)

    assert not stages.uptake(session, innovation.id, actor=staff(session)).signs.third_pilot_no_adoption


def test_an_innovator_reads_how_far_their_own_has_come_and_no_rivals(session):
    own = factories.make_innovation(session)
    rivals = factories.make_innovation(session, supplier="Rival", visibility=Visibility.PUBLIC)
    for innovation in (own, rivals):
        pilot(session, innovation, "LDS")
    innovator = staff(session, Role.INNOVATOR)

    found = stages.uptake(session, own.id, actor=innovator)

    assert [(each.place.key, each.stage, each.since) for each in found.places] == [("LDS", PILOTING, day_of(LATER))]
    with pytest.raises(NotFound):
        stages.uptake(session, rivals.id, actor=innovator)


@pytest.mark.parametrize("role", [Role.BOARD, Role.HUB])
def test_the_board_and_the_hub_read_every_place(session, role):
    innovation = factories.make_innovation(session)
    for place in ("LDS", "WAK"):
        pilot(session, innovation, place)

    assert [each.place.key for each in stages.uptake(session, innovation.id, actor=staff(session, role)).places] == ["LDS", "WAK"]


def test_beside_a_match_elsewhere_is_not_in_the_places_of_its_need(session):
    innovation = factories.make_innovation(session)
    first = pilot(session, innovation, "LDS")
    second = factories.make_proposal(session, factories.make_need(session, places=("WAK",)), innovation)

    told = stages.signs_of(session, [proposals.get(session, each.id, SYSTEM) for each in (first, second)], actor=staff(session))
    at_home = stages.signs_of(session, [first], actor=staff(session, Role.PLACE))

    assert (told[first.id].piloted_elsewhere, told[second.id].piloted_elsewhere) == (False, True)
    assert not at_home[first.id].piloted_elsewhere


def test_a_pilot_counts_for_the_innovation_into_which_the_piloted_one_was_merged_and_each_organisation_reads_its_own(session):
    part, kept = factories.make_innovation(session, supplier="Another supplier"), factories.make_innovation(session)
    pilot(session, part, "WAK")
    pilot(session, kept, "LDS")
    proposal = factories.make_proposal(session, factories.make_need(session, places=("KIR",)), kept)
    part.merged_into_id = kept.id
    session.flush()

    told = stages.signs_of(session, [proposal], actor=staff(session))[proposal.id]
    by_either = [stages.uptake(session, each.id, actor=staff(session)) for each in (part, kept)]
    of_own = stages.uptake(session, kept.id, actor=staff(session, Role.INNOVATOR))

    assert (told.pilots, told.piloted_elsewhere) == (2, True)
    assert [[each.place.key for each in found.places] for found in by_either] == [["LDS", "WAK"]] * 2
    assert ([each.place.key for each in of_own.places], of_own.signs.pilots) == (["LDS"], 2)
