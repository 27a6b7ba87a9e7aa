"""What a long test has measured, shown although pytest keeps its output."""

import sys

import pytest


def show(capsys: pytest.CaptureFixture[str], figure: str) -> None:
    """Write one line for whoever runs the tests."""
    with capsys.disabled():
        sys.stderr.write(f"\n{figure}\n")
