"""What the folder tree promises, held by tests: who imports whom, who commits, who selects, how long a thing may be."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.settings import Settings

ROOT = Path(__file__).parents[1]
PACKAGES = ("api", "matcher", "models", "migrations")
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> Iterator[Path]:
    """The Python files that people write; a migration step is generated."""
    for folder in folders:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if path.parent != ROOT / "migrations" / "versions")


def nodes(*folders: str) -> Iterator[tuple[str, ast.AST]]:
    """Every syntax node with the name of its file."""
    for path in sources(*folders):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield str(path.relative_to(ROOT)), node


def tracked() -> list[Path]:
    """Every file of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout  # noqa: S607 -- git of the developer
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def length(node: Function) -> int:
    """Lines of a function without its docstring."""
    doc = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
    return (node.end_lineno or 0) - node.lineno + 1 - ((doc.end_lineno or 0) - doc.lineno + 1 if doc else 0)


def test_the_import_contracts_hold() -> None:
    lint_imports = Path(sys.executable).parent / "lint-imports"

    ended = subprocess.run([lint_imports, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout


def test_only_one_file_commits() -> None:
    shell = ("api", "models", "migrations")  # the matcher has no database: what it commits is tantivy's index
    commits = {file for file, node in nodes(*shell) if isinstance(node, ast.Attribute) and node.attr == "commit"}

    assert commits <= {"api/db.py"}


def test_every_select_stands_in_the_queries() -> None:
    selects = {file for file, node in nodes(*PACKAGES) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "select"}

    assert {file for file in selects if not file.startswith("models/queries/")} == set()


def test_no_file_is_too_long() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources(*PACKAGES, "tests", "bench")
    }

    assert {file: lines for file, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    long = [
        (file, node.name)
        for file, node in nodes(*PACKAGES, "tests", "bench")
        if isinstance(node, Function) and length(node) > LONGEST_FUNCTION
    ]

    assert long == []


def test_every_setting_is_told_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(MATCHING_\w+)`", readme, flags=re.MULTILINE))
    outside = {"MATCHING_TORCH_INDEX", "MATCHING_TEST_DATABASE_URL", "MATCHING_TEST_BROKER_URL"}  # read by make and by the tests

    assert told == {f"MATCHING_{name.upper()}" for name in Settings.model_fields} | outside


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("work left for later", r"\bTO" r"DO\b|\bFIX" r"ME\b"),
        ("a host of a package registry", r"py" r"pi\.org|python" r"hosted|download\.py" r"torch|npm" r"js\.org|deb\.debian"),
        ("a path of one machine", r"(?<![\w.<])/(?:wo" r"rk|ro" r"ot|ho" r"me/\w+|opt/py" r"pi)/"),
        ("an ignore without its code", r"type:\s*ig" r"nore(?!\[)|#\s*no" r"qa(?!:\s*[A-Z])|pragma:\s*no " r"cover"),
    ],
)
def test_no_file_holds(what: str, pattern: str) -> None:
    found = []
    for path in tracked():
        if "static" in path.parts or path.suffix in {".woff2", ".png", ".ico", ".npy", ".npz", ".onnx"}:
            continue  # vendored or binary
        hits = [hit.group() for hit in re.finditer(pattern, path.read_text(encoding="utf-8"))]
        found += [(str(path.relative_to(ROOT)), hit) for hit in hits]

    assert found == [], what
