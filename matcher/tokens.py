"""Words as the integrity checks compare them: seen through disguise, cut to a stem, with exact spans of the stored text."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

STEM = 6  # letters of a word that are compared, so that endings do not tell copies apart
LOOKALIKES = str.maketrans(
    "аеорсухіјѕһԁɡԛԝкмтнвАВЕКМНОРСТУХІЈЅԌαοραϲντικυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijshdgqwkmthbABEKMHOPCTYXIJSGaopacvtikuABEZHIKMNOPTYX",
)
"""Letters of other scripts that are read as Latin ones by the eye, and only by the eye."""

_UNSEEN = "[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff]"
_WORD = re.compile(r"[^\W_]+")
_WORD_WITH_UNSEEN = re.compile(rf"[^\W_](?:[^\W_]|{_UNSEEN}+(?=[^\W_]))*")
_HIDDEN = re.compile(f"{_UNSEEN}+")
_OUT_OF_THE_ORDINARY = re.compile("[^\x00-\x7f\u2010-\u201f\u2022\u2026\u00a3\u00b0]")  # typographic signs part words as usual

_FUNCTION_WORDS = """
a about above after all also am an and any are as at be because been before being below between both but by can could did do does during
each either every few for from further had has have having he her here hers him his how i if in into is it its itself just may me might
more most much must my no nor not of off on once one only or other our out over own per same shall she should so some such than that the
their them then there these they this those through to too under until up upon us very via was we were what when where whether which while
who whom whose why will with within without would yet you your
"""


class Token(NamedTuple):
    """One word: its stem, and where it stands in the text that it was found in."""

    stem: str
    start: int
    end: int


class Field(NamedTuple):
    """One field of a document: its text, its words, and those among them that tell something."""

    text: str
    words: list[Token]
    told: list[Token]


def fields_of(texts: Mapping[str, str]) -> Mapping[str, Field]:
    """The words of each field."""
    return MappingProxyType({name: field_of(text) for name, text in texts.items()})


def field_of(text: str) -> Field:
    """The words of one text."""
    words, skipped = tokens(text), function_stems()
    return Field(text, words, [word for word in words if word.stem not in skipped])


def tokens(text: str) -> list[Token]:
    """The words of a text in order; characters that nobody sees part no word, and lookalikes are read as what they look like."""
    if not _OUT_OF_THE_ORDINARY.search(text):
        return [Token(found.group()[:STEM], *found.span()) for found in _WORD.finditer(text.lower())]
    return [Token(folded(found.group())[:STEM], *found.span()) for found in _WORD_WITH_UNSEEN.finditer(text)]


def folded(word: str) -> str:
    """A word as the eye reads it: nothing hidden in it, no accent, lower case, lookalikes as the Latin letters that they resemble."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", _HIDDEN.sub("", word)).translate(LOOKALIKES)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()


@cache
def function_stems() -> frozenset[str]:
    """The words that sentences need and lists do without, as stems."""
    return frozenset(word[:STEM] for word in _FUNCTION_WORDS.split())
