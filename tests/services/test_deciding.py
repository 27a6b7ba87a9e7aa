from datetime import timedelta
from uuid import uuid4

import pytest

from api.services import deciding, delivering, intake
from api.services.recording import record
from models.actors import SYSTEM, NotAllowed
from models.decisions import NotUndoable, Reason, ReasonCode, Verdict
from models.documents import Side, StaleVersion, Visibility
from models.events import Event
from models.jobs import JobRow
from models.needs import NeedStatus
from models.people import Role
from models.proposals import Proposal, ProposalClosed, ProposalState
from models.queries import documents, events, jobs, proposals
from models.queries.documents import NotFound
from models.queries.pages import BadCursor
from tests.walk import now

pytestmark = pytest.mark.both

WINDOW = 600
NO_REASON = Reason()
IN_USE = Reason(code=ReasonCode.ALREADY_IN_USE)


def decide(database, proposal_id, verdict, *, actor, at=None, reason=NO_REASON, version=None):
    with database.transaction() as session:
        return deciding.decide(
            session, proposal_id, verdict, actor=actor, at=at or now(), reason=reason, undo_window_seconds=WINDOW, version=version
        )


def announced(database, decision_id, *, at):
    with database.transaction() as session:
        return delivering.announce(session, decision_id, at=at, undo_window_seconds=WINDOW)


def kinds_of(database, proposal_id):
    with database.reading() as session:
        return sorted(event.kind for event in events.of_subject(session, proposal_id))


def test_a_decision_and_its_event_are_one(database, make_proposal, hub):
    proposal_id = make_proposal()

    decide(database, proposal_id, Verdict.REJECTED, actor=hub, reason=IN_USE)

    with database.reading() as session:
        assert proposals.get(session, proposal_id, hub).state is ProposalState.REJECTED
        (event,) = events.of_subject(session, proposal_id)
        assert (event.kind, event.data["reason"], event.actor) == ("proposal.rejected", "already_in_use", hub.name)


def test_the_second_decision_is_told_who_made_the_first(database, make_proposal, hub, person):
    proposal_id = make_proposal()
    decide(database, proposal_id, Verdict.CONFIRMED, actor=hub)

    with pytest.raises(ProposalClosed, match="Hub triage officer confirmed"):
        decide(database, proposal_id, Verdict.REJECTED, actor=person(Role.HUB, shown_as="Second officer"), reason=IN_USE)


def test_a_match_of_a_withdrawn_text_takes_no_decision(database, make_proposal, hub):
    proposal_id = make_proposal()
    with database.transaction() as session:
        intake.withdraw(session, Side.NEED, proposals.get(session, proposal_id, hub).need_id, actor=hub, at=now())

    with pytest.raises(ProposalClosed, match="replaced"):
        decide(database, proposal_id, Verdict.DEFERRED, actor=hub, reason=Reason(code=ReasonCode.SKILLS, until=now() + timedelta(days=1)))


def test_a_match_of_a_need_that_was_closed_cannot_be_confirmed(database, make_proposal, hub):
    proposal_id = make_proposal()
    with database.transaction() as session:
        proposals.get(session, proposal_id, hub).need.move_to(NeedStatus.CLOSED, at=now())

    with pytest.raises(ProposalClosed, match="no longer open"):
        decide(database, proposal_id, Verdict.CONFIRMED, actor=hub)


def test_a_stale_page_is_told_so(database, make_proposal, hub):
    proposal_id = make_proposal()

    with pytest.raises(StaleVersion):
        decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, version=7)


def test_who_comes_after_a_deferral_or_an_undoing_is_told_of_it(database, make_proposal, hub, person):
    proposal_id, second = make_proposal(), person(Role.HUB, shown_as="Second officer")
    decide(database, proposal_id, Verdict.DEFERRED, actor=hub, reason=Reason(code=ReasonCode.SKILLS, until=now() + timedelta(days=1)))

    with pytest.raises(StaleVersion, match="Hub triage officer deferred") as refused:
        decide(database, proposal_id, Verdict.CONFIRMED, actor=second, version=1)
    assert (refused.value.details["decided_by"], refused.value.details["verdict"]) == ("Hub triage officer", "deferred")
    with database.transaction() as session:
        deciding.undo(session, proposal_id, actor=hub, at=now(), undo_window_seconds=WINDOW)
    with pytest.raises(StaleVersion, match="Hub triage officer took back"):
        decide(database, proposal_id, Verdict.CONFIRMED, actor=second, version=1)


def test_decisions_are_told_in_their_order_although_a_clock_was_read_earlier(database, make_proposal, hub, person):
    proposal_id, at, second = make_proposal(), now(), person(Role.HUB, shown_as="Second officer")
    until = Reason(code=ReasonCode.SKILLS, until=at + timedelta(days=1))
    decide(database, proposal_id, Verdict.DEFERRED, actor=second, at=at, reason=until)
    decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at - timedelta(seconds=2))  # had waited for the other

    with database.reading() as session:
        assert [row.verdict for row in proposals.get(session, proposal_id, hub).decisions] == [Verdict.DEFERRED, Verdict.CONFIRMED]
        assert [event.kind for event in events.of_subject(session, proposal_id)] == ["proposal.confirmed", "proposal.deferred"]
    with pytest.raises(NotUndoable, match="Only Hub triage officer"), database.transaction() as session:
        deciding.undo(session, proposal_id, actor=second, at=at, undo_window_seconds=WINDOW)


def test_an_announced_match_is_not_undone_by_whose_clock_is_behind(database, make_proposal, hub):
    proposal_id, at = make_proposal(), now()
    decision = decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at)
    announced(database, decision.id, at=at + timedelta(seconds=WINDOW))

    with pytest.raises(NotUndoable, match="announced"), database.transaction() as session:
        deciding.undo(session, proposal_id, actor=hub, at=at + timedelta(seconds=WINDOW - 1), undo_window_seconds=WINDOW)


def test_only_a_person_of_the_hub_decides(database, make_proposal, person):
    proposal_id = make_proposal()

    with pytest.raises(NotAllowed):
        decide(database, proposal_id, Verdict.CONFIRMED, actor=person(Role.BOARD, shown_as="Board member"))
    with pytest.raises(NotAllowed, match="a person's"):
        decide(database, proposal_id, Verdict.CONFIRMED, actor=SYSTEM)
    with pytest.raises(NotFound):
        decide(database, uuid4(), Verdict.CONFIRMED, actor=person(Role.HUB, shown_as="Second officer"))


def test_a_skip_hides_the_proposal_from_this_reviewer_only(database, make_proposal, hub, person):
    proposal_id = make_proposal()
    other = person(Role.HUB, shown_as="Second officer")

    with database.transaction() as session:
        deciding.skip(session, proposal_id, actor=hub, at=now())

    with database.reading() as session:
        assert proposals.queue(session, hub, at=now()).rows == []
        assert [row.id for row in proposals.queue(session, other, at=now()).rows] == [proposal_id]
        assert [row.id for row in proposals.queue(session, SYSTEM, at=now()).rows] == [proposal_id]


def test_a_deferred_proposal_comes_back_on_its_day(database, make_proposal, hub):
    proposal_id = make_proposal()
    until = now() + timedelta(days=7)
    decide(database, proposal_id, Verdict.DEFERRED, actor=hub, reason=Reason(code=ReasonCode.NO_CAPACITY, until=until))

    with database.reading() as session:
        assert proposals.queue(session, hub, at=now()).rows == []
        assert [row.id for row in proposals.queue(session, hub, at=until).rows] == [proposal_id]


def test_a_confirmed_match_is_announced_once_and_only_after_the_window(database, make_proposal, hub):
    proposal_id, at = make_proposal(), now()
    decision = decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at)

    assert announced(database, decision.id, at=at + timedelta(seconds=WINDOW - 1)) is None
    event = announced(database, decision.id, at=at + timedelta(seconds=WINDOW))
    again = announced(database, decision.id, at=at + timedelta(seconds=WINDOW + 1))

    assert (event.kind, event.subject_id, again) == ("match.confirmed", proposal_id, None)
    with database.reading() as session:
        assert events.once(session, f"match.confirmed:{decision.id}").id == event.id


def test_an_undone_match_was_never_announced(database, make_proposal, hub):
    proposal_id, at = make_proposal(), now()
    decision = decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at)

    with database.transaction() as session:
        deciding.undo(session, proposal_id, actor=hub, at=at + timedelta(seconds=5), undo_window_seconds=WINDOW)

    assert announced(database, decision.id, at=at + timedelta(seconds=WINDOW)) is None
    assert kinds_of(database, proposal_id) == ["proposal.confirmed", "proposal.undone"]
    with database.reading() as session:
        assert proposals.unannounced(session, at + timedelta(days=1)) == []


def test_after_an_undo_the_proposal_can_be_decided_anew(database, make_proposal, hub):
    proposal_id, at = make_proposal(), now()
    decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at)
    with database.transaction() as session:
        deciding.undo(session, proposal_id, actor=hub, at=at, undo_window_seconds=WINDOW)

    decide(database, proposal_id, Verdict.REJECTED, actor=hub, reason=IN_USE)

    with database.reading() as session:
        assert proposals.get(session, proposal_id, hub).closing_decision.verdict is Verdict.REJECTED


def test_when_the_window_has_passed_nobody_undoes(database, make_proposal, hub):
    proposal_id, at = make_proposal(), now()
    decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at)

    with pytest.raises(NotUndoable), database.transaction() as session:
        deciding.undo(session, proposal_id, actor=hub, at=at + timedelta(seconds=WINDOW), undo_window_seconds=WINDOW)


@pytest.mark.parametrize("side", list(Side))
def test_a_match_of_a_text_that_was_withdrawn_within_the_window_is_never_announced(database, make_proposal, hub, side):
    proposal_id, at = make_proposal(), now()
    decision = decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at)
    withdraw(database, proposal_id, side, hub)

    assert announced(database, decision.id, at=at + timedelta(seconds=WINDOW)) is None
    with database.reading() as session:
        assert proposals.unannounced(session, at + timedelta(days=1)) == []
    assert kinds_of(database, proposal_id) == ["proposal.confirmed", "proposal.lapsed"]


def test_a_match_whose_need_is_closed_otherwise_is_not_announced(database, make_proposal, hub):
    proposal_id, at = make_proposal(), now()
    decision = decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at)
    with database.transaction() as session:
        proposals.get(session, proposal_id, hub).need.move_to(NeedStatus.CLOSED, at=at)

    assert announced(database, decision.id, at=at + timedelta(seconds=WINDOW)) is None


def test_an_announced_match_is_reversed_in_the_feed_when_a_text_is_withdrawn(database, make_proposal, hub, person):
    proposal_id, at = make_proposal(), now()
    decision = decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at)
    announced(database, decision.id, at=at + timedelta(seconds=WINDOW))

    withdraw(database, proposal_id, Side.INNOVATION, hub, at=at + timedelta(seconds=WINDOW + 1))

    with database.transaction() as session:
        delivering.seal(session, at=now())
    with database.reading() as session:
        feed = delivering.events_after(session, 0, actor=person_of_the_pipeline(person))
        assert [event.kind for event in feed.events][-3:] == ["match.confirmed", "submission.withdrawn", "match.reversed"]
        assert feed.events[-1].data["decision"] == str(decision.id)


def test_the_pipeline_reads_what_was_handed_on_to_it_and_nothing_before(database, make_proposal, hub, person):
    proposal_id, at, pipeline = make_proposal(), now(), person_of_the_pipeline(person)
    with database.transaction() as session:
        proposal = proposals.get(session, proposal_id, hub)
        proposal.need.visibility = proposal.innovation.visibility = Visibility.HUB_ONLY
    decision = decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at)
    with database.reading() as session, pytest.raises(NotFound):
        proposals.get(session, proposal_id, pipeline)

    announced(database, decision.id, at=at + timedelta(seconds=WINDOW))

    with database.reading() as session:
        handed_on = proposals.get(session, proposal_id, pipeline)
        assert documents.need(session, handed_on.need_id, pipeline).id == handed_on.need_id
        assert documents.innovation(session, handed_on.innovation_id, pipeline).id == handed_on.innovation_id


def withdraw(database, proposal_id, side, actor, *, at=None):
    with database.transaction() as session:
        proposal = proposals.get(session, proposal_id, actor)
        document_id = proposal.need_id if side is Side.NEED else proposal.innovation_id
        intake.withdraw(session, side, document_id, actor=actor, at=at or now())


def test_a_decision_that_is_not_there_announces_nothing(database):
    assert announced(database, uuid4(), at=now()) is None


def test_events_are_sealed_in_order_and_read_by_cursor(database, make_proposal, hub, person):
    proposal_id, at = make_proposal(), now()
    decision = decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at)
    announced(database, decision.id, at=at + timedelta(seconds=WINDOW))

    with database.transaction() as session:
        assert delivering.seal(session, at=now()) > 0
        assert delivering.seal(session, at=now()) == 0

    with database.reading() as session:
        everything = delivering.events_after(session, 0, actor=hub, limit=1000)
        assert [event.position for event in everything.events] == list(range(1, events.count(session) + 1))
        assert all(event.hash == event.chain_hash() for event in everything.events)
        first = delivering.events_after(session, 0, actor=hub, limit=2)
        assert (first.more, first.position) == (True, 2)
        rest = delivering.events_after(session, first.position, actor=hub, limit=1000)
        assert [*first.events, *rest.events] == everything.events
        pipeline = person_of_the_pipeline(person)
        feed = delivering.events_after(session, 0, actor=pipeline)
        assert {event.kind for event in feed.events} == {"need.opened", "submission.received", "match.confirmed"}
        assert feed.position == everything.position
        only = delivering.events_after(session, 0, actor=pipeline, kinds={"match.confirmed", "proposal.confirmed"})
        assert [event.kind for event in only.events] == ["match.confirmed"]
        assert [event.kind for event in delivering.events_after(session, 0, actor=hub, kinds={"proposal.confirmed"}).events] == [
            "proposal.confirmed"
        ]
        with pytest.raises(BadCursor, match="last event has position"):
            delivering.events_after(session, 999, actor=hub)


def test_a_long_chain_is_sealed_in_several_jobs(database, make_proposal):
    make_proposal()

    with database.transaction() as session:
        waiting = len(events.unsealed(session, limit=100))
        session.query(JobRow).delete()
        assert delivering.seal(session, at=now(), limit=waiting - 1) == waiting - 1
        assert jobs.counts(session) == {"seal": {"queued": 1}}
        assert delivering.seal(session, at=now(), limit=waiting - 1) == 1


def person_of_the_pipeline(person):
    return person(Role.PIPELINE, shown_as="Pipeline system")


def test_the_queue_is_filtered(database, make_proposal, hub, person):
    proposal_id = make_proposal()

    with database.reading() as session:
        proposal: Proposal = proposals.get(session, proposal_id, hub)

        def ids(**filters):
            return [row.id for row in proposals.queue(session, hub, at=now(), **filters).rows]

        assert ids(state=ProposalState.OPEN, band=proposal.band, need_id=proposal.need_id, place="LDS") == [proposal_id]
        assert ids(innovation_id=proposal.innovation_id) == [proposal_id]
        assert ids(state=ProposalState.CONFIRMED) == ids(place="WAK") == ids(need_id=uuid4()) == []
        assert proposals.of_document(session, SYSTEM, need_id=proposal.need_id) == proposals.of_document(
            session, SYSTEM, innovation_id=proposal.innovation_id
        )
        assert proposals.counts(session) == {"open": 1}
        leeds, wakefield = (person(Role.PLACE, place=key, shown_as=f"{key} place lead") for key in ("LDS", "WAK"))
        assert len(proposals.queue(session, leeds, at=now()).rows) == 1
        assert proposals.queue(session, wakefield, at=now()).rows == []
        innovator = person(Role.INNOVATOR, organisation="Small Firm Ltd", shown_as="Founder")
        assert proposals.queue(session, innovator, at=now()).rows == []
        with pytest.raises(NotFound):
            proposals.get(session, proposal_id, innovator)


def test_deciding_owes_the_announcement_after_the_window(database, make_proposal, hub):
    proposal_id, at = make_proposal(), now()
    decide(database, proposal_id, Verdict.CONFIRMED, actor=hub, at=at)

    with database.transaction() as session:
        assert jobs.counts(session)["deliver"] == {"queued": 1}
        assert jobs.next_due(session, at) is not None


def test_what_happens_in_one_moment_is_told_in_the_order_in_which_it_was_written(database, hub):
    at = now()
    with database.transaction() as session:
        for number in range(20):
            record(session, Event.of("need.changed", subject_kind="need", subject_id=uuid4(), actor=hub.name, at=at, number=number), at=at)

    with database.transaction() as session:
        delivering.seal(session, at=now())

    with database.reading() as session:
        assert [event.data["number"] for event in delivering.events_after(session, 0, actor=hub).events] == list(range(20))
