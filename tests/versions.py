"""Changes that name the version that was read: which rows they are about, what they say, and where the version is read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from api.services.library import Libraries
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.people import Person
from tests import factories, joint_needs, merges, place_answers, rankers, sign_offs, triage
from tests.changes import LATER_ON
from tests.factories import ANY_VERSION

Rows = dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """On what rows are made: a session, who will change them, and the files of rankers."""

    session: Session
    person: Person
    libraries: Libraries


@dataclass(frozen=True)
class Change:
    """A sound change: its rows by the names in addresses, what it says of them, and which other one is done before it.

    `read` gives the ETag of what is changed, None when nothing is there; left out, it is read at the address of the change.
    """

    rows: Callable[[Ground], Rows]
    said: Any = None
    before: str = ""
    read: Callable[[Any, Rows], str | None] | None = None


def _need(ground: Ground, status: NeedStatus = NeedStatus.OPEN) -> Rows:
    return {"need_id": factories.make_need(ground.session, status=status).id}


def _draft_need(ground: Ground) -> Rows:
    return _need(ground, NeedStatus.DRAFT)


def _draft_innovation(ground: Ground) -> Rows:
    return {"innovation_id": factories.make_innovation(ground.session, status=InnovationStatus.DRAFT).id}


def _two_innovations(ground: Ground) -> Rows:
    merged, kept = (factories.make_innovation(ground.session).id for _ in range(2))
    return {"innovation_id": merged, "kept_id": kept}


def _joint_need(ground: Ground) -> Rows:
    row = joint_needs.joint(ground.session, *(joint_needs.joinable(ground.session) for _ in range(3)))
    return {"joint_need_id": row.id, "need_id": row.present[-1].need_id}


def _proposal(ground: Ground) -> Rows:
    return {"proposal_id": factories.make_proposal(ground.session).id}


def _question(ground: Ground) -> Rows:
    (row,) = place_answers.announced(ground.session).place_answers
    return {"place_answer_id": row.id}


def _sign_off(ground: Ground) -> Rows:
    return {"sign_off_id": sign_offs.for_lead(ground.session, ground.session.merge(ground.person)).id}


def _call(ground: Ground) -> Rows:
    return {"reference": factories.make_call(ground.session).reference}


def _watch(ground: Ground) -> Rows:
    return {"watch_id": factories.make_watch(ground.session, ground.person).id}


def _submission(ground: Ground) -> Rows:
    return {"submission_id": triage.submission(ground.session).id}


def _snoozed(ground: Ground) -> Rows:
    row = triage.submission(ground.session)
    row.snooze(date.fromisoformat(triage.soon()), by=ground.person.id, by_name=ground.person.name, today=datetime.now(UTC).date())
    return {"submission_id": row.id}


def _with_colleague(ground: Ground) -> Rows:
    return _submission(ground) | {"person_id": factories.make_person(ground.session).id}


def _body(ground: Ground) -> Rows:
    return {"body_id": merges.body(ground.session).id}


def _referral(ground: Ground) -> Rows:
    return {"referral_id": merges.referral(ground.session).id}


def _ranker(ground: Ground) -> Rows:
    return {"name": rankers.trained(ground.session, ground.libraries).name}


def _two_rankers(ground: Ground) -> Rows:
    rankers.activated(ground.session, ground.libraries, "first")
    rankers.activated(ground.session, ground.libraries, "latest")
    return {}


def _joint(client: Any, rows: Rows) -> str | None:
    return read_at(client, f"/api/v1/joint-needs/{rows['joint_need_id']}")


def _merged(client: Any, rows: Rows) -> str | None:
    """Once it is part of another one, the history of that one tells its version."""
    alone = read_at(client, f"/api/v1/innovations/{rows['innovation_id']}")
    if alone is not None:
        return alone
    parts = client.get(f"/api/v1/innovations/{rows['kept_id']}/history").json()["parts"]
    (version,) = [each["version"] for each in parts if each["id"] == str(rows["innovation_id"])]
    return f'"{version}"'


def _judging(client: Any, _: Rows) -> str | None:
    (version,) = [each["version"] for each in client.get("/api/v1/rankers").json()["items"] if each["state"] == "active"]
    return f'"{version}"'


NEEDS, INNOVATIONS, SUBMISSIONS = "/api/v1/needs/{need_id}", "/api/v1/innovations/{innovation_id}", "/api/v1/submissions/{submission_id}"
PROPOSALS, REFERRALS = "/api/v1/proposals/{proposal_id}", "/api/v1/referrals/{referral_id}"
CHANGES: dict[str, Change] = {
    f"PATCH {NEEDS}": Change(_draft_need, {"metric": "Weeks"}),
    f"POST {NEEDS}/submit": Change(_draft_need),
    f"POST {NEEDS}/withdraw": Change(_draft_need),
    f"POST {NEEDS}/met": Change(_need, {"result": "It is met."}),
    f"POST {NEEDS}/close": Change(_need, {"reason": "It is over."}),
    f"POST {NEEDS}/renew": Change(_need, {"review_date": LATER_ON}),
    f"POST {NEEDS}/leave": Change(_joint_need, read=_joint),
    f"PATCH {INNOVATIONS}": Change(_draft_innovation, {"benefits": "Fewer visits"}),
    f"DELETE {INNOVATIONS}": Change(_draft_innovation),
    f"POST {INNOVATIONS}/submit": Change(_draft_innovation),
    f"POST {INNOVATIONS}/withdraw": Change(_draft_innovation),
    f"POST {INNOVATIONS}/merge": Change(_two_innovations, {"into": "{kept_id}"}, read=_merged),
    f"POST {INNOVATIONS}/unmerge": Change(_two_innovations, before="merge", read=_merged),
    "POST /api/v1/calls/{reference}/close": Change(_call),
    "POST /api/v1/sign-offs/{sign_off_id}/answer": Change(_sign_off, {"verdict": "signed"}),
    "PATCH /api/v1/watches/{watch_id}": Change(_watch, {"muted": True}),
    "PATCH /api/v1/bodies/{body_id}": Change(_body, {"active": False}),
    f"POST {REFERRALS}/answer": Change(_referral, {"answer": "accepted"}),
    f"POST {REFERRALS}/close": Change(_referral, {"outcome": "taken_back"}),
    f"POST {PROPOSALS}/decision": Change(_proposal, {"verdict": "confirmed"}),
    f"POST {PROPOSALS}/undo": Change(_proposal, before="decision"),
    "POST /api/v1/place-answers/{place_answer_id}/answer": Change(_question, {"answer": "meet", "note": "By telephone."}),
    f"POST {SUBMISSIONS}/take": Change(_submission),
    f"POST {SUBMISSIONS}/give-back": Change(_submission, before="take"),
    f"POST {SUBMISSIONS}/assign": Change(_with_colleague, {"to": "{person_id}"}),
    f"POST {SUBMISSIONS}/snooze": Change(_submission, {"until": triage.soon()}),
    f"POST {SUBMISSIONS}/wake": Change(_snoozed),
    f"POST {SUBMISSIONS}/outcome": Change(_submission, {"outcome": "active"}),
    f"POST {SUBMISSIONS}/undo": Change(_submission, before="outcome"),
    "POST /api/v1/rankers/{name}/activate": Change(_ranker),
    "POST /api/v1/ranker-rollback": Change(_two_rankers, read=_judging),
}
"""Every change that takes If-Match."""


def read_at(client: Any, address: str) -> str | None:
    """The ETag at an address; None when nothing is there, or something else stands for it."""
    reply = client.get(address, follow_redirects=False)
    if reply.status_code in {308, 404}:
        return None
    etag: str = reply.headers["etag"]
    return etag


class Standing:
    """What a change is about, as it stands so that it may be changed."""

    def __init__(self, client: Any, route: str, rows: Rows) -> None:
        self.client, self.route, self.rows = client, route, rows
        if before := CHANGES[route].before:
            self._send(f"{route.rpartition('/')[0]}/{before}", ANY_VERSION)

    def change(self, headers: dict[str, str]) -> Any:
        """Make the change."""
        return self._send(self.route, headers)

    def etag(self) -> str | None:
        """Of what is changed, as it is read now; None when it is gone."""
        own = CHANGES[self.route].read
        if own is not None:
            return own(self.client, self.rows)
        method, address = self.route.format(**self.rows).split()
        return read_at(self.client, address.rpartition("/")[0] if method == "POST" else address)

    def _send(self, route: str, headers: dict[str, str]) -> Any:
        method, address = route.format(**self.rows).split()
        said = CHANGES[route].said
        if said is not None:
            said = {name: value.format(**self.rows) if isinstance(value, str) else value for name, value in said.items()}
        return self.client.request(method, address, json=said, headers=headers)
