"""Every notebook runs from its question to its number, and is kept without outputs."""

from pathlib import Path

import nbformat
import pytest
from nbmake.nb_run import NotebookRun

PICTURE = "image/png"  # what a page shows without a script
NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def pictures(cell) -> list[str]:
    """The pictures that a cell has drawn."""
    return [output["data"][PICTURE] for output in cell.get("outputs", []) if PICTURE in output.get("data", {})]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_ends_with_its_number(notebook, tmp_path, monkeypatch, encoder_folder):
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "all-MiniLM-L6-v2").symlink_to(encoder_folder)
    monkeypatch.setenv("MATCHING_HOME", str(tmp_path))

    result = NotebookRun(notebook, 240).execute()

    assert result.error is None, result.error and result.error.trace
    last = result.nb.cells[-1].outputs[0]["text"]
    assert any(character.isdigit() for character in last)
    assert [len(pictures(cell)) for cell in result.nb.cells] == ["alt.Chart(" in cell.source for cell in result.nb.cells]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_small_asks_on_top_and_keeps_no_output(notebook):
    read = nbformat.read(notebook, as_version=4)

    assert read.cells[0].source.splitlines()[0].endswith("?")
    assert len(read.cells) <= 10
    assert all(cell.outputs == [] and cell.execution_count is None for cell in read.cells if cell.cell_type == "code")
