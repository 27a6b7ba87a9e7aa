"""Where several processes of one door count together; apart, because it is said before prometheus_client is imported."""

import os
import shutil
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client, once, when it is imported


def count_together(home: Path, door: str) -> Path:
    """Make the processes that this one starts count in one folder, emptied of what earlier ones left; returns the folder.

    `door` tells those from others of the same home, such as `api-8000`. Call it before any process is started.
    """
    folder = home.resolve() / "metrics" / door
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[VARIABLE] = str(folder)
    return folder
