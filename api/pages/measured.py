"""What was measured of the matching, in plain words; each figure is one of the README, and its command gives it again.

`said` is how the README has it: a test holds the numbers of both together.
"""

from dataclasses import dataclass
from typing import Final

_FIT: Final = "python -m bench.fit_ranker var/encoder/all-MiniLM-L6-v2"
_VERDICTS: Final = "python -m bench.verdicts var/encoder/all-MiniLM-L6-v2"
_ATTACKS: Final = "python -m bench.attacks var/encoder/all-MiniLM-L6-v2"
_UNSEEN: Final = "matching evaluate bench/data/fp7-dev bench/data/fp7-dev-reverse --split unseen"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was asked, what was seen, the README's own words for it, and the command that measures it."""

    asked: str
    seen: str
    said: str
    command: str


FIGURES: Final = (
    Figure(
        "When we say “strong match”, how often do readers agree?",
        "89 times in 100 (of 114 matches)",
        "0.89 of 114, 0.69 of 52",
        _FIT,
    ),
    Figure("And when we say “possible match”?", "69 times in 100 (of 52 matches)", "0.89 of 114, 0.69 of 52", _FIT),
    Figure(
        "When we say “nothing fits”, how often is that right?",
        "87 times in 100. We say it for 91 in 100 of the needs that nothing answers",
        "0.87 at 0.91",
        _FIT,
    ),
    Figure(
        "How well is a list ordered? 1 would be perfect",
        "0.930 for 32 needs of West Yorkshire. A search for the same words has 0.673",
        "| 32 | 0.673 | 0.757 | 0.766 | 0.797 | 0.930",
        _FIT,
    ),
    Figure(
        "And on research topics that it had never seen?",
        "0.604. A search for the same words has 0.468",
        "| 329 | 0.468 | 0.569 | 0.557 | 0.594 | 0.604",
        _UNSEEN,
    ),
    Figure("How often do the words that we quote bear out what we say?", "89 times in 100", "0.89; 0.04; 100 %", _VERDICTS),
    Figure("Are quoted words always words of the text?", "Yes, 100 in 100", "0.89; 0.04; 100 %", _VERDICTS),
    Figure(
        "How often does a match change its name when a text is put a little differently?",
        "0.6 times in 100 (of 23,383 pairs)",
        "0.6 % of 23,383",
        "python -m bench stability",
    ),
    Figure(
        "Somebody writes a text to trick us. How often does it stay out of the first five?",
        "95 to 96 times in 100. Staff are warned of 94 to 95 in 100",
        "95 to 96 %; 94 to 95 %",
        _ATTACKS,
    ),
    Figure("How many honest texts do we warn of by mistake?", "0 to 1.8 in 100", "0 to 1.8 %", _ATTACKS),
)
