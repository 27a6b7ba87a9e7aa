"""Files brought in on the walk's database, step by step."""

import io
import json

import pytest

from api.services import importing, staging
from models.actors import SYSTEM
from models.documents import Side
from tests.walk import now

NEEDS = "title,problem,places\nPeople fall,Older people who fall at home wait too long for help,LDS\n"
PROBLEM = "Older people who fall at home wait too long for help"


def send_record(client, said):
    """Bring a national record in by API; what it says is in no column of ours."""
    content = json.dumps({"version": 4, "INNOVATION_DESCRIPTION": {"name": "Sensor"}, "NEW": {"x": said}}).encode()
    return client.post("/api/v1/records", data={"unique_id": "INN-2501-0007-5"}, files={"file": ("record.json", content)})


@pytest.fixture
def stage(database):
    """Stage a file; returns the id of its import."""

    def staged(text, *, side=Side.NEED, actor=SYSTEM, **options):
        raw = text if isinstance(text, bytes) else text.encode()
        options.setdefault("file_name", "rows.csv")
        with database.reading() as session:
            checked = staging.check(session, side, io.BytesIO(raw), actor=actor, at=now(), **options)
        with database.transaction() as session:
            return staging.keep(session, checked, at=now()).id

    return staged


@pytest.fixture
def apply(database):
    """Apply an import to its end; returns its report."""

    def applied(import_id, *, chunk=staging.CHUNK):
        while take_next(database, import_id, chunk=chunk):
            pass
        return report_of(database, import_id)

    return applied


def take_next(database, import_id, *, chunk=staging.CHUNK):
    """Take one step of an import as its job does; returns whether there is more."""
    with database.reading() as session:
        step = importing.next_step(session, import_id, at=now(), chunk=chunk)
    if step is None:
        return False
    with database.transaction() as session:
        return importing.take(session, step, at=now())


def report_of(database, import_id, actor=SYSTEM):
    with database.reading() as session:
        return importing.report(session, import_id, actor=actor)


def problems_of(database, import_id):
    return [(row["line"], row["field"], row["kind"]) for row in report_of(database, import_id).problems]


def many(count, *, start=1):
    return "title,problem,places\n" + "".join(f"Fall {n},{PROBLEM} {n},LDS\n" for n in range(start, start + count))
