from datetime import timedelta

import pytest

from api.services import joining
from models.actors import SYSTEM
from models.decisions import Decision, Verdict
from models.documents import Side, Visibility
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.people import Role
from models.proposals import Band, ProposalState
from models.queries import documents, unmet
from models.runs import RankingRun
from tests import factories
from tests.calls import AT, need, somebody

pytestmark = pytest.mark.both
__all__ = ["need", "somebody"]
LATER = AT + timedelta(days=3)


def ranked(database, need_id, *, at=AT, candidates=7, ranker_hash="0" * 64):
    """As if a job had ranked the need and found nothing."""
    with database.transaction() as session:
        row = documents.find(session, Side.NEED, need_id)
        row.proposed_revision = row.revision
        run = {"query_side": Side.NEED, "need_id": need_id, "query_revision": row.revision, "ranker": "test", "ranker_hash": ranker_hash}
        run |= {"encoder_id": "test", "event_position": 0, "candidate_count": candidates, "best_probability": None}
        session.add(RankingRun(**run, nothing_fits=True, created_at=at))
    return need_id


def proposed(database, need_id, *, rejected_at=None, innovation=None, **values):
    with database.transaction() as session:
        offer = factories.make_innovation(session, **innovation or {})
        row = factories.make_proposal(session, documents.find(session, Side.NEED, need_id), offer, **values)
        row.run.need_id, row.run.innovation_id, row.run.query_side = None, offer.id, Side.INNOVATION
        if rejected_at is not None:
            row.state = ProposalState.REJECTED
            person = factories.make_person(session)
            said = {"decided_by": person.id, "decided_by_name": person.name, "decided_at": rejected_at, "reason_code": "no_budget"}
            row.decisions.append(Decision(verdict=Verdict.REJECTED, note="", **said))
        return row


def listed(database, actor=SYSTEM, **wanted):
    with database.reading() as session:
        return [row.id for row in unmet.page(session, actor, **wanted).rows]


def search_of(database, need_id):
    with database.reading() as session:
        return unmet.searched(session, [documents.find(session, Side.NEED, need_id)])[need_id]


def test_a_need_is_unmet_when_it_was_ranked_and_nothing_is_left_that_may_answer_it(database, need):
    nothing, turned_down, gone = (ranked(database, need()) for _ in range(3))
    proposed(database, turned_down, rejected_at=LATER)
    proposed(database, gone, innovation={"status": InnovationStatus.ARCHIVED})
    for state in (ProposalState.OPEN, ProposalState.DEFERRED, ProposalState.CONFIRMED):
        proposed(database, ranked(database, need()), state=state, deferred_until=LATER if state is ProposalState.DEFERRED else None)
    need(proposed_revision=None)  # not ranked yet, so that nobody knows
    ranked(database, need(status=NeedStatus.MET))

    assert set(listed(database)) == {nothing, turned_down, gone}


def test_who_lists_unmet_needs_sees_those_that_they_may_read(database, need, somebody):
    public, leeds, wakefield = (
        ranked(database, need(**values))
        for values in ({}, {"visibility": Visibility.HUB_ONLY}, {"visibility": Visibility.HUB_ONLY, "places": ("WAK",)})
    )

    assert set(listed(database, somebody(Role.HUB))) == {public, leeds, wakefield}
    assert set(listed(database, somebody(Role.PLACE, place="LDS"))) == {public, leeds}
    assert set(listed(database, somebody(Role.BOARD))) == {public}


def test_unmet_needs_are_filtered_and_paged_oldest_first(database, need):
    ids = [ranked(database, need(created_at=AT + timedelta(hours=number), theme="Frailty")) for number in range(3)]
    ranked(database, need(places=("WAK",), theme="Stroke"))

    with database.reading() as session:
        first = unmet.page(session, SYSTEM, theme="Frailty", place="LDS", limit=2)
        second = unmet.page(session, SYSTEM, theme="Frailty", place="LDS", limit=2, after=first.following)

    assert [row.id for row in (*first.rows, *second.rows)] == ids
    assert second.following is None


def joined(database, *need_ids):
    with database.transaction() as session:
        for other in need_ids[1:]:
            joining.join(session, need_ids[0], other, actor=SYSTEM, at=AT)
    for need_id in need_ids:
        ranked(database, need_id)


def test_needs_that_are_one_count_once_for_those_who_may_read_either(database, need, somebody):
    first, second = need(visibility=Visibility.HUB_ONLY, places=("KIR",)), need(created_at=AT + timedelta(days=1), places=("CAL",))
    joined(database, first, second)

    assert listed(database) == [first]
    assert listed(database, somebody(Role.BOARD)) == [second]

    proposed(database, second)

    assert listed(database) == []


def test_of_needs_that_are_one_what_was_turned_down_for_either_counts(database, need):
    first, second = need(), need(created_at=AT + timedelta(days=1))
    joined(database, first, second)
    proposed(database, second, rejected_at=LATER, band=Band.POSSIBLE)

    assert listed(database) == [first]
    assert (search_of(database, first).band, search_of(database, first).since) == (Band.POSSIBLE, LATER)


def test_since_when_is_when_the_last_hope_ended(database, need):
    never, turned_down, reworded, gone, replaced = (ranked(database, need(opened_at=AT)) for _ in range(5))
    proposed(database, turned_down, rejected_at=LATER)
    proposed(database, reworded, state=ProposalState.SUPERSEDED)
    with database.transaction() as session:
        documents.find(session, Side.NEED, reworded).revision = 2
    ranked(database, reworded, at=LATER)
    proposed(database, gone, state=ProposalState.SUPERSEDED, innovation={"status": InnovationStatus.WITHDRAWN, "updated_at": LATER})
    proposed(database, replaced, state=ProposalState.SUPERSEDED, created_at=AT + timedelta(days=1))

    since = [search_of(database, each).since for each in (never, turned_down, reworded, gone, replaced)]

    assert since == [AT, LATER, LATER, LATER, AT + timedelta(days=1)]


def test_what_another_ranker_took_away_was_left_until_then(database, need):
    need_id = ranked(database, need(opened_at=AT))
    proposed(database, need_id, state=ProposalState.SUPERSEDED)
    ranked(database, need_id, at=LATER)
    assert search_of(database, need_id).since == AT

    ranked(database, need_id, at=LATER + timedelta(days=1), ranker_hash="1" * 64)

    assert search_of(database, need_id).since == LATER + timedelta(days=1)


def test_what_was_confirmed_answered_until_a_text_changed(database, need):
    need_id = ranked(database, need(opened_at=AT))
    row = proposed(database, need_id, state=ProposalState.SUPERSEDED)
    with database.transaction() as session:
        officer = factories.make_person(session)
        said = {"decided_by": officer.id, "decided_by_name": officer.name, "decided_at": AT + timedelta(days=1), "note": ""}
        session.add(Decision(proposal_id=row.id, verdict=Verdict.CONFIRMED, **said))
        documents.find(session, Side.NEED, need_id).revision = 2
    ranked(database, need_id, at=LATER)

    assert search_of(database, need_id).since == LATER


def test_the_best_band_and_how_many_were_held_against_it(database, need):
    empty, weak, possible = ranked(database, need(), candidates=0), ranked(database, need()), ranked(database, need())
    proposed(database, possible, rejected_at=LATER, band=Band.POSSIBLE, innovation={"submitted_at": AT - timedelta(days=1)})
    before = [search_of(database, each) for each in (empty, weak, possible)]
    with database.transaction() as session:
        factories.make_innovation(session, submitted_at=LATER)
        factories.make_innovation(session, submitted_at=LATER, status=InnovationStatus.DRAFT)

    assert [(each.band, each.looked_at) for each in before] == [(None, 0), (Band.WEAK, 7), (Band.POSSIBLE, 7)]
    assert [search_of(database, each).looked_at for each in (empty, weak)] == [1, 8]
    assert search_of(database, empty).band is Band.WEAK
    with database.reading() as session:
        assert unmet.searched(session, []) == {}
