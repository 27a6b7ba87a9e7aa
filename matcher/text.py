"""The canonical passages of a document: which columns are read, in which order, and what was left unread."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from matcher.types import Aspect, Document, Passage, Side, Vector, Vectors

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

FIELD_ASPECTS: Mapping[Side, Mapping[str, Aspect]] = MappingProxyType(
    {
        Side.NEED: MappingProxyType(
            {
                "title": Aspect.TITLE,
                "problem": Aspect.PROBLEM,
                "population": Aspect.POPULATION,
                "desired_outcome": Aspect.OUTCOME,
                "metric": Aspect.OUTCOME,
                "consequence_for_patients": Aspect.PROBLEM,
                "consequence_for_staff": Aspect.PROBLEM,
                "current_practice": Aspect.PRACTICE,
            }
        ),
        Side.INNOVATION: MappingProxyType(
            {
                "name": Aspect.TITLE,
                "description": Aspect.SOLUTION,
                "problems_tackled": Aspect.PROBLEM,
                "how_it_works": Aspect.SOLUTION,
                "benefits": Aspect.OUTCOME,
                "eligibility": Aspect.POPULATION,
                "current_pathway": Aspect.PRACTICE,
                "evidence_summary": Aspect.EVIDENCE,
                "other_care_setting": Aspect.SETTING,
            }
        ),
    }
)
"""The columns that are read, in reading order.

Contacts, money, strategy and involvement say nothing of what is needed or offered; `alternatives` names the rivals of an
innovation, and would make it an answer to their needs; what staff and patients must learn is read by the must-haves alone.
"""

_ENGLISH_WORDS = re.compile("the|and|of|to|with|that|for|this|are|by|from|which|who|not|have|has|their|they|it|be")
_FOREIGN_LETTERS = 60  # letters of prose from which a language is recognised
_FOREIGN_SCRIPT_LETTERS = 20
_FOREIGN_CERTAINTY = 0.9
_LONGEST_WORD = 40  # characters between two spaces; beyond it stand addresses and encoded data

FIELD_LIMIT = 20_000  # characters of one field that are read, about 20 windows of 256 tokens
DOCUMENT_LIMIT = 40_000  # characters of one document that are read, over its fields in reading order

# Zero-width, bidirectional and tag characters, byte-order marks, lone surrogates: nobody sees them, so nothing is read into them.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]+")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]»”’]*\s+|\s*\n\s*")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|([^\W\d_])\1{3}")  # in a word that nobody writes, save "strengths" and its like
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


class TokenCounter(Protocol):
    """The part of an encoder that the cutting into passages needs."""

    @property
    def max_tokens(self) -> int:
        """The most tokens of one text that are read after its prompt, special tokens included."""
        ...

    @property
    def prompts(self) -> Mapping[Side, str]:
        """What is put before every text of a side; a side that is missing has no prompt."""
        ...

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text as normalised for reading, special tokens included, without a limit."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of a document; `cut` holds the characters left unread, by field, and is empty when all was read."""

    passages: tuple[Passage, ...]
    read_characters: int
    cut: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def cut_characters(self) -> int:
        """The characters of all fields that were left unread."""
        return sum(self.cut.values())


class Readability(StrEnum):
    """Whether a text can be ranked as if it said something."""

    READABLE = "readable"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    FOREIGN = "foreign_language"


def normalise(text: str) -> str:
    """Bring a text into the form that is read: NFC, nothing invisible, one space between words."""
    visible = _INVISIBLE.sub("", _CONTROL.sub(" ", text))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def text_hash(text: str) -> str:
    """SHA-256 hex of the form of a text that is read and embedded."""
    return sha256(normalise(text).encode()).hexdigest()


def given(text: str, side: Side, *, encoder: TokenCounter) -> str:
    """A text as the encoder is given it: after the prompt of its side, whoever asks, so that a pair has one probability."""
    return encoder.prompts.get(side, "") + text


def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Spans (start, end) of the sentences and lines of a text, in order; white space between them belongs to none."""
    spans: list[tuple[int, int]] = []
    start = 0
    for border in [*((m.start(), m.end()) for m in _SENTENCE_END.finditer(text)), (len(text), len(text))]:
        stripped = text[start : border[0]].strip()
        closing = text[border[0] : border[1]].rstrip()  # a bracket or quotation mark that closes the sentence
        if stripped:
            begin = text.index(stripped, start)
            spans.append((begin, begin + len(stripped) + len(closing)))
        start = border[1]
    return tuple(spans)


def passages(document: Document, *, encoder: TokenCounter) -> Reading:
    """Cut a document into the passages that are embedded, none longer than the encoder reads.

    The windows over all fields come first (aspect WHOLE), then each field's own windows in reading order. A
    document that says nothing has no passage. Windows end at sentence borders wherever one sentence fits.
    """
    read, cut = _within_limits(document)
    joined = " ".join(_closed(normalise(text)) for text in read.values() if normalise(text))
    found = [(Aspect.WHOLE, "", joined[start:end], (0, 0)) for start, end in windows(joined, encoder=encoder)]
    for name, text in read.items():
        aspect = FIELD_ASPECTS[document.side][name]
        found += [(aspect, name, text[start:end], (start, end)) for start, end in windows(text, encoder=encoder)]
    numbered = tuple(
        Passage(
            document_id=document.id,
            aspect=aspect,
            ordinal=ordinal,
            field=name,
            start=start,
            end=end,
            text=text,
            text_hash=text_hash(given(text, document.side, encoder=encoder)),
        )
        for ordinal, (aspect, name, text, (start, end)) in enumerate(found)
    )
    return Reading(passages=numbered, read_characters=sum(map(len, read.values())), cut=MappingProxyType(cut))


def windows(text: str, *, encoder: TokenCounter) -> list[tuple[int, int]]:
    """Spans of a text, in order, each as many whole sentences as the encoder reads at once; invisible text has none."""
    spans: list[tuple[int, int]] = []
    for start, end in (piece for sentence in sentences(text) for piece in _fitting(text, *sentence, encoder)):
        if spans and _fits(text[spans[-1][0] : end], encoder):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return [(start, end) for start, end in spans if normalise(text[start:end])]


def pooled(passages: Sequence[Passage], vectors: Vectors) -> Vector:
    """Average the vectors of the WHOLE windows into the one vector that finds a document.

    Args:
        passages: those of one document, n of them.
        vectors: (n, d), one row a passage in the same order.

    Returns:
        (d,), L2-normalised.

    Raises:
        ValueError: if no passage is of aspect WHOLE, that is, if the document says nothing.
    """
    rows = [row for row, passage in enumerate(passages) if passage.aspect is Aspect.WHOLE]
    if not rows:
        raise ValueError("A document without text has no vector; flag it instead of ranking it.")
    mean = vectors[rows].mean(axis=0, dtype=np.float64)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def readability(text: str) -> Readability:
    """Tell whether a text is English prose that the matching can read; in doubt it is readable.

    Short texts, names and codes are never called foreign: a language is recognised from sixty letters of prose, a
    foreign script from twenty.
    """
    seen = normalise(text)
    words = _WORD.findall(seen)
    letters = sum(map(len, words))
    if not any(character.isalnum() for character in seen):
        return Readability.EMPTY if not seen else Readability.UNREADABLE
    if _is_noise(seen, words, letters):
        return Readability.UNREADABLE
    return Readability.FOREIGN if _is_foreign(words, letters) else Readability.READABLE


def document_readability(document: Document) -> Readability:
    """Tell whether what is read of a document, all fields together, is English prose; see `readability`."""
    return readability(" ".join(fields_read(document).values()))


def fields_read(document: Document) -> dict[str, str]:
    """The start of each field that is read, as far as it is read, in reading order."""
    return _within_limits(document)[0]


def unread(document: Document) -> Mapping[str, int]:
    """The characters at the end of each field that are not read; empty when all is."""
    return MappingProxyType(_within_limits(document)[1])


def _within_limits(document: Document) -> tuple[dict[str, str], dict[str, int]]:
    """The start of each field that is read, and the characters of each that are not."""
    read: dict[str, str] = {}
    cut: dict[str, int] = {}
    left = DOCUMENT_LIMIT
    for name in FIELD_ASPECTS[document.side]:
        text = document.fields.get(name, "")
        allowance = min(FIELD_LIMIT, left)
        end = len(text) if len(text) <= allowance else _last_border(text, allowance)
        left -= end
        if end < len(text):
            cut[name] = len(text) - end
        if text[:end].strip():
            read[name] = text[:end]
    return read, cut


def _last_border(text: str, limit: int) -> int:
    """The end of the last sentence in the second half of the limit, or of the last word there, or the limit itself."""
    ends = [end for _, end in sentences(text[:limit])[:-1]]
    last = ends[-1] if ends else 0
    return next((end for end in (last, text.rfind(" ", 0, limit)) if end > limit // 2), limit)


def _closed(text: str) -> str:
    """The text with a full stop, so that a title does not run into the sentence after it."""
    return text if text[-1] in ".!?:;" else f"{text}."


def _fits(text: str, encoder: TokenCounter) -> bool:
    return encoder.count_tokens(text) <= encoder.max_tokens


def _fitting(text: str, start: int, end: int, encoder: TokenCounter) -> Iterator[tuple[int, int]]:
    """The span itself if the encoder reads it at once, else its halves, parted at the word border nearest the middle."""
    if end - start <= 1 or _fits(text[start:end], encoder):
        yield start, end
        return
    middle = (start + end) // 2
    gap = text.rfind(" ", start, middle)
    first_end, second_start = (gap, gap + 1) if gap > start else (middle, middle)
    yield from _fitting(text, start, first_end, encoder)
    yield from _fitting(text, second_start, end, encoder)


def _is_noise(seen: str, words: Sequence[str], letters: int) -> bool:
    """Numbers and signs without words, encoded data, broken characters, a hand laid on the keyboard."""
    visible = len(seen) - seen.count(" ")
    unbroken = sum(len(word) for word in seen.split() if len(word) > _LONGEST_WORD)
    mashed = sum(1 for word in words if not word.isupper() and _CONSONANTS.search(word.lower()))
    return letters < 0.2 * visible or unbroken > 0.5 * visible or seen.count("\ufffd") > 0.05 * visible or mashed > max(1, 0.3 * len(words))


def _is_foreign(words: Sequence[str], letters: int) -> bool:
    """Prose in another script, or in another language with hardly a word that only English has."""
    beyond_latin = sum(1 for word in words for letter in word if letter > "\u024f" and not "\u1e00" <= letter <= "\u1eff")
    if beyond_latin > 0.5 * letters:
        return letters >= _FOREIGN_SCRIPT_LETTERS
    prose = [word.lower() for word in words if not word.isupper()]
    if sum(map(len, prose)) < _FOREIGN_LETTERS or sum(1 for word in prose if _ENGLISH_WORDS.fullmatch(word)) > 0.06 * len(prose):
        return False
    language, probability = _identifier().classify(" ".join(prose))
    return bool(language != "en" and probability > _FOREIGN_CERTAINTY)


@cache
def _identifier() -> "LanguageIdentifier":
    """The language identifier, read from its package once (half a second)."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 -- half a second, only when a text is in doubt

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
