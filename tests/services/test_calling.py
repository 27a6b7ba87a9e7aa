from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from api.services import calling, intake, joining
from models.actors import ANONYMOUS, SYSTEM, NotAllowed
from models.calls import Call, CallClosure, CallDatePassed, CallEnded, CallRefused
from models.documents import Side, StaleVersion, Visibility
from models.needs import NeedStatus
from models.people import Role
from models.proposals import Band, Proposal, ProposalState
from models.queries import calls, documents
from models.queries.documents import NotFound
from tests import factories
from tests.calls import AT, call_of, events_of, mails, need, publish, rows_of, somebody
from tests.walk import ADHD_NEED, ADHD_TEST, now

pytestmark = pytest.mark.both
__all__ = ["need", "somebody"]


def board(database, actor=ANONYMOUS, *, at=AT, **wanted):
    with database.reading() as session:
        return [row.reference for row in calls.page(session, actor, day=at.date(), open_only=True, **wanted).rows]


def close(database, reference, *, by=SYSTEM, at=AT, version=None):
    with database.transaction() as session:
        return calling.close(session, reference, actor=by, at=at, version=version)


def test_a_call_goes_out_under_the_next_reference_of_its_year(database, need):
    first, second = publish(database, need(), introduction="None fits yet."), publish(database, need())
    later = publish(database, need(), at=AT + timedelta(days=90))

    assert [row.reference for row in (first, second, later)] == ["WYC-2026-0001", "WYC-2026-0002", "WYC-2027-0001"]
    (event, *_) = events_of(database, "call.published")
    assert (event.subject_kind, event.subject_id, event.data["reference"]) == ("need", first.need_id, "WYC-2026-0001")
    assert "None fits" not in repr(event.data)


def test_a_reference_is_never_given_again(database, need):
    one = need()
    publish(database, one)
    close(database, "WYC-2026-0001")

    again = publish(database, one)

    assert (again.reference, len(rows_of(database, Call))) == ("WYC-2026-0002", 2)


def test_of_two_who_publish_at_once_one_wins_and_the_other_is_told_the_reference(database, need):
    one = need()

    def attempt(_):
        try:
            return publish(database, one).reference
        except CallRefused as refused:
            return refused

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(4)))

    (reference,) = [each for each in outcomes if isinstance(each, str)]
    told = [each.details["reference"] for each in outcomes if isinstance(each, CallRefused)]
    assert told == [reference] * 3
    assert len(rows_of(database, Call)) == 1


def test_many_who_publish_different_needs_at_once_get_references_of_their_own(database, need):
    ids = [need() for _ in range(6)]

    with ThreadPoolExecutor(6) as pool:
        references = list(pool.map(lambda one: publish(database, one).reference, ids))

    assert sorted(references) == [f"WYC-2026-{number:04d}" for number in range(1, 7)]


@pytest.mark.parametrize(
    "values",
    [
        {"visibility": Visibility.PARTNERS},
        {"visibility": Visibility.HUB_ONLY},
        {"status": NeedStatus.DRAFT},
        {"status": NeedStatus.MET},
        {"status": NeedStatus.CLOSED},
        {"status": NeedStatus.WITHDRAWN},
    ],
)
def test_only_an_open_need_that_everybody_may_read_is_published(database, need, somebody, values):
    with pytest.raises(CallRefused, match="Only an open need"):
        publish(database, need(**values), by=somebody(Role.HUB))


def test_a_place_publishes_its_own_needs_and_no_others(database, need, somebody):
    leeds = somebody(Role.PLACE, place="LDS")
    own, foreign, hidden = need(), need(places=("WAK",)), need(places=("WAK",), visibility=Visibility.HUB_ONLY)

    assert publish(database, own, by=leeds).reference == "WYC-2026-0001"
    with pytest.raises(NotAllowed):
        publish(database, foreign, by=leeds)
    with pytest.raises(NotFound):
        publish(database, hidden, by=leeds)


def test_a_last_day_that_is_over_is_refused_and_today_is_not(database, need):
    with pytest.raises(CallDatePassed):
        publish(database, need(), closes_on=date(2026, 11, 1))

    assert publish(database, need(), closes_on=date(2026, 11, 2)).closes_on == date(2026, 11, 2)


def test_the_board_holds_what_is_open_and_everybody_may_read_it(database, need):
    public, gone = publish(database, need()), publish(database, need())
    ends = publish(database, need(places=("WAK",), theme="Ageing well"), closes_on=date(2026, 11, 3))
    close(database, gone.reference)
    hidden = publish(database, need())
    with database.transaction() as session:
        documents.find(session, Side.NEED, hidden.need_id).visibility = Visibility.HUB_ONLY

    assert set(board(database)) == {public.reference, ends.reference}
    assert board(database, at=AT + timedelta(days=2)) == [public.reference]
    assert board(database, place="WAK") == board(database, theme="Ageing well") == [ends.reference]
    with database.reading() as session:
        every = calls.page(session, ANONYMOUS, day=AT.date(), open_only=False).rows
        with pytest.raises(NotFound):
            calls.by_reference(session, hidden.reference, ANONYMOUS)
    assert {row.reference for row in every} == {public.reference, gone.reference, ends.reference}


def test_closing_twice_is_refused_with_when_and_why(database, need):
    publish(database, need())
    with pytest.raises(StaleVersion):
        close(database, "WYC-2026-0001", version=7)
    closed = close(database, "WYC-2026-0001", version=1)

    with pytest.raises(CallEnded, match="taken back") as refused:
        close(database, "WYC-2026-0001")

    assert (closed.closed_reason, closed.closed_at, closed.version) == (CallClosure.TAKEN_BACK, AT, 2)
    assert refused.value.details["closed_reason"] == "taken_back"
    assert [event.data["reason"] for event in events_of(database, "call.closed")] == ["taken_back"]


def test_who_does_not_own_the_need_closes_no_call(database, need, somebody):
    publish(database, need(places=("WAK",)))

    with pytest.raises(NotAllowed):
        close(database, "WYC-2026-0001", by=somebody(Role.PLACE, place="LDS"))


def test_a_call_ends_with_its_need(database, need, somebody):
    hub = somebody(Role.HUB)
    withdrawn, narrowed, kept = (publish(database, need(), by=hub) for _ in range(3))

    with database.transaction() as session:
        intake.withdraw(session, Side.NEED, withdrawn.need_id, actor=hub, at=AT)
        intake.change(session, Side.NEED, narrowed.need_id, {"visibility": Visibility.HUB_ONLY}, actor=hub, at=AT)
        intake.change(session, Side.NEED, kept.need_id, {"metric": "Weeks to a decision"}, actor=hub, at=AT)

    reasons = [call_of(database, call.reference).closed_reason for call in (withdrawn, narrowed, kept)]
    assert reasons == [CallClosure.WITHDRAWN, CallClosure.TAKEN_BACK, None]
    assert [event.actor for event in events_of(database, "call.closed")] == [hub.name] * 2


def test_a_call_whose_last_day_is_over_is_closed_by_a_job_that_the_sweep_finds(database, need, runner):
    yesterday = now() - timedelta(days=1)
    over = publish(database, need(), at=yesterday, closes_on=yesterday.date())
    goes_on = publish(database, need(), at=yesterday)

    runner.sweep()
    runner.run_due()

    assert call_of(database, over.reference).closed_reason is CallClosure.EXPIRED
    assert not call_of(database, goes_on.reference).is_closed
    with database.transaction() as session:
        assert calling.end(session, goes_on.id, at=now()) is None


def test_a_call_that_is_over_but_not_closed_yet_makes_room_for_the_next(database, need):
    one = need()
    publish(database, one, closes_on=date(2026, 11, 2))

    again = publish(database, one, at=AT + timedelta(days=1))

    assert again.reference == "WYC-2026-0002"
    assert call_of(database, "WYC-2026-0001").closed_reason is CallClosure.EXPIRED


def test_a_call_is_closed_as_answered_once(database, need):
    call = publish(database, need())

    for _ in range(2):
        with database.transaction() as session:
            calling.answered(session, call.need_id, at=AT)

    assert call_of(database, call.reference).closed_reason is CallClosure.ANSWERED
    assert len(events_of(database, "call.closed")) == 1


def joined(database, *need_ids):
    with database.transaction() as session:
        for other in need_ids[1:]:
            joining.join(session, need_ids[0], other, actor=SYSTEM, at=AT)
        for each in need_ids:
            documents.find(session, Side.NEED, each).proposed_revision = 1  # they were ranked together since


def test_needs_that_are_one_have_one_call_and_it_ends_for_all(database, need):
    kirklees, calderdale = need(places=("KIR",)), need(places=("CAL",))
    joined(database, kirklees, calderdale)
    call = publish(database, kirklees)

    with pytest.raises(CallRefused, match=call.reference):
        publish(database, calderdale)
    with database.reading() as session:
        assert calling.asked_by(session, call.need, actor=ANONYMOUS) == ["CAL", "KIR"]
        assert calls.open_for(session, [calderdale])[calderdale].reference == call.reference
    with database.transaction() as session:
        calling.answered(session, calderdale, at=AT)

    assert call_of(database, call.reference).closed_reason is CallClosure.ANSWERED


def proposed(database, need_id, **values):
    """A new proposal on a need, told of as `proposing.propose` does."""
    with database.transaction() as session:
        innovation = factories.make_innovation(session, **values.pop("innovation", {}))
        proposal = factories.make_proposal(session, documents.find(session, Side.NEED, need_id), innovation, **values)
        calling.notice(session, [proposal], at=AT)
        return proposal


def test_what_comes_in_for_a_call_is_told_to_the_place_and_the_hub_once(database, need, somebody):
    leeds, _wakefield, hub = somebody(Role.PLACE, place="LDS"), somebody(Role.PLACE, place="WAK"), somebody(Role.HUB)
    call = publish(database, need())

    proposal = proposed(database, call.need_id)
    with database.transaction() as session:
        calling.notice(session, [session.merge(proposal)], at=AT)

    assert {mail.person_id for mail in mails(database)} == {leeds.person_id, hub.person_id}
    (mail, _) = mails(database)
    assert call.reference in mail.subject
    assert f"/proposals/{proposal.id}" in mail.body


def test_of_the_hub_whoever_published_the_call_is_told(database, need, somebody):
    publisher, _other = somebody(Role.HUB), somebody(Role.HUB)
    call = publish(database, need(), by=publisher)

    proposed(database, call.need_id)

    assert [mail.person_id for mail in mails(database)] == [publisher.person_id]


def test_what_is_offered_to_the_hub_alone_is_not_told_to_a_place(database, need, somebody):
    somebody(Role.PLACE, place="LDS")
    hub = somebody(Role.HUB)
    call = publish(database, need())

    proposed(database, call.need_id, innovation={"visibility": Visibility.HUB_ONLY, "supplier": None})

    assert [mail.person_id for mail in mails(database)] == [hub.person_id]


@pytest.mark.parametrize("values", [{}, {"state": ProposalState.CONFIRMED}, {"probability": 0.6, "band": Band.POSSIBLE}])
def test_a_need_with_matches_to_decide_is_not_published(database, need, values):
    one, beside = need(), need(places=("WAK",))
    joined(database, one, beside)
    proposed(database, one, **values)

    for each in (one, beside):
        with pytest.raises(CallRefused, match="Decide on them first"):
            publish(database, each)


@pytest.mark.parametrize("values", [{"state": ProposalState.REJECTED}, {"probability": 0.2, "band": Band.WEAK}])
def test_a_need_that_nothing_fits_is_published(database, need, values):
    one = need()
    proposed(database, one, **values)

    assert publish(database, one).reference == "WYC-2026-0001"


@pytest.mark.parametrize("ranked", [None, 1])
def test_a_need_that_was_not_matched_as_it_now_reads_is_not_published(database, need, ranked):
    with pytest.raises(CallRefused, match="not been matched as it now reads"):
        publish(database, need(revision=2, proposed_revision=ranked))


def test_what_was_turned_down_before_the_call_is_told_when_its_text_is_new_and_not_otherwise(database, need, somebody):
    hub = somebody(Role.HUB)
    one = need()
    earlier = proposed(database, one, state=ProposalState.REJECTED, created_at=AT - timedelta(days=1))
    publish(database, one, by=hub)

    def judged_anew(revision):
        with database.transaction() as session:
            session.get_one(Proposal, earlier.id).state = ProposalState.SUPERSEDED
            innovation = documents.find(session, Side.INNOVATION, earlier.innovation_id)
            row = factories.make_proposal(
                session, documents.find(session, Side.NEED, one), innovation, innovation_revision=revision, created_at=AT
            )
            calling.notice(session, [row], at=AT)
            row.state = ProposalState.SUPERSEDED
        return [mail.person_id for mail in mails(database)]

    assert (judged_anew(1), judged_anew(2)) == ([], [hub.person_id])


def test_nobody_is_told_without_an_open_call_or_of_what_is_decided(database, need, somebody):
    somebody(Role.HUB)
    uncalled, ended, called = need(), publish(database, need(), closes_on=AT.date()), publish(database, need())
    with database.transaction() as session:
        calls.open_of(session, [ended.need_id])[0].closes_on = AT.date() - timedelta(days=1)

    proposed(database, uncalled)
    proposed(database, ended.need_id)
    proposed(database, called.need_id, state=ProposalState.REJECTED)

    assert mails(database) == []


def test_candidates_are_those_in_force_that_the_asker_may_read(database, need, somebody):
    leeds, wakefield, hub = somebody(Role.PLACE, place="LDS"), somebody(Role.PLACE, place="WAK"), somebody(Role.HUB)
    call = publish(database, need())
    weak = proposed(database, call.need_id, probability=0.6, band=Band.POSSIBLE)
    hub_only = proposed(database, call.need_id, innovation={"visibility": Visibility.HUB_ONLY})
    proposed(database, call.need_id, state=ProposalState.SUPERSEDED)

    def candidates(actor):
        with database.reading() as session:
            return [row.id for row in calling.candidates(session, call.reference, actor=actor, after=None, limit=10).rows]

    assert candidates(hub) == [hub_only.id, weak.id]
    assert candidates(leeds) == [weak.id]
    with pytest.raises(NotAllowed):
        candidates(wakefield)


def test_a_submission_is_matched_against_a_call_and_the_place_is_told(database, said, runner, somebody):
    leeds = somebody(Role.PLACE, place="LDS")
    need_id = said(Side.NEED, ADHD_NEED)
    runner.run_due()
    call = publish(database, need_id, at=now())

    said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()

    told = [mail for mail in mails(database) if mail.template == "call_candidate"]
    assert leeds.person_id in {mail.person_id for mail in told}
    assert all(call.reference in mail.subject and ADHD_TEST["name"] in mail.body for mail in told)


def test_a_need_that_is_met_closes_its_call(database, need, somebody):
    hub = somebody(Role.HUB)
    call = publish(database, need(), by=hub)

    with database.transaction() as session:
        row = documents.find(session, Side.NEED, call.need_id)
        row.move_to(NeedStatus.MET, at=AT)
        session.flush()
        calling.settled(session, call.need_id, actor=hub, at=AT)

    assert call_of(database, call.reference).closed_reason is CallClosure.MET
    with pytest.raises(CallRefused):
        publish(database, call.need_id, by=hub)
