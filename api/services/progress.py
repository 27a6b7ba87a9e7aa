"""What is being done in the background at this moment, by two short queries, so that somebody may watch it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from models.jobs import JobState
from models.queries import imports, jobs


@dataclass(frozen=True, slots=True)
class FileProgress:
    """A file that is being brought in: how many of its rows are."""

    id: UUID
    name: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Work by kind, as numbers waiting and in hand, and the files that are being brought in."""

    jobs: Mapping[str, tuple[int, int]]
    files: tuple[FileProgress, ...]
    taken_at: datetime

    @property
    def waiting(self) -> int:
        """How many pieces of work wait for their turn or their time."""
        return sum(waiting for waiting, _ in self.jobs.values())

    @property
    def in_hand(self) -> int:
        """How many are being done."""
        return sum(in_hand for _, in_hand in self.jobs.values())

    def to_json(self) -> dict[str, Any]:
        """The same as a page's script reads it, without names and times: two that are alike say the same."""
        return {
            "waiting": self.waiting,
            "in_hand": self.in_hand,
            "jobs": {name: list(counts) for name, counts in self.jobs.items()},
            "files": {str(each.id): [each.done, each.total] for each in self.files},
        }


def progress(session: Session, *, at: datetime) -> Progress:
    """The work of this moment; what failed too often is left out, because nobody works on it."""
    counted = jobs.counts(session)
    kinds = {name: (states.get(JobState.QUEUED, 0), states.get(JobState.RUNNING, 0)) for name, states in sorted(counted.items())}
    files = tuple(FileProgress(row.id, row.file_name, row.applied_rows, row.total_rows) for row in imports.applying(session))
    return Progress({name: counts for name, counts in kinds.items() if any(counts)}, files, at)
