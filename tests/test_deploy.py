"""What an operator installs names only settings, commands and options that there are."""

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import PARTS, app
from api.settings import Settings

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMMAND = re.compile(r"^ExecStart=/opt/matching/bin/matching (.+)$", re.MULTILINE)
SETTING = re.compile(r"^(MATCHING_\w+)=(.*)$", re.MULTILINE)


def example() -> dict[str, str]:
    return dict(SETTING.findall((DEPLOY / "matching.env.example").read_text(encoding="utf-8")))


def test_the_example_names_settings_that_there_are_and_values_that_they_take():
    names = {f"MATCHING_{name.upper()}" for name in Settings.model_fields}

    assert example().keys() <= names
    assert Settings.model_validate({name.removeprefix("MATCHING_").lower(): value for name, value in example().items()}).service_mode


def test_every_line_of_the_example_is_a_comment_or_a_setting_with_a_comment_above():
    lines = (DEPLOY / "matching.env.example").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line and not line.startswith("# ") and not SETTING.fullmatch(line)] == []
    assert [line for before, line in pairwise(lines) if SETTING.fullmatch(line) and not before] == []


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_with_options_that_it_has(unit):
    (command,) = COMMAND.findall(unit.read_text(encoding="utf-8"))
    name, *arguments = command.split()
    options = {argument for argument in arguments if argument.startswith("--")}

    told = CliRunner().invoke(app, [name, "--help"]).output

    assert name in PARTS
    assert {option for option in options if option not in told} == set()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_systemd_reads_every_unit_without_a_word(tmp_path):
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/matching/bin/matching", sys.executable)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")

    ended = subprocess.run(
        ["systemd-analyze", "verify", *sorted(tmp_path.iterdir())],  # noqa: S607 -- of the machine
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_every_part_is_stopped_with_the_target_and_told_in_the_readme():
    readme = (DEPLOY.parent / "README.md").read_text(encoding="utf-8")
    lasting = {unit.name for unit in UNITS if "Restart=always" in unit.read_text(encoding="utf-8")}

    assert lasting == {"matching-api.service", "matching-worker.service", "matching-bulk.service", "matching-beat.service"}
    assert all("PartOf=matching.target" in (DEPLOY / "systemd" / name).read_text(encoding="utf-8") for name in lasting)
    assert {unit.name for unit in UNITS if unit.stem not in readme} == set()
