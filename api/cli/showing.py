"""Tables and progress, by rich; apart, because a server that starts needs neither."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

_WIDE = 200  # columns where no terminal says how many there are


def show_table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Write a table to standard output."""
    table = Table(*heads, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE).print(table)


@contextmanager
def progress() -> Iterator[Progress]:
    """Bars, for whatever takes more than a second."""
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True, highlight=False)) as bars:
        yield bars


@contextmanager
def told_steps() -> Iterator[Callable[[str, int, int], None]]:
    """One bar for each step that is told: its name, how much is done, of how much."""
    with progress() as bars:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step[:1].upper() + step[1:])
            bars.update(tasks[step], completed=done, total=total)

        yield tell
