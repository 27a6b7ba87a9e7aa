"""Was a text written for its readers, or for the ranking? Flags with their evidence, and what they weigh in a pair.

Everything here reads stored text alone, so that a flag is the same in every list, and says of a pair the same from both sides.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from matcher import copying, stuffing
from matcher.addressing import addressed
from matcher.commanding import commands
from matcher.copying import Phrases, copied_fields, densest, is_copied
from matcher.disguise import hidden, lookalikes
from matcher.text import Readability, fields_read, readability, sentences, unread
from matcher.tokens import Field, fields_of
from matcher.types import Document, Flag, FlagKind, Quote, Side

_NO_PHRASES: Phrases = np.empty(0, dtype=np.uint32)
COPYING = 0.125  # two logits, about what a stated contradiction costs
_LONGEST_QUOTE = 240  # characters of evidence; a page can show the whole field beside it
_OTHER_SCRIPT = re.compile(
    r"[^\W\d_\u0000-\u036f\u0370-\u03ff\u1e00-\u1eff](?:[\s\W\d_]*[^\W\d_\u0000-\u036f\u0370-\u03ff\u1e00-\u1eff]){19,}"
)
_WORDS_ELSEWHERE = """
de la le les des et en un une que el los las y por para con del pour dans est qui sur der die das und ist mit den von nicht ein eine w z na
nie jest sie oraz przez jak di il che per non della sono com os da dos uma het een van voor zijn och att det som ar ve bir icin hai ke ki ka
ko mein aur se ny cu si pe mae yn yr ar gyfer
"""
_FOREIGN_WORDS = frozenset(_WORDS_ELSEWHERE.split())
_FEW, _WITHIN = 3, 12  # so many words of other languages stand so near each other before a sentence is looked at


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """What of one document the integrity of its pairs asks: its own flags, whether one weighs, and its phrases.

    `words` are those of a need, `listed` those of an innovation that stand in lists, `dense` in what may be a short one;
    `places` those that a need names, or an innovation that names many. The flag of a list weighs only beside a need that could
    be found by it.

    The phrases of a need leave its title out, and a need of one short field has none: an honest answer may quote them.
    `parts` are the phrases of each field of a need that has several.
    """

    flags: tuple[Flag, ...]
    suspect: bool
    phrases: Phrases
    parts: tuple[Phrases, ...] = ()
    words: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    dense: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()


def traces_of(document: Document) -> Traces:
    """Work out once what all pairs of a document need."""
    fields = fields_of(fields_read(document))
    flags = tuple(_flags(document, fields))
    found = Traces(flags, any(flag.weighs for flag in flags), _NO_PHRASES)
    return _of_innovation(found, fields) if document.side is Side.INNOVATION else _of_need(found, fields)


def _of_innovation(found: Traces, fields: Mapping[str, Field]) -> Traces:
    many = [named for named in map(stuffing.places_named, fields.values()) if len(named) >= stuffing.MANY_PLACES]
    return replace(
        found,
        phrases=copying.phrases(fields),
        listed=frozenset().union(*map(stuffing.listed, fields.values())),
        dense=frozenset().union(*map(stuffing.dense, fields.values())),
        places=frozenset().union(*many),
    )


def _of_need(found: Traces, fields: Mapping[str, Field]) -> Traces:
    told = {name: copying.phrases({name: field}) for name, field in fields.items() if name != "title"}
    phrases = np.unique(np.concatenate(list(told.values()))) if told else _NO_PHRASES
    parts = tuple(found for name, found in told.items() if name != "population")  # whom both are for, both may say alike
    single = len(told) == 1
    return replace(
        found,
        phrases=phrases[:0] if single and len(phrases) < copying.QUESTION else phrases,
        parts=() if single else parts,
        words=frozenset(word.stem for field in fields.values() for word in field.told),
        places=frozenset().union(*map(stuffing.places_named, fields.values())),
    )


def flags_of(document: Document) -> tuple[Flag, ...]:
    """What staff should look at in one text, with the words that say so."""
    return tuple(_flags(document, fields_of(fields_read(document))))


def flagged(need: Traces, innovation: Traces, *, copies: bool) -> float:
    """1 when either text has a flag that weighs, an eighth when the innovation only copies the need, else 0.

    A copy costs less because what is copied has no say in the pair any more.
    """
    found_by_a_list = _is_stuffed(need, innovation, copies=copies) or not need.places.isdisjoint(innovation.places)
    return 1.0 if need.suspect or innovation.suspect or found_by_a_list else COPYING if copies else 0.0


def _is_stuffed(need: Traces, innovation: Traces, *, copies: bool) -> bool:
    """Whether lists hold the need's words; what is copied stands as densely as a list, and is told as a copy."""
    return stuffing.is_stuffed(need.words, innovation.listed, frozenset() if copies else innovation.dense)


def copied(need: Traces, innovation: Traces, document: Document) -> frozenset[str]:
    """The fields of an innovation, `document`, that hold words copied from a need; mostly none."""
    common = copying.shared(need.phrases, innovation.phrases)
    if not is_copied(need.phrases, need.parts, common, lambda: fields_of(fields_read(document))):
        return frozenset()
    return copied_fields(fields_of(fields_read(document)), common)


def flags_of_pair(need: Traces, innovation: Traces, document: Document) -> tuple[Flag, ...]:
    """What staff should look at in an innovation, `document`, when it stands beside this need."""
    copies = tuple(_copies(need, innovation, document))
    stuffed = _stuffed(need, innovation, document) if _is_stuffed(need, innovation, copies=bool(copies)) else ()
    return (*copies, *stuffed, *_placed(need, innovation, document))


def _copies(need: Traces, innovation: Traces, document: Document) -> Iterator[Flag]:
    names = copied(need, innovation, document)
    if not names:
        return
    common = copying.shared(need.phrases, innovation.phrases)
    fields = fields_of(fields_read(document))
    name = max(sorted(names), key=lambda each: densest(fields[each], common).shared)
    says = f"Much of this need stands in the innovation's text: {len(common) / len(need.phrases):.0%} of its word pairs"
    _, start, end = densest(fields[name], common)
    yield _flag(FlagKind.COPIED_NEED, f"{says}; what is copied was left out of the comparison", name, fields[name].text, (start, end))


def _stuffed(need: Traces, innovation: Traces, document: Document) -> Iterator[Flag]:
    held = need.words & (innovation.listed | innovation.dense)
    fields = fields_of(fields_read(document))
    found = {name: stuffing.standing(field, held) for name, field in fields.items()}
    name = max(found, key=lambda each: len(found[each]))
    says = f"A list of words, and not sentences, holds {len(held) / len(need.words):.0%} of this need's words"
    yield _flag(FlagKind.KEYWORD_STUFFING, says, name, fields[name].text, stuffing.reach(found[name]))


def _placed(need: Traces, innovation: Traces, document: Document) -> Iterator[Flag]:
    common = need.places & innovation.places
    if not common:
        return
    fields = fields_of(fields_read(document))
    named = {name: stuffing.places_named(field) for name, field in fields.items()}
    name = max(named, key=lambda each: len(named[each].keys() & common))
    says = f"One of many places that it names is this need's: {', '.join(sorted(common))}"
    yield _flag(FlagKind.PLACE_LIST, says, name, fields[name].text, stuffing.reach(named[name].values()))


def _flags(document: Document, fields: Mapping[str, Field]) -> Iterator[Flag]:
    for check in _CHECKS if document.side is Side.INNOVATION else _CHECKS_OF_NEEDS:
        yield from check(fields)
    yield from _unread(document)


def _hidden(fields: Mapping[str, Field]) -> Iterator[Flag]:
    for name, (text, _, _) in fields.items():
        if found := hidden(text):
            yield _flag(FlagKind.HIDDEN_TEXT, "Characters or markup that readers do not see stand in this text", name, text, found)
            return
        if found := lookalikes(text):
            yield _flag(FlagKind.HIDDEN_TEXT, "Words are written with letters that only look like the usual ones", name, text, found)
            return


def _commands(fields: Mapping[str, Field]) -> Iterator[Flag]:
    for name, field in fields.items():
        if found := next(commands(field), None) or addressed(field):
            says = "This speaks to whoever ranks or judges, and not of what is offered or needed"
            yield _flag(FlagKind.INSTRUCTION, says, name, field.text, found)
            return


def _word_lists(fields: Mapping[str, Field]) -> Iterator[Flag]:
    for name, field in fields.items():
        if found := stuffing.word_list(field):
            says = "This is a list of words and not of sentences"
            yield Flag(kind=FlagKind.KEYWORD_STUFFING, says=says, quote=_quote(name, field.text, *found), weighs=False)
            break
    for name, field in fields.items():
        if found := stuffing.repetition(field):
            yield _flag(FlagKind.KEYWORD_STUFFING, "The same words come again and again", name, field.text, found)
            return


def _topics(fields: Mapping[str, Field]) -> Iterator[Flag]:
    found = {name: stuffing.topics_named(field) for name, field in fields.items()}
    topics = sorted({topic for named in found.values() for topic in named})
    if stuffing.is_about_everything(topics):
        name = max(found, key=lambda each: len(found[each]))
        says = f"One text about {len(topics)} subjects: {', '.join(topics)}"
        yield _flag(FlagKind.MANY_TOPICS, says, name, fields[name].text, stuffing.reach(found[name].values()))


def _place_lists(fields: Mapping[str, Field]) -> Iterator[Flag]:
    for name, field in fields.items():
        places = stuffing.places_named(field)
        if len(places) >= stuffing.MANY_PLACES:
            says = f"{len(places)} places are named, more than the use of one innovation explains"
            found = stuffing.reach(places.values())
        elif row := stuffing.names_in_a_row(field.text):
            says, found = "A long row of names of places or organisations", row
        else:
            continue
        yield Flag(kind=FlagKind.PLACE_LIST, says=says, quote=_quote(name, field.text, *found), weighs=False)
        return


def _foreign(fields: Mapping[str, Field]) -> Iterator[Flag]:
    """The first stretch in another script, or sentence in another language."""
    for name, field in fields.items():
        if found := _in_another_language(field):
            says = "This part is in another language and hardly read"
            yield Flag(kind=FlagKind.FOREIGN_PART, says=says, quote=_quote(name, field.text, *found), weighs=False)
            return


def _in_another_language(field: Field) -> tuple[int, int] | None:
    if not field.text.isascii() and (script := _OTHER_SCRIPT.search(field.text)):
        return script.span()
    places = [place for place, word in enumerate(field.words) if word.stem in _FOREIGN_WORDS]
    near = {field.words[last].start for first, last in zip(places, places[_FEW - 1 :], strict=False) if last - first < _WITHIN}
    if not near:
        return None
    spans = [span for span in sentences(field.text) if any(span[0] <= start < span[1] for start in near)]
    return next((span for span in spans if readability(field.text[slice(*span)]) is Readability.FOREIGN), None)


def _unread(document: Document) -> Iterator[Flag]:
    for name, count in unread(document).items():
        text = document.fields[name]
        says = f"The last {count:,} characters of this field were not read"
        yield Flag(kind=FlagKind.UNREAD_TEXT, says=says, quote=_quote(name, text, len(text) - count, len(text)), weighs=False)


_CHECKS: tuple[Callable[[Mapping[str, Field]], Iterator[Flag]], ...] = (
    _hidden,
    _commands,
    _word_lists,
    _topics,
    _place_lists,
    _foreign,
)
_CHECKS_OF_NEEDS = (_hidden, _commands, _foreign)  # a need may be wide, and name its places


def _flag(kind: FlagKind, says: str, name: str, text: str, found: tuple[int, int]) -> Flag:
    return Flag(kind=kind, says=says, quote=_quote(name, text, *found), weighs=True)


def _quote(name: str, text: str, start: int, end: int) -> Quote:
    end = min(end, start + _LONGEST_QUOTE)
    return Quote(field=name, start=start, end=end, text=text[start:end])
