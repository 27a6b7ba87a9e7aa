"""The walk from a text to an announced match, in both modes."""

import pytest

from api.services import deciding, delivering, intake
from models.decisions import Reason, Verdict
from models.documents import Side
from models.queries import documents, events, jobs, proposals
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING, now

pytestmark = pytest.mark.both


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"undo_window_seconds": 0})


def test_the_walk_goes_from_text_to_announced_match(database, said, runner, hub):
    need_id, _ = said(Side.NEED, ADHD_NEED), said(Side.INNOVATION, WOUND_DRESSING)
    fitting = said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()

    with database.transaction() as session:
        (proposal,) = proposals.queue(session, hub, at=now()).rows
        assert (proposal.need_id, proposal.innovation_id) == (need_id, fitting)
        deciding.decide(session, proposal.id, Verdict.CONFIRMED, actor=hub, at=now(), reason=Reason(), undo_window_seconds=0)
    runner.run_due()

    with database.reading() as session:
        feed = delivering.events_after(session, 0, actor=hub, limit=1000)
        assert [event.position for event in feed.events] == list(range(1, events.count(session) + 1))
        assert all(event.hash == event.chain_hash() for event in feed.events)
        assert "match.confirmed" in {event.kind for event in feed.events}
        assert jobs.counts(session) == {}


def test_lists_are_filtered_by_code_place_and_words(database, said, hub):
    said(Side.NEED, ADHD_NEED)
    said(Side.NEED, {**ADHD_NEED, "title": "Falls at home", "problem": "People fall.", "places": ["CAL"], "care_settings": ["SOCIAL_CARE"]})

    with database.reading() as session:

        def titles(text=None, **filters):
            return [row.title for row in documents.page(session, Side.NEED, hub, filters=filters, text=text).rows]

        assert titles(care_settings="SOCIAL_CARE") == titles(place="CAL") == titles("falls HOME") == ["Falls at home"]
        assert titles(care_settings="PHARMACY") == []


def test_what_is_owed_once_is_owed_once(database, said, hub):
    need_id = said(Side.NEED, ADHD_NEED)
    with database.transaction() as session:
        intake.change(session, Side.NEED, need_id, {"problem": "Children wait."}, actor=hub, at=now())

    with database.reading() as session:
        assert jobs.counts(session)["embed"] == {"queued": 1}
