"""Two to sixteen people decide on one proposal at the same moment: one wins, the others are told who, when and what."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import pytest

from api.security import CSRF_HEADER
from api.services import accounts, deciding, delivering, intake, proposing
from api.services.proposing import Ranked
from matcher.types import Band, Judgement, Ranking
from matcher.types import Side as MatcherSide
from models.base import in_utc
from models.decisions import CLOSING, NotUndoable, Reason, ReasonCode, Verdict
from models.documents import Side, StaleVersion
from models.events import Event
from models.proposals import Proposal, ProposalClosed, ProposalState
from tests import factories
from tests.faults.figures import show

pytestmark = pytest.mark.both

MOST_PEOPLE = 16
WINDOW = 600
VERDICTS = (Verdict.CONFIRMED, Verdict.REJECTED, Verdict.DEFERRED)
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Told:
    """What one of them was answered."""

    name: str
    verdict: Verdict
    status: int
    said: dict[str, Any]


@dataclass
class Tally:
    """What all races came to."""

    races: int = 0
    winners: int = 0
    told_who: int = 0
    put_off: int = 0  # deferrals, which close nothing
    began: float = field(default_factory=time.monotonic)

    def line(self, mode: object) -> str:
        """The figure."""
        seconds = time.monotonic() - self.began
        return (
            f"{mode}: {self.races} decision races in {seconds:.0f} s: {self.winners} winners, "
            f"{self.told_who} others told who, when and what, {self.put_off} deferrals before a winner"
        )


def few_or_many(few, many):
    """A few races for the fast suite, many for the long one."""
    return [pytest.param(few, id=str(few)), pytest.param(many, id=str(many), marks=[pytest.mark.long, pytest.mark.timeout(1_200)])]


@pytest.fixture
def people(make):
    return [make(factories.make_person, name=f"Officer {number}") for number in range(MOST_PEOPLE)]


@pytest.fixture
def browsers(client, people):
    """Each signed in by e-mail address and password."""
    signed_in = []
    for person in people:
        browser = type(client)(client.app, raise_server_exceptions=False, headers={"Sec-Fetch-Site": "same-origin"})
        reply = browser.post("/api/v1/session", json={"email": person.email, "password": factories.PASSWORD})
        assert reply.status_code == 201, reply.text
        browser.headers[CSRF_HEADER] = reply.json()["csrf_token"]
        signed_in.append(browser)
    return signed_in


@pytest.fixture
def together():
    """`together(calls)`: run them in a thread each, released at once; what they return."""
    with ThreadPoolExecutor(MOST_PEOPLE) as pool:

        def run(calls: Sequence[Callable[[], Any]]) -> list[Any]:
            gate = threading.Barrier(len(calls), timeout=PATIENCE_SECONDS)

            def begin(call: Callable[[], Any]) -> Any:
                gate.wait()
                return call()

            return list(pool.map(begin, calls, timeout=PATIENCE_SECONDS))

        yield run


def now():
    return datetime.now(UTC)


def reason_of(verdict):
    """What the verdict needs to be whole."""
    if verdict is Verdict.CONFIRMED:
        return Reason()
    return Reason(code=ReasonCode.NO_CAPACITY, until=now() + timedelta(days=30) if verdict is Verdict.DEFERRED else None)


def by_service(database, person, proposal_id, verdict, version):
    """The service itself, with a session of its own."""
    actor = accounts.actor_of_person(person)
    try:
        with database.transaction() as session:
            made = deciding.decide(
                session, proposal_id, verdict, actor=actor, at=now(), reason=reason_of(verdict), undo_window_seconds=WINDOW, version=version
            )
            return Told(person.name, verdict, 201, {"decided_at": made.decided_at.isoformat()})
    except (ProposalClosed, StaleVersion) as refused:
        return Told(
            person.name, verdict, 409 if isinstance(refused, ProposalClosed) else 412, {**refused.details, "detail": refused.message}
        )


def by_api(browser, person, proposal_id, verdict, version):
    """A browser that sends the version which it has read."""
    reason = reason_of(verdict)
    body = {"verdict": verdict.value, "reason": reason.code, "until": reason.until and reason.until.isoformat()}
    reply = browser.post(
        f"/api/v1/proposals/{proposal_id}/decision",
        json={name: value for name, value in body.items() if value is not None},
        headers={"If-Match": f'"{version}"' if version else "*"},
    )
    return Told(person.name, verdict, reply.status_code, reply.json())


def check(database, proposal_id, answers, *, version):
    """One winner, one event of each decision, and everybody else told the winner's name, verdict and time; returns the deferrals."""
    proposal, kinds = state_of(database, proposal_id)
    rows = proposal.decisions
    taken = {(each.name, each.verdict) for each in answers if each.status == 201}
    *before, winner = rows
    assert {each.status for each in answers} <= {201, 409, 412}, answers
    assert {(row.decided_by_name, row.verdict) for row in rows} == taken
    assert len(rows) == len(taken)
    assert kinds == Counter(f"proposal.{row.verdict}" for row in rows)
    assert proposal.state.value == winner.verdict.value
    assert proposal.version == 1 + len(rows)
    if version is None:  # whatever was read: only a confirm or a reject stands
        assert winner.verdict in CLOSING
        assert {row.verdict for row in before} <= {Verdict.DEFERRED}
    else:  # what was read has changed with any decision
        assert before == []
    for loser in (each for each in answers if each.status != 201):
        assert loser.status == (409 if winner.verdict in CLOSING else 412)
        told = loser.said
        assert (told["decided_by"], told["verdict"]) == (winner.decided_by_name, winner.verdict.value)
        assert datetime.fromisoformat(told["decided_at"]) == in_utc(winner.decided_at)
        assert told["detail"].startswith(f"{winner.decided_by_name} {winner.verdict.value} ")
    return len(before)


@pytest.mark.parametrize("races", few_or_many(40, 1_000))
def test_of_those_who_decide_at_once_one_wins_and_the_others_are_told_who(database, make, people, browsers, together, mode, capsys, races):
    chance, tally = np.random.default_rng(races), Tally()
    for number in range(races):
        count = int(chance.integers(2, MOST_PEOPLE + 1))
        version = (None, 1)[number // 10 % 2]
        verdicts = [VERDICTS[int(each)] for each in chance.integers(0, len(VERDICTS), count)]
        verdicts[int(chance.integers(count))] = VERDICTS[int(chance.integers(2))]  # one of them at least wants to close it
        proposal_id = make(factories.make_proposal).id
        if number % 10 == 0:
            doors = [partial(by_api, *pair) for pair in zip(browsers, people, strict=True)]
        else:
            doors = [partial(by_service, database, person) for person in people]

        answers = together([partial(door, proposal_id, verdict, version) for door, verdict in zip(doors, verdicts, strict=False)])

        tally.put_off += check(database, proposal_id, answers, version=version)
        tally.races += 1
        tally.winners += 1
        tally.told_who += sum(each.status != 201 for each in answers)
    show(capsys, tally.line(mode))


@pytest.mark.parametrize("door", ["service", "api"])
@pytest.mark.parametrize("races", few_or_many(5, 100))
def test_a_decision_is_taken_back_once_however_often_somebody_clicks(database, make, people, browsers, together, door, races):
    for number in range(races):
        proposal_id = make(factories.make_proposal).id
        person, browser = people[number % MOST_PEOPLE], browsers[number % MOST_PEOPLE]
        by_service(database, person, proposal_id, VERDICTS[number % 3], 1)
        click = partial(click_undo, browser, proposal_id) if door == "api" else partial(undo_by_service, database, person, proposal_id)

        answers = together([click] * int(2 + number % 3))

        assert sorted(answers) == [201, *([409] * (len(answers) - 1))]
        proposal, kinds = state_of(database, proposal_id)
        assert [row.verdict for row in proposal.decisions] == [VERDICTS[number % 3], Verdict.UNDONE]
        assert (proposal.state, proposal.closing_decision, kinds["proposal.undone"]) == (ProposalState.OPEN, None, 1)


@pytest.mark.parametrize("races", few_or_many(20, 500))
def test_an_undone_match_is_never_announced_and_an_announced_one_never_undone(database, make, people, together, mode, capsys, races):
    chance, outcomes = np.random.default_rng(races), Counter()
    for number in range(races):
        proposal_id, person = make(factories.make_proposal).id, people[number % MOST_PEOPLE]
        by_service(database, person, proposal_id, Verdict.CONFIRMED, 1)
        (decision,) = state_of(database, proposal_id)[0].decisions
        due = decision.decided_at + timedelta(seconds=WINDOW)  # each has read its own clock before it waits for the other
        undo = partial(undo_by_service, database, person, proposal_id, at=due - timedelta(milliseconds=1))

        undone, announced = together([late(chance, undo), late(chance, partial(announce, database, decision.id, at=due))])

        proposal, kinds = state_of(database, proposal_id)
        assert (undone, announced) in {(201, False), (409, True)}
        assert (kinds["proposal.undone"], kinds["match.confirmed"]) == (int(undone == 201), int(announced))
        assert proposal.state is (ProposalState.CONFIRMED if announced else ProposalState.OPEN)
        outcomes["announced" if announced else "undone"] += 1
    show(capsys, f"{mode}: {races} races of undo and announcement: {dict(outcomes)}")


@pytest.mark.parametrize("races", few_or_many(10, 200))
@pytest.mark.parametrize("side", list(Side))
def test_a_match_that_was_announced_while_a_text_was_withdrawn_is_reversed(database, make, people, together, side, races):
    chance, hub = np.random.default_rng(races), accounts.actor_of_person(people[0])
    for _ in range(races):
        made = make(factories.make_proposal)
        by_service(database, people[0], made.id, Verdict.CONFIRMED, 1)
        (decision,) = state_of(database, made.id)[0].decisions
        due = decision.decided_at + timedelta(seconds=WINDOW)
        document_id = made.need_id if side is Side.NEED else made.innovation_id
        withdraw = partial(withdraw_by_service, database, side, document_id, hub)

        _, announced = together([late(chance, withdraw), late(chance, partial(announce, database, decision.id, at=due))])

        proposal, kinds = state_of(database, made.id)
        assert (kinds["match.confirmed"], kinds["match.reversed"]) == (int(announced), int(announced))
        assert (proposal.state, kinds["proposal.lapsed"], proposal.version) == (ProposalState.SUPERSEDED, 1, 3)


@pytest.mark.parametrize("races", few_or_many(10, 100))
def test_who_rank_and_withdraw_both_sides_of_pairs_at_once_never_wait_in_a_ring(database, make, people, together, races):
    hub = accounts.actor_of_person(people[0])
    for _ in range(races):
        made = [make(factories.make_proposal) for _ in range(2)]
        needs, innovations = [each.need_id for each in made], [each.innovation_id for each in made]
        runs = [
            ranked(side, one, others)
            for side, own, others in ((Side.NEED, needs, innovations), (Side.INNOVATION, innovations, needs))
            for one in own
        ]

        together(
            [
                *(partial(propose, database, each) for each in runs),
                partial(withdraw_by_service, database, Side.INNOVATION, innovations[0], hub),
            ]
        )

        with database.reading() as session:
            found = [row for row in session.query(Proposal).all() if row.need_id in needs and row.state is not ProposalState.SUPERSEDED]
        assert {row.innovation_id for row in found} == {innovations[1]}
        assert len({(row.need_id, row.innovation_id) for row in found}) == len(found)


def ranked(side, document_id, others):
    """What a ranking over the other side found: all of them fit."""
    judgements = tuple(
        Judgement(
            need_id=str(document_id if side is Side.NEED else other),
            innovation_id=str(other if side is Side.NEED else document_id),
            probability=0.9,
            band=Band.STRONG,
            features=(),
            findings=(),
        )
        for other in others
    )
    return Ranked(
        side=side,
        document_id=document_id,
        revision=1,
        revisions=dict.fromkeys(others, 1),
        ranking=Ranking(
            query_id=str(document_id),
            query_side=MatcherSide(side.value),
            ranker="test",
            judgements=judgements,
            best=0.9,
            nothing_fits=False,
        ),
        ranker_hash="-",
        ranker_version_id=None,
        encoder_id="-",
        position=0,
        candidate_count=len(others),
    )


def propose(database, found):
    with database.transaction() as session:
        return proposing.propose(session, found, at=now())


def withdraw_by_service(database, side, document_id, actor):
    with database.transaction() as session:
        intake.withdraw(session, side, document_id, actor=actor, at=now())


def late(chance, call):
    """The call some milliseconds after its turn, so that now one is first and now the other."""
    seconds = float(chance.uniform(0, 0.01))

    def after():
        time.sleep(seconds)
        return call()

    return after


def undo_by_service(database, person, proposal_id, *, at=None):
    try:
        with database.transaction() as session:
            deciding.undo(session, proposal_id, actor=accounts.actor_of_person(person), at=at or now(), undo_window_seconds=WINDOW)
    except NotUndoable:
        return 409
    return 201


def click_undo(browser, proposal_id):
    return browser.post(f"/api/v1/proposals/{proposal_id}/undo", headers={"If-Match": '"2"'}).status_code


def announce(database, decision_id, *, at):
    with database.transaction() as session:
        return delivering.announce(session, decision_id, at=at, undo_window_seconds=WINDOW) is not None


def state_of(database, proposal_id):
    """The proposal, and how many events of each kind it has."""
    with database.reading() as session:
        proposal = session.get(Proposal, proposal_id)
        return proposal, Counter(row.kind for row in session.query(Event).filter_by(subject_id=proposal_id))
