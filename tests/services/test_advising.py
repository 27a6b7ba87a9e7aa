"""Advice on a need that is written and on a stored one, and whose products are known by name."""

import pytest

from api.services import accounts, advising, intake
from api.services.advising import AdviceKind
from api.services.content import NeedContent
from models.actors import ANONYMOUS, NotAllowed
from models.documents import Side
from models.people import Role
from models.queries.documents import NotFound
from tests import factories
from tests.walk import ADHD_NEED, ADHD_TEST, now

pytestmark = pytest.mark.both

HIDDEN_PRODUCT = {**ADHD_TEST, "name": "Zephyra Mind"}
THIN = {"title": "Long waits", "problem": "People wait for years because we have no Zephyra Mind here.", "places": ["LDS"]}


@pytest.fixture
def team(database):
    def make(key):
        with database.transaction() as session:
            return accounts.actor_of_person(factories.make_person(session, Role.PLACE, place=key))

    return make


def told(database, content, actor):
    with database.reading() as session:
        return advising.of_text(session, NeedContent.model_validate(content), actor=actor)


def test_a_need_that_says_all_gets_no_advice(database, said, team):
    assert told(database, {**ADHD_NEED, "metric": "Weeks from referral to decision"}, team("LDS")) == ()


def test_a_thin_need_is_told_what_is_missing_and_nothing_is_refused(database, team):
    found = told(database, {"title": "Falls", "places": ["LDS"]}, team("LDS"))

    assert [(each.kind, each.field) for each in found] == [
        (AdviceKind.NO_POPULATION, "population"),
        (AdviceKind.NO_OUTCOME, "desired_outcome"),
        (AdviceKind.NO_METRIC, "metric"),
    ]


def test_an_innovation_is_known_as_a_product_to_those_who_may_read_it(database, said, team, hub):
    place = team("LDS")
    innovation_id = said(Side.INNOVATION, HIDDEN_PRODUCT, actor=hub, submit=False)  # a draft, which no place reads

    before, of_hub = told(database, THIN, place), told(database, THIN, hub)
    with database.transaction() as session:
        intake.submit(session, Side.INNOVATION, innovation_id, actor=hub, at=now())
    after = told(database, THIN, place)

    assert AdviceKind.PRODUCT_NAMED not in {each.kind for each in before}
    assert of_hub[0].quote.text == "Zephyra Mind"
    assert after == of_hub


def test_advice_on_a_stored_need_is_for_those_who_may_change_it(database, said, team):
    leeds, wakefield = team("LDS"), team("WAK")
    need_id = said(Side.NEED, {**ADHD_NEED, "metric": ""}, actor=leeds)

    with database.reading() as session:
        found = advising.of_need(session, need_id, actor=leeds)
        with pytest.raises(NotAllowed):
            advising.of_need(session, need_id, actor=wakefield)
        with pytest.raises(NotAllowed):
            advising.of_text(session, NeedContent.model_validate(ADHD_NEED), actor=ANONYMOUS)

    assert found == told(database, {**ADHD_NEED, "metric": ""}, leeds)


def test_a_draft_of_others_is_not_there(database, said, team):
    need_id = said(Side.NEED, ADHD_NEED, actor=team("LDS"), submit=False)

    with database.reading() as session, pytest.raises(NotFound):
        advising.of_need(session, need_id, actor=team("WAK"))
