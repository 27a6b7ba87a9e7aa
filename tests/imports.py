"""Files brought in on the walk's database, step by step."""

import io

import pytest

from api.services import importing
from models.actors import SYSTEM
from models.documents import Side
from tests.walk import now

NEEDS = "title,problem,places\nPeople fall,Older people who fall at home wait too long for help,LDS\n"
PROBLEM = "Older people who fall at home wait too long for help"


@pytest.fixture
def stage(database):
    """Stage a file; returns the id of its import."""

    def staged(text, *, side=Side.NEED, actor=SYSTEM, **options):
        raw = text if isinstance(text, bytes) else text.encode()
        with database.transaction() as session:
            batch = importing.stage(session, side, io.BytesIO(raw), file_name="rows.csv", actor=actor, at=now(), **options)
            return batch.id

    return staged


@pytest.fixture
def apply(database):
    """Apply an import to its end; returns its report."""

    def applied(import_id, *, chunk=importing.CHUNK):
        more = True
        while more:
            with database.transaction() as session:
                more = importing.apply_next(session, import_id, at=now(), chunk=chunk)
        return report_of(database, import_id)

    return applied


def report_of(database, import_id, actor=SYSTEM):
    with database.reading() as session:
        return importing.report(session, import_id, actor=actor)


def problems_of(database, import_id):
    return [(row["line"], row["field"], row["kind"]) for row in report_of(database, import_id).problems]
