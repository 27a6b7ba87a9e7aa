"""How much of what people wrote fits one sheet of A4: the room that texts take in print, and the fullest sheet that holds them."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

_T = TypeVar("_T")

_ROOM: Final = 765.0
"""Points of height on a sheet of 297 mm between margins of 12 mm, less a line for what is only estimated."""
WHOLE: Final = 60.0
"""The width of a sheet in letters of full size (ems of 8.5 points), with a little kept back."""
HALF: Final = 29.5
LABEL, FACT = 8.7, 19.0
"""The widths of a label and of the fact beside it, in half a sheet."""
_LINE, _GAP = 10.7, 2.0
_WIDTHS: Final = {0.28: "iljtfI|.,:;'!/ ·", 0.34: "r()[]-“”", 0.95: "mMwW@%…"}
_EMS: Final = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_LAST_LATIN: Final = "\u024f"
_TIMES: Final = (100.0, 8.0, 6.0, 5.0, 4.0, 3.0, 2.5, 2.0, 1.7, 1.4, 1.2, 1.0)
"""How many times the room that a text always has, the largest first; a hundred times is never cut."""


class Sheet:
    """One try at a sheet: each text has `times` the room that it always has; `cut` names what was shortened or left out."""

    def __init__(self, times: float, rows: int) -> None:
        self.times = times
        self.rows = rows
        self.height = 0.0
        self.cut: list[str] = []

    def clip(self, words: str, room: int, label: str) -> str:
        """As much of a text as this try has room for; what is cut is remembered by its label."""
        shown = clip(words, round(room * self.times))
        if shown != " ".join(words.split()) and label not in self.cut:
            self.cut.append(label)
        return shown

    def first(self, rows: Sequence[_T]) -> list[_T]:
        """As many rows of the longest list as this try has room for."""
        return list(rows[: self.rows])

    def take(self, *texts: str, width: float = WHOLE) -> None:
        """Add the height of texts that stand one under the other."""
        self.height += tall(*texts, width=width)

    @property
    def fits(self) -> bool:
        """Whether all of it stands on one sheet, as far as can be said without printing it."""
        return self.height <= _ROOM


def fullest(compose: Callable[[Sheet], _T], *, rows: int, fewest: int) -> tuple[_T, Sheet]:
    """The first try that fits: texts are shortened first, and only then are rows left out; the last try fits whatever was written."""
    for times, count in [*((times, rows) for times in _TIMES), *((1.0, fewer) for fewer in range(rows - 1, fewest - 1, -1))]:
        sheet = Sheet(times, count)
        composed = compose(sheet)
        if sheet.fits:
            break
    return composed, sheet


def clip(words: str, room: int) -> str:
    """As many whole words as there is room for, on one line."""
    line = " ".join(words.split())
    if len(line) <= room:
        return line
    cut = line[: room - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut[room // 2 :] else cut}…"


def tall(*texts: str, width: float = WHOLE) -> float:
    """The height in points of texts that stand one under the other in a column of `width` ems."""
    return sum(_lines(text, width) * _LINE + _GAP for text in texts)


def _lines(text: str, width: float) -> int:
    """How many lines a text takes, words that are longer than a line broken."""
    lines, used = 1, 0.0
    for word in text.split():
        size = sum(map(_ems, word))
        if used and used + size > width:
            lines, used = lines + 1, 0.0
        lines += int(size // width)
        used += size % width + _ems(" ")
    return lines


def _ems(letter: str) -> float:
    """About how wide a letter of Arial is, rather too wide than too narrow."""
    if letter in _EMS:
        return _EMS[letter]
    if letter > _LAST_LATIN:
        return 1.0
    return 0.72 if letter.isupper() else 0.56
