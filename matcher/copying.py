"""What two texts share word for word: runs of three words, which honest texts on one subject hardly have in common."""

import zlib
from collections.abc import Iterator, Mapping, Sequence

from matcher.tokens import Token, function_stems

RUN = 3  # words of a phrase, those that every text has left out
LEAST_SHARED = 5  # phrases; a title of a need, or a standing phrase of the NHS, has fewer
LEAST_SHARE = 0.16  # of the phrases of a need that an innovation holds; the most that an honest one was seen to hold is 0.13
MANY_SHARED = 20  # phrases that are copied whatever share of a long need they are
_GAP = 4  # content words between two shared phrases of one quote

Phrases = frozenset[int]
FieldTokens = Mapping[str, Sequence[Token]]


def phrases(fields: FieldTokens) -> Phrases:
    """The runs of words of a text, hashed; none crosses from one field into the next."""
    return frozenset(phrase for words in fields.values() for phrase, _, _ in _runs(words))


def is_copied(need: Phrases, innovation: Phrases) -> bool:
    """Whether an innovation holds so much of a need word for word that it was written from it."""
    shared = len(need & innovation)
    return shared >= LEAST_SHARED and (shared >= LEAST_SHARE * len(need) or shared >= MANY_SHARED)


def copied_words(fields: FieldTokens, shared: Phrases) -> tuple[str, int, int]:
    """The field, start and end of the longest stretch that is made of shared phrases, with a few words between them at most.

    Raises:
        ValueError: if no field holds a shared phrase.
    """
    stretches = [(name, *stretch) for name, words in fields.items() for stretch in _stretches(words, shared)]
    return max(stretches, key=lambda each: each[2] - each[1])


def _stretches(words: Sequence[Token], shared: Phrases) -> Iterator[tuple[int, int]]:
    """Spans (start, end) of the text, by characters."""
    found: tuple[int, int] | None = None
    reach = 0
    for place, (phrase, start, end) in enumerate(_runs(words)):
        if phrase not in shared:
            continue
        if found is not None and place <= reach:
            found = (found[0], max(found[1], end))
        else:
            if found is not None:
                yield found
            found = (start, end)
        reach = place + RUN + _GAP
    if found is not None:
        yield found


def _runs(words: Sequence[Token]) -> Iterator[tuple[int, int, int]]:
    """Each phrase as (hash, start, end)."""
    skipped = function_stems()
    told = [word for word in words if word.stem not in skipped]
    for one, two, three in zip(told, told[1:], told[2:], strict=False):
        yield zlib.crc32(f"{one.stem} {two.stem} {three.stem}".encode()), one.start, three.end
