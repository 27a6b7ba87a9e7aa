"""The commands for rankers: train, list, show, activate, roll back."""

import json
from datetime import UTC, datetime

import pytest

from api.cli.working import libraries
from api.db import Database
from api.services.library import trained_file
from api.settings import settings
from models.decisions import Decision, ReasonCode, Verdict
from models.proposals import ProposalState
from tests import factories
from tests.rankers import DECIDED_FROM, decide
from tests.services.test_learning import judged_folder


@pytest.fixture
def stored(ready):
    """Store decisions on pairs that the packaged ranker judged, one in seven rejected for want of money."""

    def store(count):
        found = libraries()
        database = Database(settings().url)
        with database.transaction() as session:
            by = factories.make_person(session)
            needs = [factories.make_need(session, title=f"Need {number}") for number in range(min(count, 20))]
            for number, each in enumerate(decide(count)):
                innovation = factories.make_innovation(session, name=f"Innovation {number}")
                state = ProposalState.CONFIRMED if each.fits else ProposalState.REJECTED
                row = factories.make_proposal(session, needs[number % 20], innovation, state=state, features=list(each.features))
                row.run.ranker_hash, row.run.encoder_id = found.ranker.id, found.encoder.id
                why = ReasonCode.NO_BUDGET if number % 7 == 0 else ReasonCode.WRONG_SETTING
                row.decisions.append(
                    Decision(
                        verdict=Verdict.CONFIRMED if each.fits else Verdict.REJECTED,
                        decided_by=by.id,
                        decided_by_name=by.name,
                        decided_at=each.at,
                        reason_code=None if each.fits else why,
                        note="",
                    )
                )
        database.dispose()

    return store


def test_too_few_decisions_are_told(cli, stored):
    stored(10)

    assert "it takes" in cli("ranker", "train", status=1).stderr


def test_a_ranker_is_trained_shown_activated_and_taken_back(cli, stored, home, tmp_path):
    stored(70)

    trained = json.loads(cli("ranker", "train", "--name", "autumn", "--json").stdout)

    assert (trained["name"], trained["state"]) == ("autumn", "trained")
    assert list(trained["report"]["decisions"]["left_out"]) == ["rejected as no_budget, which says nothing about fit"]
    assert trained_file(home / "rankers", "autumn").is_file()
    assert "The ranker of the settings judges." in cli("ranker", "list").stderr
    assert json.loads(cli("ranker", "activate", "autumn", "--json").stdout)["state"] == "active"
    listed = cli("ranker", "list")
    assert "active" in listed.stdout
    assert "of the settings" not in listed.stderr
    assert json.loads(cli("ranker", "list", "--json").stdout)["rankers"][0]["activated_by"] == "system"
    assert "autumn-" in cli("evaluate", judged_folder(tmp_path)).stdout
    assert "autumn judges already" in cli("ranker", "activate", "autumn", status=1).stderr
    assert "trained ranker" in cli("doctor", status=1).stdout
    assert "The ranker of the settings judges again" in cli("ranker", "rollback").stderr
    assert "none to go back from" in cli("ranker", "rollback", status=1).stderr


def test_the_report_reads_before_and_after(cli, stored, tmp_path):
    stored(70)

    told = cli("ranker", "train", "--sets", judged_folder(tmp_path))
    again = cli("ranker", "show", f"trained-{today()}")

    assert again.stdout == told.stdout
    for words in ("confirmed", "left out", "later decisions", "other needs", "log loss", "Brier", "nDCG@10", "wy"):
        assert words in told.stdout
    assert "Not measured on fp7-dev, fp7-dev-reverse" in told.stderr
    assert "Only pairs that a ranker had put before the Hub" in told.stderr
    assert f"matching ranker activate trained-{today()}" in told.stderr
    assert json.loads(cli("ranker", "show", f"trained-{today()}", "--json").stdout)["report"]["sets"]


def test_activating_and_going_back_are_told(cli, stored):
    stored(70)
    for name in ("first", "second"):
        cli("ranker", "train", "--name", name)
        assert f"{name} judges now" in cli("ranker", "activate", name).stderr

    assert "first judges again" in cli("ranker", "rollback").stderr
    assert json.loads(cli("ranker", "rollback", "--json").stdout) == {"judges": None}


def test_decisions_from_a_day_on_are_left_out(cli, stored):
    stored(70)

    assert "30 more decisions (0 of 30)" in cli("ranker", "train", "--until", f"{DECIDED_FROM:%Y-%m-%d}", status=1).stderr


def test_the_day_from_which_decisions_are_left_out_is_london_s(cli, stored):
    stored(70)

    kept = json.loads(cli("ranker", "train", "--until", "2026-04-03", "--json").stdout)

    assert datetime.fromisoformat(kept["decided_to"]) == datetime(2026, 4, 2, 22, tzinfo=UTC)  # at 23:00 it is the third there


def test_a_day_of_a_year_that_is_none_of_ours_is_refused(cli):
    assert "1900 to 2200" in cli("ranker", "train", "--until", "0026-04-03", status=2).stderr


def test_a_damaged_active_ranker_is_told_by_the_doctor(cli, stored, home):
    stored(70)
    cli("ranker", "train", "--name", "autumn")
    cli("ranker", "activate", "autumn")
    trained_file(home / "rankers", "autumn").write_text("{}")

    assert "somebody changed it" in cli("doctor", status=1).stdout


def today():
    return f"{datetime.now(UTC):%Y-%m-%d}"
