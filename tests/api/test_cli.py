import fcntl
import inspect
import json
import resource
import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

import migrations
from api.cli import PARTS
from api.cli.faults import told
from api.cli.shell import newest_step
from api.services import columns
from api.services.demo import ACCOUNTS, ACCOUNTS_FILE
from api.settings import settings as read_settings
from models.documents import Side

ROOT = Path(__file__).parents[2]
NEEDS = "title,problem,places\nPeople fall,Older people who fall at home wait too long for help,LDS\n"
PASSWORD = "a long enough password"


def said(result):
    """The one JSON object on standard output."""
    return json.loads(result.stdout)


def test_the_help_names_every_command_as_its_own_module_tells_it(cli):
    shown = " ".join(cli("--help").stdout.split())

    for name, (module, summary) in PARTS.items():
        command = getattr(import_module(f"api.cli.{module}"), f"{name}_command")
        about = command.info.help if isinstance(command, typer.Typer) else inspect.getdoc(command)
        assert about == summary
        assert f"{name} {summary}" in shown


def test_the_help_costs_little_and_loads_nothing_heavy():
    heavy = ("torch", "faiss", "onnxruntime", "tantivy", "sqlalchemy", "fastapi", "rich", "numpy")
    script = f"import sys; from api.cli import app\ntry: app(['--help'])\nfinally: assert not set({heavy}) & set(sys.modules)"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_an_unknown_command_is_a_fault_of_usage(cli):
    assert "No such command" in cli("frobnicate", status=2).stderr


def test_a_command_before_init_says_so_and_makes_nothing(cli, home):
    assert "matching init" in cli("users", "list", status=1).stderr

    assert not (home / "matching.sqlite").exists()


def test_init_may_run_again(cli, home):
    first, second = said(cli("init", "--json")), said(cli("init", "--json"))

    assert first == second == {"home": str(home), "revision": first["revision"]}
    assert "are ready" in cli("init").stderr


def test_a_database_of_another_version_is_told(cli, home):
    (home / "matching.sqlite").write_bytes(b"")

    assert "of another version" in cli("events", status=1).stderr


def test_the_demonstration_is_brought_in_once_and_tells_how_to_sign_in(ready, home):
    assert said(ready("demo", "--json")) == {"new_documents": 153, "accounts_file": str(home / ACCOUNTS_FILE)}

    again = ready("demo")

    assert "innovations: 0" in again.stderr
    assert all(account.email in again.stdout for account in ACCOUNTS)
    assert (home / ACCOUNTS_FILE).read_text().split("password: ")[1].split()[0] in again.stderr


@pytest.mark.parametrize("side", ["needs", "innovations"])
def test_the_template_comes_out_as_it_goes_in(ready, home, side):
    made = ready("import", "--side", side, "--template").stdout
    (home / "template.csv").write_text(made)

    report = said(ready("import", home / "template.csv", "--side", side, "--dry-run", "--json"))

    assert made == columns.template(Side(side.removesuffix("s")))
    assert (report["status"], report["total_rows"]) == ("checked", 1)


def test_an_import_is_told_in_words_and_in_json(ready, home):
    (home / "one.csv").write_text(NEEDS)
    (home / "two.csv").write_text(NEEDS.replace("People", "Others"))

    assert "Rows stored: 1." in ready("import", home / "one.csv", "--side", "needs").stderr
    assert said(ready("import", home / "two.csv", "--side", "needs", "--json"))["status"] == "complete"


def test_a_bad_row_ends_with_status_one_and_a_table(ready, home):
    (home / "bad.csv").write_text(NEEDS + ",Nobody,LDS\nRing,Ring 9434765919 first,LDS\n")

    result = ready("import", home / "bad.csv", "--side", "needs", status=1)
    assert "Rows to mend: 1 of 3" in result.stdout
    assert "Line 4: A ten-digit number" in result.stderr
    assert "Nothing was stored" in result.stderr

    partial = ready("import", home / "bad.csv", "--side", "needs", "--partial")
    assert "Rows stored: 2." in partial.stderr


def test_a_held_innovation_is_told(ready, home):
    (home / "held.csv").write_text("name\nSensor\n")

    assert "nobody consented to matching: 1" in ready("import", home / "held.csv", "--side", "innovations").stderr


def test_a_file_that_is_no_csv_of_ours_is_told_to_people_and_machines(ready, home):
    (home / "odd.csv").write_text("colour\nred\n")

    result = ready("import", home / "odd.csv", "--side", "needs", "--json", status=1)

    assert said(result)["problems"][0]["kind"] == "no_header"
    assert "Take the template" in result.stderr


@pytest.mark.parametrize(("arguments", "status", "words"), [((), 2, "Name the file"), (("none.csv",), 1, "No such file")])
def test_an_import_without_its_file_is_told(ready, arguments, status, words):
    assert words in ready("import", *arguments, "--side", "needs", status=status).stderr


def test_what_was_imported_is_encoded_ranked_and_indexed(ready, home):
    (home / "one.csv").write_text(NEEDS)
    ready("import", home / "one.csv", "--side", "needs")

    assert said(ready("embed", "--json")) == {"encoded": 1, "left": 0}
    assert "Ranked: 1." in ready("propose").stderr
    assert said(ready("propose", "--json")) == {"ranked": 0, "left": 0}
    assert list((home / "snapshots").rglob(said(ready("index", "--json"))["snapshot"]))
    assert "Wrote the snapshot" in ready("index").stderr


def test_without_an_encoder_nothing_is_embedded_and_the_remedy_is_told(ready, home):
    (home / "encoder" / "all-MiniLM-L6-v2").unlink()

    assert "matching encoder export" in ready("embed", status=1).stderr


def test_the_encoder_is_shown_and_not_replaced_by_chance(cli):
    shown = said(cli("encoder", "show", "--json"))

    assert (shown["id"], shown["dimension"]) == ("all-MiniLM-L6-v2@7ffc6555e160", 384)
    assert "384" in cli("encoder", "show").stdout
    assert "--again" in cli("encoder", "export", status=1).stderr


def test_an_evaluation_is_one_json_object_or_a_table(cli, tmp_path):
    folder = tmp_path / "folder"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text('{"_id": "i1", "text": "A test of attention"}\n{"_id": "i2", "text": "A foam dressing"}\n')
    (folder / "queries.jsonl").write_text('{"_id": "n1", "text": "ADHD assessment"}\n{"_id": "n2", "text": "Parking at the hospital"}\n')
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nn1\ti1\t3\nn2\ti2\t0\n")

    found = said(cli("evaluate", folder, "--json", "--run-file", tmp_path / "run.trec"))
    shown = cli("evaluate", folder, "--without-codes", "--pool", "judged").stdout

    assert list(found)[:4] == ["dataset", "queries", "systems", "abstention"]
    assert (found["abstention"]["answerable"], found["abstention"]["unanswerable"]) == (1, 1)
    assert (tmp_path / "run.trec").read_text().startswith("n1 Q0 i1 1 ")
    assert "Ours above" in shown
    assert "Nothing fits" in shown


def test_an_evaluation_tells_what_it_left_out_and_shows_no_figure_that_it_has_not(cli, tmp_path):
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text('{"_id": "i1", "text": "A foam dressing", "metadata": {"stage": "IV"}}\n')
    (tmp_path / "queries.jsonl").write_text('{"_id": "n1", "text": "ADHD assessment"}\n{"_id": "n2", "text": "Parking"}\n')
    (tmp_path / "qrels" / "dev.tsv").write_text("n1\ti1\t0\n")

    ended = cli("evaluate", tmp_path)

    assert "does not judge, and that are left out: 1" in ended.stderr
    assert "stage holds 'IV'" in ended.stderr
    assert "Nothing fits" in ended.stdout
    assert "nDCG" not in ended.stdout


def test_a_malformed_folder_is_told_by_line(cli, tmp_path):
    (tmp_path / "corpus.jsonl").write_text("not json\n")

    assert "corpus.jsonl" in cli("evaluate", tmp_path, status=1).stderr


def test_users_are_added_changed_and_closed(ready, home):
    (home / "secret").write_text(PASSWORD + "\r\n")
    ready("users", "add", "officer@example.org", "--name", "Officer", "--role", "hub", "--password-file", home / "secret")
    ready("users", "add", "l@example.org", "--name", "Lead", "--role", "place", "--place", "LDS", "--password-file", "-", input=PASSWORD)
    ready("users", "role", "officer@example.org", "--role", "innovator", "--organisation", "Small Firm Ltd")
    ready("users", "role", "officer@example.org", "--role", "hub", "--remove")
    ready("users", "password", "officer@example.org", "--password-file", "-", input=PASSWORD + "!")
    ready("users", "deactivate", "l@example.org")

    assert said(ready("users", "list", "--json"))["users"] == [
        {"email": "l@example.org", "name": "Lead", "active": False, "roles": ["place"]},
        {"email": "officer@example.org", "name": "Officer", "active": True, "roles": ["innovator"]},
    ]
    assert "officer@example.org" in ready("users", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("add", "a@example.org", "--name", "A", "--role", "hub"), 1, "Nobody can be asked"),
        (("add", "a@example.org", "--name", "A", "--role", "hub", "--password-file", "-"), 1, "12 to 256"),
        (("add", "a@example.org", "--name", "A", "--role", "king", "--password-file", "-"), 2, "king"),
        (("role", "nobody@example.org", "--role", "hub"), 1, "Nobody has that"),
        (("password", "nobody@example.org", "--password-file", "-"), 1, "Nobody has that"),
    ],
)
def test_what_cannot_be_done_to_a_user_is_told(ready, arguments, status, words):
    assert words in ready("users", *arguments, status=status, input="short\n").stderr


def test_a_role_that_nobody_holds_cannot_be_taken(ready):
    ready("users", "add", "o@example.org", "--name", "O", "--role", "hub", "--password-file", "-", input=PASSWORD)

    assert "does not hold" in ready("users", "role", "o@example.org", "--role", "lead", "--remove", status=1).stderr


def test_a_key_is_shown_once_listed_and_revoked(ready):
    made = said(ready("keys", "add", "Pipeline", "--role", "pipeline", "--scope", "events", "--expires", "2099-01-01", "--json"))
    other = ready("keys", "add", "Reader", "--role", "board", "--scope", "read").stdout.strip()
    ready("keys", "revoke", made["prefix"])

    listed = said(ready("keys", "list", "--json"))["keys"]

    assert made["key"].startswith(f"mk_{made['prefix']}_")
    assert other.startswith("mk_")
    assert {row["name"]: (row["scopes"], row["in_force"]) for row in listed} == {
        "Pipeline": (["events"], False),
        "Reader": (["read"], True),
    }
    assert made["key"] not in ready("keys", "list").stdout


def test_a_key_decides_for_a_person_only(ready):
    arguments = ("keys", "add", "K", "--role", "hub", "--scope", "decide")
    assert "Name the person" in ready(*arguments, status=1).stderr
    ready("users", "add", "o@example.org", "--name", "O", "--role", "hub", "--password-file", "-", input=PASSWORD)

    assert ready(*arguments, "--person", "o@example.org").stdout.startswith("mk_")


def test_events_are_read_by_position(ready, home):
    (home / "one.csv").write_text(NEEDS)
    ready("import", home / "one.csv", "--side", "needs")
    ready("embed")  # the seal is owed before the encoding
    ready("propose")

    first = said(ready("events", "--limit", 1, "--json"))
    rest = said(ready("events", "--after", 1, "--json"))

    assert (first["events"][0]["position"], first["position"], first["more"]) == (1, 1, True)
    assert [row["position"] for row in rest["events"]] == list(range(2, len(rest["events"]) + 2))
    assert "need.opened" in ready("events").stdout
    assert "Go on with --after 1." in ready("events", "--limit", 1).stderr


def test_the_doctor_finds_a_sound_installation_well(ready):
    found = said(ready("doctor", "--json"))

    assert found["well"]
    assert {check["name"] for check in found["checks"]} >= {"database", "encoder", "port"}
    assert "WRONG" not in ready("doctor", "--retry").stdout


def test_the_doctor_ends_with_status_one_and_makes_nothing(cli, home):
    result = cli("doctor", status=1)

    assert "There is none yet." in result.stdout
    assert not (home / "matching.sqlite").exists()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MATCHING_PORT", "many", "MATCHING_PORT"),
        ("MATCHING_DATABASE_URL", "nonsense", "matching doctor"),
        ("MATCHING_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing", "matching doctor"),
        ("MATCHING_HOME", "/proc/none", "Check the path"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told(cli, monkeypatch, name, value, words):
    monkeypatch.setenv(name, value)
    read_settings.cache_clear()

    assert words in cli("init", status=1).stderr


def test_a_taken_port_is_told_before_anything_else_is_done(cli, home, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("MATCHING_PORT", str(other.getsockname()[1]))
        read_settings.cache_clear()

        assert "MATCHING_PORT" in cli("run", status=1).stderr
    assert not (home / "matching.sqlite").exists()


@pytest.mark.parametrize("command", ["serve", "run"])
def test_a_home_is_served_by_one_process_at_a_time(ready, home, command):
    with (home / "serving.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        assert "serves" in ready(command, status=1).stderr


def test_what_nobody_foresaw_keeps_its_traceback():
    assert told(ValueError("surprise")) is None
    assert told(OSError("no file named")) is None


def test_the_newest_step_is_the_one_that_alembic_names():
    assert newest_step() == migrations.head()
