"""The browser of the page tests: Chromium as the system has it."""

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Where Chromium lies; without one the test says so and is skipped, and fails in CI, which installs it."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("Chromium is missing; .ci/run should have installed it.")
    if found is None:
        pytest.skip("Chromium is not installed: apt-get install chromium runs the page tests too.")
    return Path(found)
