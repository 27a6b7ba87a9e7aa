"""Whoever brings an innovation in is told what was handed in before and may be the same."""

import pytest

from api.services import likening, merging
from api.services.library import RankingUnavailable
from models.documents import Readability, Side, Visibility
from models.innovations import InnovationStatus
from models.people import Role
from models.queries import documents
from tests import factories
from tests.merges import staff
from tests.walk import ADHD_TEST

pytestmark = pytest.mark.both


@pytest.fixture
def by(session):
    return staff(session)


def test_the_owner_is_told_of_their_own_and_never_of_a_rivals(session, libraries):
    ours = staff(session, Role.INNOVATOR)
    before = factories.make_innovation(session, visibility=Visibility.PUBLIC)
    factories.make_innovation(session, supplier="Rival", visibility=Visibility.PUBLIC)
    factories.make_innovation(session, status=InnovationStatus.DRAFT)
    factories.make_innovation(
        session, name="Wound dressing", description="Foam.", problems_tackled="Ulcers heal slowly.", how_it_works="Silver."
    )
    now = factories.make_innovation(session)

    found = merging.seen_before(session, libraries, now, actor=ours)

    assert [(each.innovation.id, each.same_supplier, each.newer) for each in found] == [(before.id, True, (before.id > now.id))]


def test_nothing_is_compared_with_a_text_that_cannot_be_read_or_is_not_ones_own(session, libraries, by):
    ours = staff(session, Role.INNOVATOR)
    factories.make_innovation(session)
    foreign = factories.make_innovation(session, readability=Readability.FOREIGN_LANGUAGE)
    rival = factories.make_innovation(session, supplier="Rival")

    assert merging.seen_before(session, libraries, foreign, actor=ours) == ()
    assert merging.seen_before(session, libraries, rival, actor=ours) == ()
    assert merging.candidates(session, libraries, foreign.id, by) == ()


def test_the_hub_is_told_of_all_that_may_be_the_same(database, libraries, hub, runner, person, said):
    first = said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()
    second = said(Side.INNOVATION, ADHD_TEST | {"name": "Attention test again"})

    with database.reading() as session:
        found = merging.seen_before(session, libraries, documents.find(session, Side.INNOVATION, second), actor=hub)

    assert [each.innovation.id for each in found] == [first]


def test_the_hub_is_told_of_what_the_organisation_handed_in_a_moment_ago(session, libraries, by):
    before = factories.make_innovation(session)

    found = merging.seen_before(session, libraries, factories.make_innovation(session), actor=by)

    assert [each.innovation.id for each in found] == [before.id]


def test_one_of_no_known_organisation_is_compared_by_what_can_be_found(session, libraries, by):
    factories.make_innovation(session, supplier=None)

    assert merging.seen_before(session, libraries, factories.make_innovation(session, supplier=None), actor=by) == []


def test_the_hub_is_told_that_nothing_can_be_compared_now(session, libraries, by, monkeypatch):
    def gone(*_args, **_values):
        raise RankingUnavailable("No encoder.", part="encoder")

    monkeypatch.setattr(likening, "duplicates_of", gone)

    assert merging.seen_before(session, libraries, factories.make_innovation(session), actor=by) is None
