"""No route that reads tells anybody of a document that they may not read: in a list, a search, a report or beside another."""

import re
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from models.documents import Side, Visibility
from models.grants import Policy, Subject
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.policies import INNOVATION_READ, NEED_READ, PROPOSAL_READ
from models.subjects import subject_of
from tests import authorisation, factories
from tests.api.test_policies import quiet_app

READ = {Side.NEED: NEED_READ, Side.INNOVATION: INNOVATION_READ}
ROUTES = sorted(path for method, path, _ in authorisation.routes(create_app(Settings(reads_per_minute=0))) if method == "GET")
TOLD_OF = {"need_id": Side.NEED, "innovation_id": Side.INNOVATION}


@dataclass(frozen=True)
class Marked:
    """A document whose title is a word that nothing else holds."""

    word: str
    id: UUID
    policy: Policy
    subject: Subject


@pytest.fixture(scope="module")
def walked(tmp_path_factory) -> Any:
    app = quiet_app(tmp_path_factory.mktemp("home"))
    with app.state.database.transaction() as session:
        askers = {name: authorisation._asker(session, name) for name in authorisation.ASKERS}
        marked, proposals = [], []
        needs, innovations = list(_needs(session)), list(_innovations(session))
        for side, rows in ((Side.NEED, needs), (Side.INNOVATION, innovations)):
            marked += [Marked(_word(row), row.id, READ[side], subject_of(row)) for row in rows]
        for need, innovation in zip(needs, innovations * 2, strict=False):
            row = factories.make_proposal(session, need, innovation)
            proposals.append(Marked("", row.id, PROPOSAL_READ, subject_of(row)))
    yield app, askers, marked, proposals
    app.state.database.dispose()


def _word(row: Any) -> str:
    return row.name_shown.split()[-1]


def _needs(session: Any) -> Any:
    said = product(("LDS", "WAK"), Visibility, (NeedStatus.OPEN, NeedStatus.DRAFT))
    for number, (place, visibility, status) in enumerate(said):
        owner = factories.make_place(session, place).id
        values = {"places": (place,), "owner_place_id": owner, "visibility": visibility, "status": status}
        yield factories.make_need(session, title=f"People wait for an ADHD assessment Needword{number:02}x", **values)


def _innovations(session: Any) -> Any:
    said = product(
        ("Example supplier", "Rival"), Visibility, (InnovationStatus.SUBMITTED, InnovationStatus.DRAFT, InnovationStatus.WITHDRAWN)
    )
    for number, (supplier, visibility, status) in enumerate(said):
        values = {"supplier": supplier, "visibility": visibility, "status": status}
        yield factories.make_innovation(session, name=f"Computer test of attention Innoword{number:02}x", **values)
    held = {"consent_at": None, "consent_by": ""}
    yield factories.make_innovation(session, supplier="Rival", name="Innoword99x", visibility=Visibility.PUBLIC, **held)


def test_public_partners_and_hub_only_are_told_apart(walked):
    _, askers, marked, _ = walked
    readable = {name: sum(each.policy.allows(asker.actor, each.subject) for each in marked) for name, asker in askers.items()}

    assert readable["hub"] == readable["lead"] == len(marked)
    assert readable["anonymous"] == readable["no role"] == 2 < readable["innovator"] < readable["place"] < len(marked)


@pytest.mark.parametrize("path", ROUTES)
def test_no_answer_names_what_the_asker_may_not_read(walked, path):
    app, askers, marked, proposals = walked
    client = TestClient(app, raise_server_exceptions=False)

    for name, asker in askers.items():
        mine = [each for each in marked if each.policy.allows(asker.actor, each.subject)]
        hidden = {each.word for each in marked} - {each.word for each in mine}
        for url in _urls(path, mine, [each for each in proposals if each.policy.allows(asker.actor, each.subject)]):
            client.cookies.clear()
            reply = client.get(url, headers=asker.headers | {"Accept": "text/html, application/json"}, follow_redirects=False)
            assert set(re.findall(r"(?:Need|Inno)word\d\dx", reply.text)) & hidden == set(), (name, url, reply.status_code)


def _urls(path: str, mine: list[Marked], proposals: list[Marked]) -> list[str]:
    """The route with what the asker may read in the place of its parameter; none when it takes another."""
    parameters = re.findall(r"{(\w+)}", path)
    if not parameters:
        return [path]
    (parameter, *more) = parameters
    rows = proposals if parameter == "proposal_id" else [each for each in mine if each.policy is READ.get(TOLD_OF.get(parameter, ""))]
    return [] if more else [path.replace(f"{{{parameter}}}", str(each.id)) for each in rows[:3]]
