"""Charts as SVG, drawn here: classes and attributes alone, each number written out, once for wide and once for narrow windows."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

SHADES: Final = 4
"""How many shades a heat map has beside that of nothing."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a row or a column is called, and a shorter name for narrow windows."""

    text: str
    short: str = ""

    def fit(self, *, narrow: bool) -> str:
        """The name for a window."""
        return self.short or self.text if narrow else self.text


@dataclass(frozen=True, slots=True)
class Span:
    """A share in [0, 1] with the interval in which it may lie as well."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class About:
    """What a chart is called on its page, its heading, and what it shows in words."""

    id: str
    heading: str
    says: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with what it is about; `key` names the short names of narrow windows."""

    about: About
    drawing: Markup
    key: Sequence[Label] = ()


_TEXT: Final = Markup('<text x="{}" y="{}" text-anchor="{}" class="app-chart__{}">{}</text>')
_BOX: Final = Markup('<rect x="{}" y="{}" width="{}" height="{}" class="app-chart__{}"></rect>')
_WHISKER: Final = Markup(
    '<line x1="{}" x2="{}" y1="{y}" y2="{y}" class="app-chart__whisker"></line>'
    '<circle cx="{}" cy="{y}" r="5" class="app-chart__dot"></circle>'
)
_SVG: Final = Markup(
    '<svg class="app-chart app-chart--{shape}" viewBox="0 0 {width} {height}" role="img" focusable="false" '
    'aria-labelledby="{id}-title" aria-describedby="{id}-says">'
    '<title id="{id}-title">{heading}</title><desc id="{id}-says">{says}</desc>{shapes}</svg>'
)


@dataclass(slots=True)
class Sheet:
    """Where shapes are put; `height` grows with them."""

    width: int
    narrow: bool
    height: float = 0
    shapes: list[Markup] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, kind: str = "label", anchor: str = "start") -> None:
        """Words at a place; `kind` is the end of their class."""
        self.shapes.append(_TEXT.format(_number(x), _number(y), anchor, kind, words))

    def box(self, x: float, y: float, *, width: float, height: float, kind: str) -> None:
        """A rectangle."""
        self.shapes.append(_BOX.format(_number(x), _number(y), _number(width), _number(height), kind))

    def whisker(self, low: float, high: float, middle: float, y: float) -> None:
        """An interval with the value in it."""
        self.shapes.append(_WHISKER.format(_number(low), _number(high), _number(middle), y=_number(y)))

    def svg(self, about: About) -> Markup:
        """The drawing with its name and description for those who do not see it."""
        shape = "narrow" if self.narrow else "wide"
        size = {"width": self.width, "height": _number(self.height)}
        shapes = Markup("").join(self.shapes)
        return _SVG.format(shape=shape, id=f"{about.id}-{shape}", heading=about.heading, says=about.says, shapes=shapes, **size)


_WIDE, _NARROW = 720, 288
_LETTER: Final = 7.6
"""How wide a letter of a label is, about."""


def heat_map(about: About, rows: Sequence[Label], columns: Sequence[Label], counts: Sequence[Sequence[int]]) -> Chart:
    """Counts by row and column: the darker, the more; shades go by the square root, so that one great count leaves others apart."""
    most = max((count for row in counts for count in row), default=0)

    def draw(sheet: Sheet) -> None:
        left = 0 if sheet.narrow else 220
        cell, height = (sheet.width - left) / max(len(columns), 1), 30
        heads = [_lines(column.fit(narrow=sheet.narrow), cell) for column in columns]
        for number, lines in enumerate(heads):
            for line, words in enumerate(lines):
                sheet.text(left + cell * (number + 0.5), 14 + 16 * line, words, "head", "middle")
        sheet.height = 8 + 16 * max((len(lines) for lines in heads), default=0)
        for label, row in zip(rows, counts, strict=True):
            if sheet.narrow:
                sheet.text(0, sheet.height + 17, _cut(label.fit(narrow=True), sheet.width))
                sheet.height += 24
            else:
                sheet.text(left - 12, sheet.height + 20, _cut(label.text, left - 12), anchor="end")
            for number, count in enumerate(row):
                shade = shade_of(count, most)
                sheet.box(
                    left + cell * number + 1, sheet.height + 1, width=cell - 2, height=height - 2, kind=f"heat app-chart__heat--{shade}"
                )
                sheet.text(left + cell * (number + 0.5), sheet.height + 20, str(count), f"count app-chart__count--{shade}", "middle")
            sheet.height += height

    return Chart(about, _both(about, draw), [each for each in columns if each.short])


def bars(about: About, labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]], unit: str = "") -> Chart:
    """A bar for each label and series, all to one scale, with its value at its end; where there is none, it says so."""
    most = max((value for _, values in series for value in values if value is not None), default=0) or 1

    def draw(sheet: Sheet) -> None:
        left = 0 if sheet.narrow else 250
        room = sheet.width - left - 84
        if len(series) > 1:
            _legend(sheet, [name for name, _ in series])
        for number, label in enumerate(labels):
            if sheet.narrow:
                sheet.text(0, sheet.height + 17, _cut(label, sheet.width))
                sheet.height += 24
            else:
                sheet.text(left - 12, sheet.height + 5 + 11 * len(series), _cut(label, left - 12), anchor="end")
            for order, (_, values) in enumerate(series):
                value = values[number]
                length = room * (value or 0) / most
                if length:
                    sheet.box(left + 1, sheet.height + 2, width=max(length, 2), height=18, kind=f"bar app-chart__bar--{order}")
                shown = f"{shown_number(value)}{unit}" if value is not None else "none"
                sheet.text(left + 8 + length, sheet.height + 16, shown, "value")
                sheet.height += 22
            sheet.height += 10

    return Chart(about, _both(about, draw))


def intervals(about: About, rows: Sequence[tuple[str, Span | None]]) -> Chart:
    """A share for each row on a scale from 0 to 100 %, with its interval; where nothing was counted, it says so."""

    def draw(sheet: Sheet) -> None:
        left = 8 if sheet.narrow else 220
        room = sheet.width - left - (8 if sheet.narrow else 190)
        for label, span in rows:
            if sheet.narrow:
                sheet.text(0, sheet.height + 17, _cut(label, sheet.width))
                sheet.height += 24
            else:
                sheet.text(left - 12, sheet.height + 18, _cut(label, left - 24), anchor="end")
            middle = sheet.height + 13
            sheet.box(left, middle - 1, width=room, height=2, kind="track")
            if span is not None:
                sheet.whisker(left + room * span.low, left + room * span.high, left + room * span.value, middle)
            shown = f"{_percent(span.value)} ({_percent(span.low)} to {_percent(span.high)})" if span else "none decided"
            if sheet.narrow:
                sheet.text(0, sheet.height + 40, shown, "value")
            else:
                sheet.text(left + room + 12, sheet.height + 18, shown, "value")
            sheet.height += 56 if sheet.narrow else 34

    return Chart(about, _both(about, draw))


def shade_of(count: int, most: int) -> int:
    """0 for nothing, else 1 to SHADES."""
    return min(math.ceil(SHADES * math.sqrt(count / most)), SHADES) if count > 0 else 0


def shown_number(value: float) -> str:
    """A number as people write it: 1,250 or 2.5."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _both(about: About, draw: Callable[[Sheet], None]) -> Markup:
    """The drawing for wide windows and for narrow ones; the style sheet shows one of them."""
    sheets = [Sheet(_WIDE, narrow=False), Sheet(_NARROW, narrow=True)]
    for sheet in sheets:
        draw(sheet)
    return Markup("").join(sheet.svg(about) for sheet in sheets)


def _legend(sheet: Sheet, names: Sequence[str]) -> None:
    """Which bar is which, in the order in which they stand."""
    for order, name in enumerate(names):
        sheet.box(1, sheet.height + 3, width=18, height=14, kind=f"bar app-chart__bar--{order}")
        sheet.text(26, sheet.height + 15, name)
        sheet.height += 22
    sheet.height += 8


def _lines(words: str, width: float) -> list[str]:
    """The words of a heading over a column, in lines that fit it."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(longer) * _LETTER > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [_cut(line, width) for line in lines]


def _cut(words: str, width: float) -> str:
    """A label as far as there is room for it; the table beside the chart has it in full."""
    room = int(width / _LETTER)
    return words if len(words) <= room else f"{words[: max(room - 1, 1)].rstrip()}…"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
