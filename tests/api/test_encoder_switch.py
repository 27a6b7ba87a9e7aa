import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.db import Database
from api.settings import settings as read_settings
from matcher import rankers
from models.documents import Side
from models.passages import Vector
from models.queries import documents
from tests.matcher.networks import make_static_source

ROOT = Path(__file__).parents[2]
NEEDS = "title,problem,places\n" + "".join(
    f"Falls {n},Older people who fall at home wait too long for help number {n},LDS\n" for n in range(3)
)
INNOVATIONS = "name,description\n" + "".join(f"Sensor {n},A sensor that notices when people fall at home number {n}\n" for n in range(3))
KILLED = """
import os, signal, sys
from api.cli import app, switching as command
from api.services import indexing, switching

def dying(module, name, calls):
    inner, seen = getattr(module, name), []
    def call(*arguments, **options):
        seen.append(inner(*arguments, **options))
        if len(seen) == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return seen[-1]
    setattr(module, name, call)

command.DOCUMENTS_AT_ONCE = 2
dying({"switching": switching, "indexing": indexing}[sys.argv[1]], sys.argv[2], int(sys.argv[3]))
app(["encoder", "switch", sys.argv[4], "--yes", "--unfitted"])
"""


@pytest.fixture
def other(tmp_path_factory):
    """The folder of another encoder."""
    return make_static_source(tmp_path_factory.mktemp("sources") / "other").folder


@pytest.fixture
def filled(ready, home):
    """The command line of an installation with needs and innovations, encoded."""
    for side, rows in (("needs", NEEDS), ("innovations", INNOVATIONS)):
        (home / f"{side}.csv").write_text(rows)
        ready("import", home / f"{side}.csv", "--side", side, "--consent", "Form of the Hub, 2026")
    ready("embed")
    return ready


def encoders_in_use(home):
    """Who has embedded the documents, and how many vectors of each encoder are stored."""
    database = Database(read_settings().url)
    with database.reading() as session:
        used = [row.embedded_encoder.split("@")[0] for side in Side for row in documents.searchable_texts(session, side)]
        stored = [name.split("@")[0] for (name,) in session.query(Vector.encoder_id)]
    database.dispose()
    return {name: used.count(name) for name in set(used)}, {name: stored.count(name) for name in set(stored)}


def test_a_switch_is_reported_asked_for_and_taken_back(filled, home, other, tmp_path):
    (tmp_path / "judged" / "qrels").mkdir(parents=True)
    (tmp_path / "judged" / "corpus.jsonl").write_text('{"_id": "i1", "text": "A sensor for falls"}\n{"_id": "i2", "text": "Foam"}\n')
    (tmp_path / "judged" / "queries.jsonl").write_text('{"_id": "n1", "text": "People fall at home"}\n')
    (tmp_path / "judged" / "qrels" / "dev.tsv").write_text("n1\ti1\t3\n")
    before = encoders_in_use(home)

    refused = filled("encoder", "switch", other, "--judged", tmp_path / "judged", "--unfitted", input="n\n")

    assert "Shared" in refused.stdout
    assert "Difference, paired" in refused.stdout
    assert "were fitted on the vectors of all-MiniLM-L6-v2" in refused.stderr
    assert "Nothing was switched" in refused.stderr
    assert encoders_in_use(home)[0] == before[0] == {"all-MiniLM-L6-v2": 6}

    assert "is in use now" in filled("encoder", "switch", other, "--unfitted", input="y\n").stderr
    used, stored = encoders_in_use(home)
    assert used == {"other": 6}
    assert stored["all-MiniLM-L6-v2"] == before[1]["all-MiniLM-L6-v2"]
    assert json.loads(filled("encoder", "show", "--json").stdout)["name"] == "other"
    assert "in use already" in filled("encoder", "switch", other, status=1).stderr
    assert "were fitted on the vectors" in " ".join(filled("doctor", status=1).stdout.split())

    assert "is in use now" in filled("encoder", "switch", "--back").stderr
    assert encoders_in_use(home) == (before[0], stored)


def test_a_ranker_that_was_not_fitted_on_its_vectors_is_not_switched_to(filled, home, other, tmp_path):
    refused = filled("encoder", "switch", other, "--yes", status=1)
    unasked = filled("encoder", "switch", other)

    assert "Name it with --ranker, or say --unfitted." in refused.stderr
    assert "Nothing was switched" in unasked.stderr
    assert encoders_in_use(home)[0] == {"all-MiniLM-L6-v2": 6}
    assert "There is no ranker file" in filled("encoder", "switch", other, "--ranker", tmp_path / "none.json", status=1).stderr

    ranker = fitted_for(tmp_path, "other")
    switched = filled("encoder", "switch", other, "--ranker", ranker, "--yes")

    assert "were fitted on" not in switched.stderr
    assert encoders_in_use(home)[0] == {"other": 6}
    assert "mine-" in " ".join(filled("doctor").stdout.split())
    filled("encoder", "switch", "--back")
    assert "mine-" not in filled("doctor").stdout


def fitted_for(folder, encoder):
    """The shipped ranker file under another name, as if it had been fitted on the vectors of that encoder."""
    shipped = Path(rankers.__file__).parent / "data" / "rankers"
    shutil.copytree(shipped, folder / "rankers")
    path = folder / "rankers" / f"{rankers.DEFAULT}.json"
    stored = json.loads(path.read_text())
    path.write_text(json.dumps({**stored, "name": "mine", "encoder": encoder}))
    return path


def test_a_machine_is_told_and_switches_only_when_it_says_so(filled, home, other):
    told = json.loads(filled("encoder", "switch", other, "--json").stdout)
    switched = json.loads(filled("encoder", "switch", other, "--json", "--yes", "--unfitted").stdout)

    assert (told["switched"], told["report"]["documents"], len(told["report"]["overlaps"])) == (False, 6, 4)
    assert (switched["switched"], switched["left"]) == (True, 0)
    assert encoders_in_use(home)[0] == {"other": 6}


def test_an_encoder_with_prompts_has_a_folder_of_its_own(filled, home, other):
    filled("encoder", "switch", other, "--query-prompt", "who ", "--yes", "--unfitted")

    shown = json.loads(filled("encoder", "show", "--json").stdout)
    assert shown["prompts"] == {"need": "who "}
    assert "in use now" in filled("encoder", "switch", other, "--yes", "--unfitted").stderr
    assert json.loads(filled("encoder", "show", "--json").stdout)["prompts"] == {}


def test_nothing_is_switched_under_a_running_service(filled, home, other):
    with (home / "serving.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        refused = filled("encoder", "switch", other, "--yes", "--unfitted", status=1)

    assert "Stop it, say this again with --yes" in refused.stderr
    assert encoders_in_use(home)[0] == {"all-MiniLM-L6-v2": 6}


def test_a_switch_says_to_what(filled):
    assert "Say which encoder" in filled("encoder", "switch", status=1).stderr
    assert "Say which encoder" in filled("encoder", "switch", "other", "--back", status=1).stderr
    assert "no way back" in filled("encoder", "switch", "--back", status=1).stderr
    assert "must be pinned" in filled("encoder", "switch", "owner/name", status=1).stderr


def test_what_a_switch_wrote_down_and_somebody_damaged_is_told(filled, home):
    (home / "encoder" / "switched.json").write_text("{}")

    assert "Delete encoder/switched.json" in filled("embed", status=1).stderr


@pytest.mark.faults
@pytest.mark.parametrize(
    ("module", "name", "calls"),
    [("switching", "keep_beside", 2), ("switching", "switch", 1), ("indexing", "keep", 1), ("indexing", "keep", 5)],
)
def test_a_switch_that_is_killed_loses_nothing_and_goes_on(filled, home, other, module, name, calls):
    before = encoders_in_use(home)[1]["all-MiniLM-L6-v2"]
    script = [sys.executable, "-c", KILLED, module, name, str(calls), str(other)]
    killed = subprocess.run(script, cwd=ROOT, env=os.environ, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL

    if name == "keep_beside":
        assert encoders_in_use(home)[0] == {"all-MiniLM-L6-v2": 6}
        filled("encoder", "switch", other, "--yes", "--unfitted")
    else:
        filled("embed")  # what the service does by itself when it starts

    used, stored = encoders_in_use(home)
    assert used == {"other": 6}
    assert stored["all-MiniLM-L6-v2"] == before
    filled("encoder", "switch", "--back")
    assert encoders_in_use(home)[0] == {"all-MiniLM-L6-v2": 6}
