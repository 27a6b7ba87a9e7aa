"""What a job works with."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.db import Database
from api.services.library import Libraries
from api.settings import Settings

Effect = Callable[[Session], None]
"""What a job writes; it runs in the transaction that ends the job, so that both happen or neither."""


@dataclass(frozen=True, slots=True)
class Context:
    """The database, the matching's libraries and the settings of this process."""

    database: Database
    libraries: Libraries
    settings: Settings


def nothing(_session: Session) -> None:
    """The effect of a job that had nothing left to do."""
