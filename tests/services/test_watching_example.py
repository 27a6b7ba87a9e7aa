"""What a watch would have found: by the same rule as what it will find, as far as its person may read it."""

import pytest

from api.services import intake, watching
from api.services.content import InnovationContent, NeedContent
from models.actors import SYSTEM
from models.documents import Side, Visibility
from models.people import Role
from models.watches import Watched, WatchKind
from tests import factories
from tests.factories import NOW
from tests.triage import actor
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING


@pytest.fixture
def person(session):
    return factories.make_person(session, Role.INNOVATOR)


def example(session, person, *, limit=3, libraries=None, **values):
    watch = factories.make_watch(session, person, **values)
    found = watching.example(session, libraries, watch, actor=actor(person), limit=limit)
    return [(item.title, item.who, item.path.split("/")[1]) for item in found]


def test_of_a_place_and_of_a_theme_what_is_open_now(session, person):
    factories.make_need(session, title="Falls", theme="Ageing well", places=("LDS", "WAK"))
    factories.make_need(session, title="Hidden", theme="Ageing well", visibility=Visibility.HUB_ONLY)
    factories.make_need(session, title="Elsewhere", theme="Cancer", places=("WAK",))

    assert example(session, person) == [("Falls", "Leeds, Wakefield", "needs")]
    assert example(session, person, kind=WatchKind.THEME, value="AGEING  well") == [("Falls", "Leeds, Wakefield", "needs")]
    assert example(session, person, kind=WatchKind.THEME, value="Nothing") == []
    assert len(example(session, person, value="WAK", limit=1)) == 1


def test_innovations_are_shown_to_those_who_may_watch_them(session, person):
    officer = factories.make_person(session, Role.HUB)
    factories.make_proposal(session, factories.make_need(session), factories.make_innovation(session, name="Test"))

    assert example(session, officer, what=Watched.INNOVATIONS) == [("Test", "Example supplier", "innovations")]
    assert example(session, person, what=Watched.INNOVATIONS) == []


def test_of_a_text_what_the_matching_finds_to_fit(database, runner, libraries):
    with database.transaction() as session:
        factories.make_place(session)
        need = NeedContent.model_validate(ADHD_NEED)
        intake.create(session, Side.NEED, need, actor=SYSTEM, at=NOW, submit_too=True)
        for said in (ADHD_TEST, WOUND_DRESSING):
            intake.create(session, Side.INNOVATION, InnovationContent.model_validate(said), actor=SYSTEM, at=NOW, submit_too=True)
    runner.run_due()

    with database.transaction() as session:
        officer = factories.make_person(session, Role.HUB)
        text = {"kind": WatchKind.TEXT, "value": "ADHD assessment of adults", "libraries": libraries}
        assert example(session, officer, **text) == [("ADHD assessment backlog", "Leeds", "needs")]
        offers = example(session, officer, **text | {"value": "Adults wait years for an ADHD assessment"}, what=Watched.INNOVATIONS)
        assert "Wound dressing" not in [title for title, _, _ in offers]
        assert example(session, officer, **text | {"value": "trees and leaves"}) == []
