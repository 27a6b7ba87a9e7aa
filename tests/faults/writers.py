"""Clients that write until every write is acknowledged, and remember what they were told."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from httpx2 import Client, HTTPError, Response

PATIENCE_SECONDS = 300  # for one write
_TOPICS = (
    "People who fall at home wait too long for help on the floor",
    "Residents of care homes drink too little in warm weeks",
    "Blood results reach the practice after the patient has called twice",
    "Parents of children with eczema travel far for a repeat prescription",
)


@dataclass
class Told:
    """What the service acknowledged, by the thing that it concerns."""

    effects: Counter[tuple[str, str]] = field(default_factory=Counter)  # (id, kind of event) -> how often
    last: dict[str, dict[str, Any]] = field(default_factory=dict)  # id -> the newest answer about it
    versions: dict[str, int] = field(default_factory=dict)
    decisions: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))  # proposal -> (verdict, id)
    kept: dict[str, bytes] = field(default_factory=dict)  # Idempotency-Key -> the answer
    seen: Counter[str] = field(default_factory=Counter)  # how often what was not an acknowledgement
    slowest_seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def writes(self) -> int:
        """How many writes were acknowledged."""
        return self.effects.total()


class Gone(Exception):
    """The writer gave up; why stands in `wrong`."""


@dataclass
class Pace:
    """How much of the writing may be done by now, so that no fault finds the writers finished."""

    share: float = 0.0
    over: bool = False  # nobody listens any more


class Writer(threading.Thread):
    """One client with a key of its own, who writes about needs and proposals that nobody else touches."""

    def __init__(self, number: int, key: str, addresses: list[str], proposals: list[str], writes: int, needs: int, pace: Pace) -> None:
        super().__init__(name=f"writer{number}", daemon=True)
        self.told = Told()
        self._number = number
        self._writes = writes
        self._needs = needs
        self._pace = pace
        self._proposals = proposals
        headers = {"Authorization": f"Bearer {key}"}
        self._clients = [Client(base_url=address, headers=headers, timeout=30) for address in addresses]
        self._at = number % len(self._clients)

    def run(self) -> None:
        """State needs, then change, decide, undo and withdraw in turn until so many writes are acknowledged."""
        try:
            steps = [self._create(number) for number in range(self._needs)]
            changes = self._changes(steps)
            for number, proposal in enumerate(self._proposals):
                self._decide(proposal, number)
                next(changes)
            while self.told.writes < self._writes - self._needs // 4:
                next(changes)
            for need in steps[: self._needs // 4]:
                self._step(need, "withdraw", "need.closed", {"status": "withdrawn"})
        except Gone:
            return
        finally:
            for client in self._clients:
                client.close()

    def _wait_for_turn(self) -> None:
        while self.told.writes >= self._writes * self._pace.share and not self._pace.over:
            time.sleep(0.02)

    def _create(self, number: int) -> str:
        self._wait_for_turn()
        topic = _TOPICS[number % len(_TOPICS)]
        said = {"title": f"Need {self._number}-{number}", "problem": f"{topic}, as ward {self._number}-{number} says.", "places": ["LDS"]}
        answer = self._post("/needs", said | {"submit": True})
        need: str = answer.json()["id"]
        self._note(need, "need.created", answer)
        return need

    def _changes(self, needs: list[str]) -> Iterator[None]:
        """Change the day of a need's review, over and over; never a text."""
        day = date(2027, 1, 1)
        while True:
            for need in needs:
                day += timedelta(days=1)
                self._step(need, None, "need.changed", {"review_date": day.isoformat()})
                yield

    def _step(self, need: str, step: str | None, kind: str, wanted: dict[str, str]) -> None:
        """A change that has no key: one that was not answered is found done by reading."""
        self._wait_for_turn()
        method, path = ("PATCH", f"/needs/{need}") if step is None else ("POST", f"/needs/{need}/{step}")
        sent = {"headers": {"If-Match": f'"{self.told.versions[need]}"'}, "json": wanted if step is None else None}
        answer, unanswered = self._ask(method, path, **sent)
        if answer.status_code == 412 and unanswered:
            answer, _ = self._ask("GET", f"/needs/{need}")
            self.told.seen["done by a request that was not answered"] += 1
            found = answer.json()
            if found["version"] != self.told.versions[need] + 1 or any(found[name] != value for name, value in wanted.items()):
                self._fail(method, path, answer)
        elif answer.status_code != 200:
            self._fail(method, path, answer)
        self._note(need, kind, answer)

    def _decide(self, proposal: str, number: int) -> None:
        """One of four ways to a verdict; an undo that a fault made late is refused, and the verdict stands."""
        self._wait_for_turn()  # not between a verdict and its undo, for which there is little time
        self.told.versions[proposal] = 1
        rejected = {"verdict": "rejected", "reason": "not_ready"}
        way = number % 4
        if way == 1:
            self._verdict(proposal, {"verdict": "deferred", "reason": "no_capacity", "until": "2030-03-01T09:00:00Z"})
        if way == 2:
            self._verdict(proposal, {"verdict": "skipped"})
        if way == 3:
            self._verdict(proposal, rejected)
            if not self._undo(proposal):
                return
        self._verdict(proposal, rejected if way == 2 else {"verdict": "confirmed"})

    def _verdict(self, proposal: str, said: dict[str, str]) -> None:
        answer = self._post(f"/proposals/{proposal}/decision", said, version=self.told.versions[proposal])
        self._note_decision(proposal, said["verdict"], answer)

    def _undo(self, proposal: str) -> bool:
        path = f"/proposals/{proposal}/undo"
        answer, unanswered = self._keyed(path, None, version=self.told.versions[proposal])
        if answer.status_code == 409 and answer.json()["title"] == "NotUndoable" and unanswered:
            self.told.seen["undo refused because a fault made it late"] += 1
            return False
        if answer.status_code != 201:
            self._fail("POST", path, answer)
        self._note_decision(proposal, "undone", answer)
        return True

    def _post(self, path: str, said: dict[str, Any], *, version: int | None = None) -> Response:
        answer, _ = self._keyed(path, said, version=version)
        if answer.status_code != 201:
            self._fail("POST", path, answer)
        return answer

    def _keyed(self, path: str, said: dict[str, Any] | None, *, version: int | None) -> tuple[Response, bool]:
        key = uuid4().hex
        headers = {"Idempotency-Key": key} | ({"If-Match": f'"{version}"'} if version else {})
        answer, unanswered = self._ask("POST", path, headers=headers, json=said)
        if answer.status_code == 201:
            self.told.kept[key] = answer.content
            self.told.seen["answered again under its key"] += answer.headers.get("Idempotency-Replayed") == "true"
        return answer, unanswered

    def _ask(self, method: str, path: str, **sent: Any) -> tuple[Response, bool]:
        """Send the same request until it is answered; returns the answer, and whether an earlier one may have been done unanswered."""
        began, unanswered = time.monotonic(), False
        while time.monotonic() - began < PATIENCE_SECONDS and not self._pace.over:
            try:
                answer = self._clients[self._at].request(method, path, **sent)
            except HTTPError as error:
                self._at = (self._at + 1) % len(self._clients)
                unanswered = True
                self._wait(f"cut or refused connections ({type(error).__name__})", 0.2)
                continue
            if answer.status_code == 503:
                unanswered = True
                if not answer.headers.get("Retry-After"):
                    self.told.wrong.append(f"{method} {path}: 503 without Retry-After")
                self._wait(f"503 {answer.json()['title']}", min(float(answer.headers.get("Retry-After", 1)), 1.0))
            elif answer.status_code == 409 and answer.json()["title"] == "RequestInFlight":
                unanswered = True
                self._wait("409 RequestInFlight", float(answer.headers["Retry-After"]))
            elif answer.status_code >= 500:
                self._fail(method, path, answer)
            else:
                self.told.slowest_seconds = max(self.told.slowest_seconds, time.monotonic() - began)
                return answer, unanswered
        self.told.wrong.append(f"{method} {path}: not answered within {PATIENCE_SECONDS} seconds: {dict(self.told.seen)}")
        raise Gone

    def _wait(self, why: str, seconds: float) -> None:
        self.told.seen[why] += 1
        time.sleep(seconds)

    def _note(self, need: str, kind: str, answer: Response) -> None:
        self.told.effects[need, kind] += 1
        self.told.last[need] = answer.json()
        self.told.versions[need] = answer.json()["version"]

    def _note_decision(self, proposal: str, verdict: str, answer: Response) -> None:
        self.told.effects[proposal, f"proposal.{verdict}"] += 1
        self.told.decisions[proposal].append((verdict, answer.json()["id"]))
        self.told.versions[proposal] = int(answer.headers["ETag"].strip('"'))

    def _fail(self, method: str, path: str, answer: Response) -> None:
        self.told.wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        raise Gone
