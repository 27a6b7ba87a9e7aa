"""How sure a band is, in words: how many of ten such pairs fit, by the ranker that judges now."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from sqlalchemy.orm import Session

from api.services.library import Libraries, RankingUnavailable
from models.proposals import Band

NOT_KNOWN: Final[Mapping[Band, str]] = {}
_MOST_PARTS: Final = 10


def in_words(session: Session, libraries: Libraries, *, judged_by: str | None = None) -> Mapping[Band, str]:
    """What each band says of the chance that a pair fits; nothing where no ranker can be used, or another than `judged_by` is."""
    try:
        ranker = libraries.ranker_for(session)
    except RankingUnavailable:
        return NOT_KNOWN
    if judged_by not in {None, ranker.id}:
        return NOT_KNOWN
    possible, strong = (share(chance) for chance in (ranker.file.calibration.possible, ranker.file.calibration.strong))
    return {
        Band.STRONG: f"at least {strong} pairs like this fit",
        Band.POSSIBLE: f"between {possible} and {strong} pairs like this fit",
        Band.WEAK: f"fewer than {possible} pairs like this fit",
    }


def share(chance: float) -> str:
    """A chance as people say it: 3 in 4."""
    parts = Fraction(chance).limit_denominator(_MOST_PARTS)
    return f"{parts.numerator} in {parts.denominator}"
