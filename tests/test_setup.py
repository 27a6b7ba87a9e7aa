"""Set-up: nothing twice, nothing from CUDA, and plain words when it cannot go on."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ["build", "core", "encoder"]


@pytest.fixture
def install() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "requirements" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pip_that_would_bring(folder: Path, *names: str) -> Path:
    """An interpreter whose pip plans these packages, and notes how it was called."""
    report = json.dumps({"install": [{"metadata": {"name": name}} for name in names]})
    program = folder / "python"
    program.write_text(f"#!/bin/sh\necho \"$PIP_INDEX_URL $*\" >> '{folder / 'calls'}'\necho '{report}'\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def test_torch_is_not_installed_when_it_would_bring_cuda(install: ModuleType, tmp_path: Path) -> None:
    python = pip_that_would_bring(tmp_path, "torch", "nvidia-cublas", "triton")

    with pytest.raises(SystemExit, match="would bring nvidia-cublas, triton") as stopped:
        install.install_torch(python)

    assert "MATCHING_TORCH_INDEX" in str(stopped.value)
    assert (tmp_path / "calls").read_text(encoding="utf-8").count("\n") == 1


def test_torch_comes_from_the_index_that_is_named(install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHING_TORCH_INDEX", "https://wheels.example/cpu")

    install.install_torch(pip_that_would_bring(tmp_path, "torch"))

    planned, installed = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert planned.startswith("https://wheels.example/cpu -m pip install --dry-run")
    assert installed.startswith("https://wheels.example/cpu -m pip install --no-deps")


def test_what_torch_needs_beyond_the_lock_stops_the_set_up(install: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"not locked: \['optree'\]"):
        install.install_torch(pip_that_would_bring(tmp_path, "torch", "optree"))


def test_a_second_set_up_does_nothing(install: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / install.STAMP).write_text(json.dumps(install.fingerprints(LAYERS)), encoding="utf-8")

    install.main(tmp_path, LAYERS)

    assert capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == [install.STAMP]


def test_another_python_is_refused_in_plain_words(install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))

    with pytest.raises(SystemExit, match=r"Python 3\.11 is needed"):
        install.main(tmp_path, LAYERS)


def test_a_python_without_pip_names_the_package_to_install(install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(SystemExit, match=r"python3\.11-venv"):
        install.made(tmp_path / "venv")
