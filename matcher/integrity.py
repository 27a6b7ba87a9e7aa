"""Was a text written for its readers, or for the ranking? Flags with their evidence, and what they weigh in a pair.

Everything here reads stored text alone, so that a flag is the same in every list, and says of a pair the same from both sides.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from matcher import copying, disguise, stuffing
from matcher.copying import FieldTokens, Phrases, copied_words, is_copied
from matcher.text import Readability, fields_read, readability, sentences, unread
from matcher.tokens import tokens
from matcher.types import Document, Flag, FlagKind, Quote, Side

_LONGEST_QUOTE = 240  # characters of evidence; a page can show the whole field beside it


@dataclass(frozen=True, slots=True)
class Traces:
    """What of one document the integrity of its pairs asks: its own flags, whether one weighs, and its phrases."""

    flags: tuple[Flag, ...]
    suspect: bool
    phrases: Phrases


def traces_of(document: Document) -> Traces:
    """Work out once what all pairs of a document need."""
    flags = flags_of(document)
    return Traces(flags=flags, suspect=any(flag.weighs for flag in flags), phrases=copying.phrases(_words(fields_read(document))))


def flagged(need: Traces, innovation: Traces) -> float:
    """1 when a flag that weighs is on the pair or on either of its texts, else 0."""
    return float(need.suspect or innovation.suspect or is_copied(need.phrases, innovation.phrases))


def flags_of(document: Document) -> tuple[Flag, ...]:
    """What staff should look at in one text, with the words that say so."""
    texts = fields_read(document)
    return (*_weighing(document.side, texts, _words(texts)), *_foreign(texts), *_unread(document))


def flags_of_pair(need: Document, innovation: Document) -> tuple[Flag, ...]:
    """What staff should look at in an innovation when it stands beside this need."""
    asked, texts = _words(fields_read(need)), fields_read(innovation)
    given = _words(texts)
    wanted, held = copying.phrases(asked), copying.phrases(given)
    if not is_copied(wanted, held):
        return ()
    share = round(100 * len(wanted & held) / len(wanted))
    says = f"The words of this need stand in the innovation's text: {share} % of its phrases, word for word"
    name, start, end = copied_words(given, wanted & held)
    return (_flag(FlagKind.COPIED_NEED, says, name, texts[name], (start, end)),)


def _words(texts: Mapping[str, str]) -> FieldTokens:
    return MappingProxyType({name: tokens(text) for name, text in texts.items()})


def _weighing(side: Side, texts: Mapping[str, str], words: FieldTokens) -> Iterator[Flag]:
    checks = _CHECKS if side is Side.INNOVATION else _CHECKS_OF_NEEDS
    for check in checks:
        yield from check(texts, words)


def _hidden(texts: Mapping[str, str], _: FieldTokens) -> Iterator[Flag]:
    for name, text in texts.items():
        if found := disguise.hidden(text):
            says = "Characters or markup that readers do not see stand in this text"
            yield _flag(FlagKind.HIDDEN_TEXT, says, name, text, found)
            return
        if found := disguise.lookalikes(text):
            says = "Words are written with letters that only look like the usual ones"
            yield _flag(FlagKind.HIDDEN_TEXT, says, name, text, found)
            return


def _instructions(texts: Mapping[str, str], _: FieldTokens) -> Iterator[Flag]:
    for name, text in texts.items():
        if found := next(disguise.instructions(text), None):
            says = "This speaks to whoever ranks or judges, and not of the innovation"
            yield _flag(FlagKind.INSTRUCTION, says, name, text, found)
            return


def _word_lists(texts: Mapping[str, str], words: FieldTokens) -> Iterator[Flag]:
    for name, text in texts.items():
        if found := stuffing.word_list(words[name]):
            yield _flag(FlagKind.KEYWORD_STUFFING, "This is a list of words and not of sentences", name, text, found)
            return
    for name, text in texts.items():
        if found := stuffing.repetition(words[name]):
            yield _flag(FlagKind.KEYWORD_STUFFING, "The same words come again and again", name, text, found)
            return


def _topics(texts: Mapping[str, str], words: FieldTokens) -> Iterator[Flag]:
    found = {name: stuffing.topics_named(words[name]) for name in texts}
    topics = sorted({topic for named in found.values() for topic in named})
    if len(topics) < stuffing.MANY_TOPICS:
        return
    name = max(found, key=lambda each: len(found[each]))
    says = f"One text about {len(topics)} subjects: {', '.join(topics)}"
    yield _flag(FlagKind.MANY_TOPICS, says, name, texts[name], stuffing.reach(found[name].values()))


def _place_lists(texts: Mapping[str, str], words: FieldTokens) -> Iterator[Flag]:
    for name, text in texts.items():
        places = stuffing.places_named(text, words[name])
        if len(places) >= stuffing.MANY_PLACES:
            says = f"{len(places)} places are named, more than the use of one innovation explains"
            yield _flag(FlagKind.PLACE_LIST, says, name, text, stuffing.reach(places.values()))
            return
        if row := stuffing.names_in_a_row(text):
            yield _flag(FlagKind.PLACE_LIST, "A long row of names of places or organisations", name, text, row)
            return


def _foreign(texts: Mapping[str, str]) -> Iterator[Flag]:
    """The first paragraph, or row of sentences, in another language."""
    for name, text in texts.items():
        for start, end in sentences(text):
            if readability(text[start:end]) is Readability.FOREIGN:
                says = "This part is in another language and hardly read"
                yield Flag(kind=FlagKind.FOREIGN_PART, says=says, quote=_quote(name, text, start, end), weighs=False)
                return


def _unread(document: Document) -> Iterator[Flag]:
    for name, count in unread(document).items():
        text = document.fields[name]
        start = len(text) - count
        says = f"The last {count:,} characters of this field were not read"
        yield Flag(kind=FlagKind.UNREAD_TEXT, says=says, quote=_quote(name, text, start, len(text)), weighs=False)


_CHECKS: tuple[Callable[[Mapping[str, str], FieldTokens], Iterator[Flag]], ...] = (
    _hidden,
    _instructions,
    _word_lists,
    _topics,
    _place_lists,
)
_CHECKS_OF_NEEDS = (_hidden, _instructions)  # a need may be wide; advice at its writing says so


def _flag(kind: FlagKind, says: str, name: str, text: str, found: tuple[int, int]) -> Flag:
    return Flag(kind=kind, says=says, quote=_quote(name, text, *found), weighs=True)


def _quote(name: str, text: str, start: int, end: int) -> Quote:
    return Quote(field=name, start=start, end=min(end, start + _LONGEST_QUOTE), text=text[start : min(end, start + _LONGEST_QUOTE)])
