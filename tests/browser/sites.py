"""A served app with the real encoder, a few texts, people of every role, and whatever the parts of the cases put into it."""

import threading
import time
from collections import ChainMap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import uvicorn
from fastapi import FastAPI

import migrations
from api.main import create_app
from api.services import intake
from api.services.content import InnovationContent, NeedContent
from api.settings import Settings
from models.actors import SYSTEM
from models.documents import Side
from models.people import Role
from models.queries import proposals
from tests import factories
from tests.browser import cases
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING

PEOPLE = {"hub": Role.HUB, "lead": Role.LEAD, "leeds": Role.PLACE, "innovator": Role.INNOVATOR, "board": Role.BOARD}
"""Who can sign in to a site, each as NAME@example.org with the password of the factories."""
_MUST_HAVES = [{"kind": "dtac", "value": ""}, {"kind": "minimum_stage", "value": "ADOPTION"}, {"kind": "no_smartphone", "value": ""}]


@dataclass(frozen=True, slots=True)
class Site:
    """Where the app is served, and what stands in it; `names` has everything that the address of a case may name."""

    address: str
    app: FastAPI
    names: Mapping[str, str | UUID]
    need: UUID
    innovation: UUID
    unfit: UUID
    held: UUID
    proposal: UUID

    def path(self, template: str) -> str:
        """The address of a case on this site."""
        return template.format(**self.names)


@contextmanager
def served(home: Path, encoder_folder: Path) -> Iterator[Site]:
    """A filled site on a port of its own, as long as the block lasts; it has ranked all that it holds when the block begins."""
    unlimited = {"reads_per_minute": 0, "writes_per_minute": 0, "links_per_hour": 0}  # one address asks for everybody here
    settings = Settings(home=home, log_level="ERROR", port=0, demo=True, **unlimited)
    migrations.upgrade(settings.url)
    app = create_app(settings)
    app.state.libraries._encoder_folder = encoder_folder
    texts = _fill(app)
    names = _fill_parts(app)
    app.state.runner.sweep()
    app.state.runner.run_due()  # embeds, ranks and proposes before anybody looks: no page changes under the eyes
    own = texts | {"proposal": _first_proposal(app, texts["need"])}
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Site(f"http://127.0.0.1:{port}", app, ChainMap(dict(own), names), **own)
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def _fill(app: FastAPI) -> dict[str, UUID]:
    """A need with must-haves, an innovation that fits it, one that fits nothing, and one that is held; the people."""
    at = datetime.now(UTC)
    offered = {
        "stage": "ADOPTION",
        "standards": [{"type": "DTAC", "has_met": "YES"}],
        "evidences": [{"submit_type": "REAL_WORLD", "summary": "Fewer visits in two clinics.", "dated_on": "2025-03-01"}],
        "supplier": "Example supplier",
    }
    held = {"name": "Nobody agreed yet", "problems_tackled": "Long waits.", "how_it_works": "A list that is shared."}
    bodies = {"innovation": ADHD_TEST | offered, "unfit": WOUND_DRESSING, "held": held}
    with app.state.database.transaction() as session:
        for name, role in PEOPLE.items():
            factories.make_person(session, role, email=f"{name}@example.org", name=f"{name.title()} officer")
        need = intake.create(
            session, Side.NEED, NeedContent.model_validate(ADHD_NEED | {"criteria": _MUST_HAVES}), actor=SYSTEM, at=at, submit_too=True
        )
        need.illustrative, need.source, need.source_url = ["criteria"], "A public report", "https://example.org/report"
        said = {
            name: intake.create(session, Side.INNOVATION, InnovationContent.model_validate(body), actor=SYSTEM, at=at, submit_too=True).id
            for name, body in bodies.items()
        }
        return {"need": need.id, **said}


def _fill_parts(app: FastAPI) -> dict[str, str | UUID]:
    """What the cases of every part need, by name; two parts that take the same name are told so."""
    names: dict[str, str | UUID] = {}
    for part in cases.parts():
        with app.state.database.transaction() as session:
            given = part.fill(session, datetime.now(UTC))
        taken = set(given) & (set(names) | {"need", "innovation", "unfit", "held", "proposal"})
        assert not taken, f"Another part names {sorted(taken)} already."
        names |= given
    return names


def _first_proposal(app: FastAPI, need_id: UUID) -> UUID:
    with app.state.database.reading() as session:
        return proposals.of_document(session, SYSTEM, need_id=need_id)[0].id
