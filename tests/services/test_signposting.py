"""Which bodies may help with an innovation, and why, in plain words and in the same order each time."""

import pytest

from api.services import referring, signposting
from models.actors import NotAllowed
from models.documents import Visibility
from models.innovations import InnovationKind, Stage
from models.people import Role
from models.referrals import (
    Answered,
    DeclineCode,
    EvidenceAsked,
    Geography,
)
from tests import factories
from tests.merges import LATER, active, body, referral, staff

pytestmark = pytest.mark.both


def reasons(session, innovation):
    return {route.body.name: route.reason for route in referring.propose_route(session, innovation)}


def test_a_route_says_in_plain_words_why_a_body_fits(session):
    body(session, kinds=["MEDICINE"], stages=["EVALUATION", "ADOPTION"])
    innovation = active(session, kind=InnovationKind.MEDICINE, stage=Stage.EVALUATION)

    (route,) = referring.propose_route(session, innovation)

    assert route.reason == (
        "Works with the kind medicine; yours is of the kind medicine. "
        "Works with what is being tested or ready to use; yours is being tested. "
        "Serves Yorkshire and the Humber. Helps with: planning an evaluation."
    )
    assert (route.met, route.unknown) == (2, ())


@pytest.mark.parametrize(
    "asked",
    [
        {"kinds": ["MEDICINE"]},
        {"stages": ["DISCOVERY"]},
        {"categories": ["AI"]},
        {"areas": ["PATIENT_SAFETY"]},
        {"evidence": EvidenceAsked.SOME},
        {"geography": Geography.PLACES, "places": ["WAK"]},
        {"active": False},
    ],
)
def test_a_body_of_which_something_is_known_not_to_fit_is_not_proposed(session, asked):
    body(session, **asked)
    innovation = active(session, stage=Stage.ADOPTION, categories=["DIGITAL"], areas=["PREVENTIVE_CARE"])
    innovation.supplier.places = [factories.make_place(session, "LDS")]

    assert referring.propose_route(session, innovation) == []


@pytest.mark.parametrize(
    ("asked", "said", "reason"),
    [
        (
            {"categories": ["AI", "DIGITAL"]},
            {"categories": ["DIGITAL"]},
            "the sort Digital (including apps, platforms, software), as yours is.",
        ),
        (
            {"areas": ["PATIENT_SAFETY"]},
            {"areas": ["PATIENT_SAFETY"]},
            "the area of work Patient safety and quality improvement, as yours is.",
        ),
        ({"evidence": EvidenceAsked.SOME}, {"evidence_summary": "A trial."}, "Asks for some evidence; yours has some."),
        ({"evidence": EvidenceAsked.NONE_YET}, {}, "Helps those that have no evidence yet; yours tells of none."),
        ({"geography": Geography.PLACES, "places": ["LDS"]}, {}, "Works with those based in LDS, as you are."),
        ({"geography": Geography.PLACES, "places": ["LDS"]}, {}, "Serves LDS."),
        ({"geography": Geography.PLACES}, {}, "Serves some places of West Yorkshire."),
        ({}, {}, "Works with innovations of every kind and stage."),
    ],
)
def test_each_criterion_is_told_where_it_fits(session, asked, said, reason):
    row = body(session, **asked)
    innovation = active(session, **said)
    innovation.supplier.places = [factories.make_place(session, "LDS")]

    assert reason in reasons(session, innovation)[row.name]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"stages": ["DISCOVERY"]}, "how far yours has come is not said"),
        ({"categories": ["AI"]}, "the sort of yours is not said"),
        (
            {"geography": Geography.PLACES, "places": ["LDS", "WAK"]},
            "those based in LDS or WAK; where you are based is not said.",
        ),
    ],
)
def test_what_is_not_said_is_no_gap_and_is_told(session, asked, told):
    body(session, **asked)

    (route,) = referring.propose_route(session, active(session, supplier=None))

    assert told in route.unknown[0]
    assert route.unknown[0] in route.reason


def test_routes_are_ordered_by_what_is_known_to_fit_then_by_nearness_then_by_name(session):
    body(session, name="Far", geography=Geography.UNITED_KINGDOM, helps_with="")
    body(session, name="Near B", geography=Geography.WEST_YORKSHIRE)
    body(session, name="Near A", geography=Geography.WEST_YORKSHIRE)
    body(session, name="Unsure", stages=["DISCOVERY"], geography=Geography.WEST_YORKSHIRE)
    body(session, name="Sure", kinds=["PRODUCT"], geography=Geography.UNITED_KINGDOM)

    assert list(reasons(session, active(session))) == ["Sure", "Near A", "Near B", "Far", "Unsure"]


def test_that_no_body_fits_is_an_answer(session):
    assert signposting.in_words(referring.routes_of(session, active(session).id, actor=staff(session))).startswith(
        "No body on our list fits"
    )


def test_how_many_fit_is_told(session):
    innovation = active(session)
    body(session)
    assert signposting.in_words(referring.propose_route(session, innovation)) == "1 body may help."
    body(session, name="Another")

    assert signposting.in_words(referring.propose_route(session, innovation)) == "2 bodies may help."


def test_who_has_it_or_did_not_take_it_is_not_proposed_again(session):
    has, declined, free = (body(session, name=name) for name in ("Has it", "Declined it", "Free"))
    innovation = active(session)
    taken = referral(session, innovation, declined)
    referring.answer(session, taken.id, Answered.DECLINED, code=DeclineCode.NO_CAPACITY, actor=staff(session), at=LATER)
    referral(session, innovation, has)

    assert list(reasons(session, innovation)) == [free.name]


def test_routes_are_for_the_hub_and_who_offers_it(session):
    innovation = active(session, visibility=Visibility.PUBLIC)
    body(session)
    assert len(referring.routes_of(session, innovation.id, actor=staff(session, Role.INNOVATOR))) == 1

    with pytest.raises(NotAllowed):
        referring.routes_of(session, innovation.id, actor=staff(session, Role.PLACE))
