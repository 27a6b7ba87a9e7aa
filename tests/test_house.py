"""What is installed and under which terms: locked by hash, torch apart, no licence that would bind this one."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("build", "core", "encoder", "dev")
PERMISSIVE = re.compile(r"MIT|BSD|Apache|ISC|PSF|Zlib|CC0|BSL-1\.0|CNRI|Unlicense|DFSG approved", re.IGNORECASE)
WEAK = re.compile(r"LGPL|Lesser General Public|MPL|Mozilla Public", re.IGNORECASE)
UNMODIFIED = {  # used as they come, by import; neither is changed nor copied here
    "certifi": "MPL-2.0, tests only",
    "hypothesis": "MPL-2.0, tests only",
    "pathspec": "MPL-2.0, tests only",
    "psycopg": "LGPL-3.0, the driver of PostgreSQL",
    "psycopg-binary": "LGPL-3.0, the driver's compiled part",
    "python-stdnum": "LGPL-2.1-or-later, check digits",
    "tqdm": "MPL-2.0 and MIT, progress of the encoder's libraries",
}
SAID_ELSEWHERE = {"axe-playwright-python": "MIT", "vl-convert-python": "BSD"}  # their metadata are silent; their licence files say so
ENTRY = re.compile(r"^([a-z0-9][a-z0-9.-]*)(?:\[[a-z0-9,-]+\])?==([^\s;]+)(.*(?:\n {4}.*)*)", re.MULTILINE)


def locked(layer: str) -> dict[str, tuple[str, str]]:
    """Name -> (version, the rest of the entry) of one lock file."""
    text = (ROOT / "requirements" / f"{layer}.txt").read_text(encoding="utf-8")
    return {match[1]: (match[2], match[3]) for match in ENTRY.finditer(text)}


def canonical(name: str) -> str:
    """A package's name as the lock files write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("layer", LAYERS)
def test_every_locked_package_carries_hashes(layer: str) -> None:
    assert [name for name, (_, rest) in locked(layer).items() if "--hash=sha256:" not in rest] == []


def test_no_package_is_locked_twice() -> None:
    names = [name for layer in LAYERS for name in locked(layer)]

    assert sorted(names) == sorted(set(names))


def test_torch_stands_apart_and_brings_no_cuda() -> None:
    names = {name for layer in LAYERS for name in locked(layer)}

    assert (ROOT / "requirements" / "torch.txt").read_text(encoding="utf-8") == "torch==2.13.0\n"
    assert [name for name in names if name.startswith(("torch", "nvidia", "cuda", "triton"))] == []


def test_the_lock_files_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["encoder"],
    ]
    asked += [*project["dependency-groups"]["build"], *project["dependency-groups"]["dev"]]
    have = {name: version for layer in LAYERS for name, (version, _) in locked(layer).items()} | {"torch": "2.13.0"}

    assert {line for line in asked if have.get(canonical(line.partition("==")[0].partition("[")[0])) != line.partition("==")[2]} == set()


def test_no_licence_would_bind_ours() -> None:
    pip_licenses = [Path(sys.executable).parent / "pip-licenses", "--from=mixed", "--format=json", "--with-system"]
    rows = json.loads(subprocess.run(pip_licenses, capture_output=True, check=True, text=True).stdout)
    ours = {name for layer in LAYERS for name in locked(layer)} | {"torch"}
    licences = {canonical(row["Name"]): SAID_ELSEWHERE.get(canonical(row["Name"]), row["License"]) for row in rows}

    weak = {name for name in ours & set(licences) if WEAK.search(licences[name])}
    neither = {name: licences[name] for name in ours & set(licences) - weak if not all_permissive(licences[name])}

    assert weak == set(UNMODIFIED)
    assert neither == {}


def all_permissive(licence: str) -> bool:
    """Whether every part of a licence expression is one that asks for no more than its own text to be kept."""
    return all(PERMISSIVE.search(part) for part in re.split(r" AND |; ", licence))


def test_the_wheel_carries_everything_that_the_service_reads(tmp_path: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout  # noqa: S607 -- git of the developer
    names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    for name in names:
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "source" / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), "."]

    subprocess.run(build, cwd=tmp_path / "source", check=True, capture_output=True)

    packaged = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    assert {name for name in names if name.startswith(("api/", "matcher/", "models/", "migrations/"))} - packaged == set()
