"""Index files that are cut short or have one bit changed: noticed, answered from the rows, and written anew."""

import json
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from api.jobs.context import Context
from api.jobs.working import Work
from api.queue import Job
from api.services import delivering, indexing, proposing
from api.services.library import Libraries
from api.services.sweeping import owe_what_is_missing
from matcher.snapshot import CURRENT
from models.actors import SYSTEM
from models.documents import Side
from models.jobs import JobRow
from tests import factories
from tests.brute import BruteForce, assert_alike
from tests.faults.figures import show

DOCUMENTS = {Side.NEED: 6, Side.INNOVATION: 16}
SAID = {
    Side.NEED: ("title", "problem", "population", "desired_outcome", "metric", "care_settings"),
    Side.INNOVATION: ("name", "description", "problems_tackled", "how_it_works", "benefits", "care_settings"),
}
QUERIES = ("people wait for an assessment of attention", "wounds that heal slowly at home", "older people fall in care homes")


@dataclass(frozen=True)
class Installation:
    """What the faults are done to: rows, and the folder of their snapshots as it was written."""

    context: Context
    sound: Path
    brute: dict[Side, BruteForce]
    asked: dict[Side, str]

    def opened(self, folder):
        """A process that has just started on these files."""
        libraries = Libraries(encoder_folder=Path("unused"), snapshot_folder=folder)
        libraries._encoder, libraries._ranker = self.context.libraries.encoder, self.context.libraries.ranker
        return libraries


def now():
    return datetime.now(UTC)


@pytest.fixture
def installation(database, make, settings, encoder, encoder_folder, tmp_path):
    """Demonstration texts, embedded, and two snapshots of them, the second after a text was added."""
    libraries = Libraries(encoder_folder=encoder_folder, snapshot_folder=tmp_path / "sound")
    libraries._encoder = encoder
    ids = {side: [make(partial(stored, side=side, said=said)) for said in texts_of(side)] for side in Side}
    wanted = [(side, each) for side, own in ids.items() for each in own]
    embed_all(database, libraries, wanted[:-1])
    write(database, libraries)
    embed_all(database, libraries, wanted[-1:])
    write(database, libraries)
    with database.reading() as session:
        brute = {side: BruteForce(libraries.encoded(session, side, [str(each) for each in own])) for side, own in ids.items()}
    asked = {side: own[0] for side, own in ids.items()}
    return Installation(Context(database, libraries, settings), tmp_path / "sound", brute, asked)


def texts_of(side):
    rows = json.loads(files("api").joinpath(f"data/demo/{side}s.json").read_text(encoding="utf-8"))
    return [{name: row[name] for name in SAID[side] if row.get(name)} for row in rows[: DOCUMENTS[side]]]


def stored(session, *, side, said):
    make = factories.make_need if side is Side.NEED else factories.make_innovation
    return make(session, **said).id


def embed_all(database, libraries, wanted):
    with database.reading() as session:
        embeddings = indexing.embed(session, libraries, wanted)
    assert len(embeddings) == len(wanted)
    with database.transaction() as session:
        for each in embeddings:
            indexing.keep(session, each, at=now())
        delivering.seal(session, at=now())


def write(database, libraries):
    with database.reading() as session:
        return indexing.write_snapshot(session, libraries, at=now())


def assert_answers_are_those_of_brute_force(installation, libraries):
    """By meaning, by words, and ranked; for either side."""
    encoder, ranker = installation.context.libraries.encoder, installation.context.libraries.ranker
    with installation.context.database.reading() as session:
        for side, brute in installation.brute.items():
            view = libraries.view(session, side, SYSTEM)
            for text, vector in zip(QUERIES, encoder.encode(list(QUERIES)), strict=True):
                assert_alike(view.dense(vector, 10), brute.dense(vector, 10))
                assert_alike(view.lexical(text, 10), brute.lexical(text, 10))
            asked = str(installation.asked[side.other])
            expected = ranker.rank(installation.brute[side.other].fetch([asked])[asked], brute, limit=10).judgements
            matches = proposing.matches_of(session, libraries, side.other, installation.asked[side.other], actor=SYSTEM, limit=10).matches
            found = [each.judgement for each in matches]
            assert [(each.need_id, each.innovation_id) for each in found] == [(each.need_id, each.innovation_id) for each in expected]
            np.testing.assert_allclose([each.probability for each in found], [each.probability for each in expected], atol=1e-5)


def cut(data, chance):
    """Some of the file's end is missing."""
    return data[: chance.integers(len(data))]


def flip(data, chance):
    """One bit is another."""
    changed = bytearray(data)
    changed[chance.integers(len(data))] ^= 1 << int(chance.integers(8))
    return bytes(changed)


def sweep(context, libraries):
    """Look for what is missing, and do what is owed; returns whether a new snapshot was."""
    work = Work(Context(context.database, libraries, context.settings))
    with context.database.transaction() as session:
        session.query(JobRow).delete()
        owe_what_is_missing(
            session, libraries, encoder_id=libraries.encoder.id, at=now(), undo_window_seconds=600, snapshot_after_changes=10_000
        )
        owed = [row.id for row in session.query(JobRow).filter_by(name=Job.SNAPSHOT)]
    for job in owed:
        assert work.run(job)
    return bool(owed)


def read_files(folder):
    """The files that say something, and those of the older snapshot, which nobody reads while there is a newer one."""
    (pointer,) = folder.rglob(CURRENT)
    current = pointer.parent / pointer.read_text().split()[0]
    older = [path for path in pointer.parent.rglob("*") if path.is_file() and path != pointer and path.parent != current]
    return [pointer, *sorted(path for path in current.iterdir())], sorted(older)


@pytest.mark.parametrize(
    ("cuts", "flips"),
    [pytest.param(10, 20, id="30"), pytest.param(100, 200, id="300", marks=[pytest.mark.long, pytest.mark.timeout(1_200)])],
)
def test_every_damage_is_noticed_answered_from_the_rows_and_mended(installation, tmp_path, capsys, cuts, flips):
    chance, hit, began = np.random.default_rng(cuts), Counter(), time.monotonic()
    for number, damage in enumerate([*[cut] * cuts, *[flip] * flips]):
        folder = tmp_path / f"damaged-{number}"
        shutil.copytree(installation.sound, folder)
        telling, _ = read_files(folder)
        path = telling[number % len(telling)]
        path.write_bytes(damage(path.read_bytes(), chance))

        libraries = installation.opened(folder)
        assert_answers_are_those_of_brute_force(installation, libraries)

        assert "damaged" in libraries.degraded, path
        assert sweep(installation.context, libraries)
        assert_answers_are_those_of_brute_force(installation, libraries)
        assert libraries.degraded == ""
        assert_sound(installation, folder)
        hit[f"{damage.__name__} {path.name}"] += 1
        shutil.rmtree(folder)
    show(
        capsys,
        f"{cuts} index files cut short and {flips} with one bit flipped in {time.monotonic() - began:.0f} s, all noticed: {dict(hit)}",
    )


def assert_sound(installation, folder):
    """What a process finds that starts now."""
    libraries = installation.opened(folder)
    with installation.context.database.reading() as session:
        assert libraries.check_snapshot(session) == ""
        assert libraries.newest(session) is not None


@pytest.mark.parametrize("faults", [pytest.param(4, id="4"), pytest.param(40, id="40", marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_damage_to_an_older_snapshot_which_nobody_reads_changes_nothing(installation, tmp_path, faults):
    chance = np.random.default_rng(faults)
    for number in range(faults):
        folder = tmp_path / f"damaged-{number}"
        shutil.copytree(installation.sound, folder)
        _, older = read_files(folder)
        path = older[number % len(older)]
        path.write_bytes((cut, flip)[number % 2](path.read_bytes(), chance))

        libraries = installation.opened(folder)
        assert_answers_are_those_of_brute_force(installation, libraries)

        assert libraries.degraded == ""
        assert not sweep(installation.context, libraries)
        shutil.rmtree(folder)


def test_a_process_that_runs_notices_damage_to_a_newer_snapshot_and_goes_on(installation):
    libraries = installation.opened(installation.sound)
    assert_answers_are_those_of_brute_force(installation, libraries)
    write(installation.context.database, installation.context.libraries)
    (path,) = [each for each in read_files(installation.sound)[0] if each.name == "innovation.faiss"]
    path.write_bytes(flip(path.read_bytes(), np.random.default_rng(1)))

    assert_answers_are_those_of_brute_force(installation, libraries)

    assert "damaged" in libraries.degraded
    assert sweep(installation.context, libraries)
    assert_answers_are_those_of_brute_force(installation, libraries)
    assert libraries.degraded == ""
