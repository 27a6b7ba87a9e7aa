"""Text that speaks to whoever ranks or judges, person or machine, and not of what is offered."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from matcher.tokens import STEM, Field


class Span(NamedTuple):
    """A stretch of a text, by characters."""

    start: int
    end: int


def _one_of(*words: str) -> str:
    return f"(?:{'|'.join(' '.join(words).split())})".replace("_", " ")


_MACHINE = _one_of(
    "ais? llms? (?:large_)?(?:language_)?models? algorithms? rankers? ranking_(?:system|engine)",
    "matching_(?:system|engine|software|service) assistants? chatbots? bots? evaluators? reviewers? assessors?",
    "graders? judges? moderators? triage_(?:officer|team|staff) hub_(?:staff|team)",
)
_THING = _one_of(
    "submission innovation product entry text document proposal application record solution offer company device service item candidate",
    "answer description tool platform programme project idea app firm bid listing",
)
_ITEM = rf"(?:this|our|the (?:present|following|above))\s+(?:[\w-]+\s+){{0,2}}?{_THING}"
_TOP = _one_of(
    r"first top highest head above ahead before strong(?:est|ly)? maximum best number_one no\.?_?1 100_?% perfect met relevant",
    "foremost front upfront 10/10 five_stars",
)
_RULES = _one_of(
    "instructions? prompts? rules guidelines guidance criteria directions submissions candidates innovations scoring flags? checks"
)
_EARLIER = _one_of(
    "previous(?:ly)? prior above earlier preceding foregoing system existing other all any your so_far",
    "been_(?:told|given) were_(?:told|given)",
)
_MEASURE = _one_of("probability relevance scores? rating band verdict grade rank marks? match confidence")
_PUT = _one_of(
    "rank score rate place put list show display position move treat mark classify label band promote shortlist bring push raise"
)
_PUT_SO = _one_of(
    "rank(?:ed)? scored? rated? placed? put listed shown displayed positioned moved confirmed selected matched prioriti[sz]ed preferred",
    "shortlisted promoted appear chosen marked treated accepted recommended proposed approved picked",
)
_FAVOUR = _one_of(
    r"rank\w* plac\w* put\w* consider\w* list\w* show\w* position\w* mov(?:e|ed|ing) select\w* confirm\w* favour\w*",
    r"prefer\w* promot\w* choos\w*",
)
_UNBROKEN = r"[^.!?\n]"

_TOLD: tuple[tuple[str, str], ...] = (
    # to set aside what it was told
    (
        "ignore disregard forget override bypass set pay skip neglect",
        rf"(?:ignore|disregard|forget|override|bypass|skip|neglect|set aside|pay no attention to)\b{_UNBROKEN}{{0,40}}"
        rf"(?:\b{_EARLIER}\b{_UNBROKEN}{{0,40}}\b{_RULES}\b|\b{_RULES}\b{_UNBROKEN}{{0,40}}\b{_EARLIER}\b)",
    ),
    # to put this before others
    (
        "rank score rate place put list show display position move treat mark classify label band promote shortlist bring push raise",
        rf"{_PUT}(?:s|d|ed|ing)?\s+(?:{_ITEM}|us|me|it|this)\b{_UNBROKEN}{{0,60}}\b{_TOP}\b",
    ),
    (
        "this our the",
        rf"{_ITEM}\b{_UNBROKEN}{{0,40}}\b(?:should|must|shall|ought to|needs? to|deserves? to|has to|is to|were to|could|to) "
        r"(?:always )?(?:be |have been )?"
        rf"(?:\w+ly |always )?(?:{_PUT_SO}\b{_UNBROKEN}{{0,60}}\b(?:{_TOP}|every|all|always|automatically|without)"
        r"|confirmed|shortlisted|selected)\b",
    ),
    (
        "grateful obliged appreciate appreciated appreciates thankful kindly please request requested ask asked invite invited beg urge "
        "mean",
        rf"\w+\b{_UNBROKEN}{{0,80}}\b{_FAVOUR}\b{_UNBROKEN}{{0,40}}\b(?:{_ITEM}|us|it)\b{_UNBROKEN}{{0,60}}"
        rf"\b(?:{_TOP}|favourably|over|rather than)\b",
    ),
    (
        "this our the it",
        rf"(?:{_ITEM}|it)\b (?:is|remains) (?:always )?(?:the )?(?:best|perfect|strong|right|only)(?: \w+)? "
        rf"(?:match|answer|fit|choice|candidate)\b{_UNBROKEN}{{0,30}}\b(?:every|all|any|each)\b",
    ),
    (
        "do never don",
        rf"(?:do not|don['’]t|never) (?:rank|show|list|select|flag|penali[sz]e|reject|propose|recommend|consider|mention)\b"
        rf"{_UNBROKEN}{{0,40}}"
        r"\b(?:others?|any other|competitors?|rivals?|this|our|it|us|alternatives?)\b",
    ),
    # whom it speaks to
    (
        "note message messages instruction instructions attention memo reminder hint request word",
        rf"\w+\b\s*(?:to|for|:)\s*(?:the |any |all |whichever )?(?:\w+\s)?{_MACHINE}\b",
    ),
    ("dear hello hi hey attention", rf"\w+\s+(?:the\s+)?(?:\w+\s)?{_MACHINE}\b"),
    ("if", rf"if you are (?:an? |the )?(?:\w+\s)?{_MACHINE}\b"),
    (
        "you",
        r"you are (?:now )?(?:an? |the )?(?:\w+\s)?(?:ai|assistant|language model|ranker|ranking|evaluator|helpful"
        r"|matching engine|expert judge)\b",
    ),
    ("as", rf"as an? (?:ai|language model|llm|ranking (?:system|model|engine))\b{_UNBROKEN}{{0,20}}\byou\b"),
    ("system developer hidden secret", r"system prompt\b|(?:developer|hidden|secret) (?:prompt|message|instruction)s?\b"),
    # what to answer
    (
        "assign return output respond answer reply report set award give",
        rf"(?:assign|return|output|respond with|answer with|reply with|report|set|award|give)\b{_UNBROKEN}{{0,40}}"
        rf"(?:\b{_MEASURE}\b{_UNBROKEN}{{0,30}}(?<![\w.])(?:1(?:\.0+)?|100|10|one|full|{_TOP})(?![\w.]*\d)|"
        rf"\b(?:full|{_TOP})\s+(?:\w+\s)?{_MEASURE}\b)",
    ),
    (
        "all every each",
        rf"(?:all|every|each) (?:of the )?(?:must-?haves?|criteria|criterion|requirements?|needs?)\b{_UNBROKEN}{{0,30}}\b(?:as|are|is|be) "
        r"(?:fully |now |already )?(?:met|satisfied|passed|answered)\b",
    ),
)
_MARKS = re.compile(
    r"<\|[a-z_]+\|>|\[/?inst\]|^\s*#{2,}\s*(?:instruction|system|prompt)\b|^\s*(?:system|assistant|user)\s*:"
    r"|</?(?:instruction|system|prompt|assistant)s?>|\brank(?:ed)?\s*[:=]?\s*(?:no\.?|number)?\s*1 of\b"
    r"|\b(?:relevance|score|rank|probability|confidence|match)\b[^.!?\n]{0,80}=\s*(?:max|high|1(?:00)?(?:\.0)?(?![\d.,%–-]|\s*(?:to|–|-)))"
    r"|(?<=[.!?] )(?:system|assistant)\s*:",
    re.IGNORECASE | re.MULTILINE,
)


def commands(field: Field) -> Iterator[Span]:
    """The stretches that say to an assessor, or to a machine, what to make of the text."""
    patterns = _by_first_word()
    for word in field.words:
        for pattern in patterns.get(word.stem, ()):
            if found := pattern.match(field.text, word.start):
                yield Span(*found.span())
    if found := _MARKS.search(field.text):
        yield Span(*found.span())


@cache
def _by_first_word() -> Mapping[str, tuple[re.Pattern[str], ...]]:
    found: dict[str, list[re.Pattern[str]]] = {}
    for words, pattern in _TOLD:
        compiled = re.compile(pattern, re.IGNORECASE)
        for stem in sorted({(word + ending)[:STEM] for word in words.split() for ending in ("", "s", "d", "ed", "ing")}):
            found.setdefault(stem, []).append(compiled)
    return MappingProxyType({stem: tuple(patterns) for stem, patterns in found.items()})
