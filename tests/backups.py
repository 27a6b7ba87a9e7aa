"""Installations to back up and to restore, one of them with the strangest rows that its columns take."""

import random
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

import migrations
from api.db import Database
from api.jobs.context import Context
from api.jobs.runner import Runner
from api.services import accounts, delivering, demo, intake, mailing, posting, proposing
from api.services.auditing import keep_head
from api.services.backing_up import back_up, heads_file
from api.services.backup_files import tables
from api.services.content import InnovationContent, NeedContent
from api.services.envelopes import Sender
from api.services.library import Libraries
from api.services.recording import record
from api.services.transports import FileTransport
from api.settings import Settings
from models.actors import SYSTEM
from models.decisions import Reason, Verdict
from models.documents import Side
from models.events import Event
from models.imports import ImportBatch, ImportRow
from models.passages import Vector
from models.people import KnownDevice, Role
from models.pipeline import PipelineStage, StageChange
from models.queries import mail
from models.queries import tables as all_tables
from tests import factories, mails
from tests.lives import live
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING, now

STRANGE = ("", "two\nlines\r\n", 'quo"tes \\ and /', "‘curly’ — dash", "e\u0301 and é", "😀 beyond the first plane", "\u2028\ufeff", "=1+1")
SAID = (
    (Side.NEED, NeedContent, ADHD_NEED),
    (Side.INNOVATION, InnovationContent, ADHD_TEST),
    (Side.INNOVATION, InnovationContent, WOUND_DRESSING),
)


class Installation:
    """A home and its database."""

    def __init__(self, home: Path, database_url: str, opened) -> None:
        home.mkdir()
        self.settings = Settings(home=home, database_url=database_url)
        migrations.upgrade(self.settings.url)
        self.database = Database(self.settings.url)
        self.libraries = Libraries(encoder_folder=home, snapshot_folder=self.settings.snapshot_folder)
        self.libraries._encoder, self.libraries._ranker = opened

    def close(self):
        """Let go of the database, as a service that was stopped does; it opens again by itself."""
        self.database.dispose()

    def back_up(self, file, **options):
        """Write a backup of now."""
        return back_up(self.database, file, heads=heads_file(self.settings), at=now(), **options)

    def keep_head(self):
        """Keep the head of the chain outside the database."""
        with self.database.reading() as session:
            return keep_head(session, self.settings.heads_folder, at=now())

    def rows(self):
        """Every row that a backup holds, by table."""
        with self.database.reading() as session:
            return {table.name: [dict(row) for rows in all_tables.read(session, table, chunk=50) for row in rows] for table in tables()}

    def answers(self):
        """What a text is answered now: every probability, feature and quoted word."""
        with self.database.reading() as session:
            content = NeedContent.model_validate(ADHD_NEED)
            found = proposing.matches_of_text(session, self.libraries, Side.NEED, content, actor=SYSTEM)
            return [match.judgement for match in found.matches]


@pytest.fixture
def install(tmp_path, opened, request):
    """Make a home with an empty database of a kind, at the newest step."""
    made = []

    def make(kind="sqlite"):
        url = request.getfixturevalue("make_postgresql_database")() if kind == "postgresql" else ""
        made.append(Installation(tmp_path / uuid4().hex, url, opened))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def small(install, tmp_path):
    """An installation with a few rows and a sealed chain; nobody serves it."""
    made = install()
    with made.database.transaction() as session:
        proposal = factories.make_proposal(session)
        person = factories.make_person(session)
        decide(session, proposal, person)
        record(session, Event.of("match.shown", subject_kind="proposal", subject_id=proposal.id, actor="-", at=now(), rank=1), at=now())
        session.flush()
        delivering.seal(session, at=now())
    made.keep_head()
    made.close()
    return made


@pytest.fixture
def backup(small, tmp_path):
    """A backup of the small installation."""
    file = tmp_path / "small.zip"
    small.back_up(file)
    small.close()
    return file


def fill(made):
    """Rows in every table: some said, embedded and proposed, the demonstration, and strange ones."""
    chance = random.Random(20)  # noqa: S311 -- the same rows each time
    with made.database.transaction() as session:
        demo.bring_in_places(session)
        for side, kind, said in SAID:
            intake.create(session, side, kind.model_validate(said), actor=SYSTEM, at=now(), submit_too=True)
    Runner(Context(made.database, made.libraries, made.settings)).run_due()
    with made.database.transaction() as session:
        demo.bring_in(session, at=now())
        person = factories.make_person(session, Role.HUB, name=STRANGE[5])
        factories.make_person(session, Role.PLACE)
        factories.make_key(session)
        accounts.start_session(session, person.id, at=now(), hours=1)
        session.add(KnownDevice(token_hash="f" * 64, person_id=person.id, seen_at=now(), expires_at=now()))
        session.add(Vector(text_hash="ab" * 32, encoder_id="other", dimension=2, data=bytes(range(8))))
        _import(session)
        mails.make_mail(session, person, subject=STRANGE[1], body=STRANGE[2])
        mails.stop_token(session, person)
        mailing.preference(session, person.id)
        mail.suppress(session, "ab" * 32, at=now())
        for words in STRANGE:
            fraction = chance.random()
            need = factories.make_need(session, problem=words, by_when=date(2026, 12, 31), title=words or "untitled")
            proposal = factories.make_proposal(session, need, probability=fraction, features=[fraction, 1e-300, -0.5, 12345678901.5])
            decide(session, proposal, person)
    with made.database.transaction() as session:
        live(session, person)
        out = FileTransport(made.settings.home / "mail")  # what has not left is in doubt after a restore, which has a test of its own
        posting.deliver_due(session, out, Sender.of(made.settings), at=now())
    with made.database.transaction() as session:
        delivering.seal(session, at=now(), limit=100_000)


def decide(session, proposal, person):
    """A verdict, its undoing and another one: of the three rows the second points to the first."""
    said = {"by": person.id, "by_name": person.name, "at": now()}
    proposal.decide(Verdict.CONFIRMED, reason=Reason(), **said)
    session.flush()
    proposal.undo(window_seconds=60, **said)
    session.flush()
    proposal.skip(by=person.id, at=now())
    proposal.decide(Verdict.CONFIRMED, reason=Reason(note="yes"), **said)
    place = factories.make_place(session)
    step = StageChange(proposal_id=proposal.id, place_id=place.id, stage=PipelineStage.INTRODUCED, on_date=date(2026, 1, 1))
    step.changed_at, step.changed_by = now(), "-"
    session.add(step)
    session.flush()


def _import(session):
    batch = ImportBatch(side=Side.NEED, file_name=STRANGE[3], file_hash="0", created_by="-", created_at=now())
    batch.rows = [
        ImportRow(line=line, data={"problem": words, "nested": [{"b": 1, "a": None}]}, problems=[]) for line, words in enumerate(STRANGE)
    ]
    session.add(batch)
