"""What is answered everywhere after an innovation and a person were erased: that they were, none of their words, and no fault."""

import re
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import select

from api.services import accounts, erasing, feedback, mailing, referring
from api.services.reporting import ReportName
from models.actors import SYSTEM
from models.decisions import Reason, ReasonCode, Verdict
from models.feedback import Answer
from models.mail import Message
from models.merges import Merge
from models.people import Role
from models.place_answers import PlaceAnswer
from models.proposals import Proposal, ProposalState
from tests import authorisation, factories, merges, place_answers, triage
from tests.factories import NOW
from tests.pages import PAGE, read, words

SECRET: Final = "Zwanzigfach"
PERSON: Final = "Unterschied"
COPY: Final = {"kind": "near_copy", "field": None, "start": None, "end": None, "text": ""}
SAID: Final = {"name": f"{SECRET} test", "description": SECRET, "problems_tackled": f"{SECRET} waits", "how_it_works": f"{SECRET} works"}
QUERIES: Final[dict[str, tuple[str, ...]]] = {
    "/api/v1/proposals": tuple(f"?state={state}" for state in ProposalState),
    "/api/v1/submissions": ("?state=waiting", "?state=taken", "?state=asked", "?state=closed"),
    "/proposals": tuple(f"?state={state}" for state in ProposalState),
}


@pytest.fixture
def erased(database, make):
    """One innovation that lived through all that one can, then was erased, as was who decided on it; ids by parameter of an address."""

    def live(session: Any) -> tuple[Any, dict[str, list[str]]]:
        by = factories.make_person(session, Role.LEAD, name=f"Quentin {PERSON}", email=f"{PERSON.lower()}@example.org")
        officer = accounts.actor_of_person(by)
        asked = triage.submission(session, **SAID)
        row = asked.innovation
        outcome = triage.conclude(session, asked, triage.ASK, officer)
        triage.settle(session, outcome)
        token = feedback.invite(session, outcome.id, person_id=by.id, at=NOW).rpartition("/")[2]
        feedback.give(session, token, Answer.PARTLY, SECRET, at=NOW)
        twin = factories.make_innovation(session, supplier="Rival", name="Twin")
        copied = [COPY | {"says": f"Nearly the same text comes again, and was left out of this list: {SECRET} test"}]
        beside = factories.make_proposal(session, innovation=twin, flags=copied)
        rejected = factories.make_proposal(session, innovation=row)
        reason = Reason(ReasonCode.OTHER, note=f"We have {SECRET} test.")
        rejected.decide(Verdict.REJECTED, by=by.id, by_name=by.name, at=NOW, reason=reason)
        lapsed = factories.make_proposal(session, innovation=row)
        confirmed = place_answers.announced(session, innovation=row)
        question = place_answers.introduced(session, confirmed)
        referral = referring.refer(session, row.id, merges.body(session).id, reason=SECRET, actor=officer, at=NOW)
        session.add(Merge(kept_id=twin.id, merged_id=row.id, merged_at=NOW, merged_by=by.id, merged_by_name=by.name, note=SECRET))
        session.flush()
        session.scalars(select(Merge)).one().undo(by=by.id, by_name=by.name, at=NOW)
        mailing.post(session, "sign_in_link", mailing.to_person(by), once_key="own", at=NOW, name=by.name, token="t", minutes=1)
        proposals = [beside, rejected, lapsed, confirmed]
        ids = {
            "innovation_id": [row.id, twin.id],
            "other_id": [row.id],
            "need_id": [each.need_id for each in proposals],
            "proposal_id": [each.id for each in proposals],
            "submission_id": [asked.id],
            "place_answer_id": [question.id, *session.scalars(select(PlaceAnswer.id))],
            "referral_id": [referral.id],
            "person_id": [by.id],
            "name": list(ReportName),
        }
        return (row.id, by.id), {name: [str(each) for each in found] for name, found in ids.items()}

    (innovation_id, person_id), ids = make(live)
    with database.transaction() as session:
        erasing.delete_innovation(session, innovation_id, actor=SYSTEM, at=place_answers.ANNOUNCED)
        factories.make_person(session, Role.LEAD)
        erasing.erase_person(session, person_id, actor=SYSTEM, at=place_answers.ANNOUNCED)
        ids["message_id"] = [str(each) for each in session.scalars(select(Message.id))]
    return ids


def addresses(app: Any, ids: dict[str, list[str]]) -> list[str]:
    """Every address that is read, with each of the ids that it takes; links are not among them, which are secrets."""
    found = []
    for path in sorted(path for method, path, _ in authorisation.routes(app) if method == "GET"):
        made = [path]
        for name in re.findall(r"{(\w+)}", path):
            made = [each.replace(f"{{{name}}}", value) for each in made for value in ids.get(name, ())]
        found += [f"{each}{query}" for each in made for query in ("", *QUERIES.get(path, ()))]
    return found


def test_nothing_fails_and_nothing_is_told_after_an_erasure(app, client, client_as, client_with_key, erased):
    browsers = [client_as(role) for role in Role if role is not Role.PIPELINE]
    askers = [client, client_as(Role.PLACE, place="WAK"), *browsers, client_with_key(Role.PIPELINE)]

    for url in addresses(app, erased):
        for number, asker in enumerate(askers):
            reply = asker.get(url, headers={"Accept": "text/html, application/json"}, follow_redirects=False)
            unavailable = reply.status_code == 503 and (url == "/health/ready" or "RankingUnavailable" in reply.text)  # without encoder
            assert reply.status_code < 500 or unavailable, (url, number, reply.text)
            assert not re.findall(f"{SECRET}|{PERSON}", reply.text, re.IGNORECASE), (url, number)


@pytest.mark.both
def test_a_proposal_of_it_says_that_it_was_deleted(hub, erased):
    _, *own = erased["proposal_id"]
    replies = [hub.get(f"/api/v1/proposals/{each}") for each in own]
    pages = [read(hub, f"/proposals/{each}") for each in own]

    assert [reply.status_code for reply in (*replies, *pages)] == [200] * 6
    assert {(reply.json()["innovation"]["name"], reply.json()["innovation"]["id"]) for reply in replies} == {
        ("Deleted", erased["innovation_id"][0])
    }
    assert all("Deleted" in words(page.text) and f'/innovations/{erased["innovation_id"][0]}"' not in page.text for page in pages)
    listed = hub.get("/api/v1/proposals?state=superseded").json()["items"]
    assert {each["id"] for each in listed} == set(own)


def test_what_was_erased_before_versions_kept_their_shape_is_shown_too(hub, erased, database):
    with database.transaction() as session:
        row = session.get(Proposal, UUID(erased["proposal_id"][-1]))
        row.innovation_as_judged.content = {"fields": {}, "codes": {}, "facts": {}}

    shown = [
        hub.get(f"{where}/{erased['proposal_id'][-1]}", headers=accept)
        for where, accept in (("/api/v1/proposals", {}), ("/proposals", PAGE))
    ]

    assert [reply.status_code for reply in shown] == [200, 200]
