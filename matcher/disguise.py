"""Text that readers do not see as the machine does: hidden characters, letters of other scripts, words meant for a machine."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from matcher.tokens import LOOKALIKES

LEAST_WORDS = 2  # disguised words; one may be a slip of the keyboard

_IN_WORDS = re.compile("[^\\W\\d_][\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\u3164\ufeff\uffa0]+(?=[^\\W\\d_])")
_NEVER_HONEST = re.compile("[\u202a-\u202e\u2066-\u2069]|[\U000e0000-\U000e007f]{2,}|[\u200b-\u200d\u2060-\u2064\ufeff]{4,}")
_HIDING_MARKUP = re.compile(
    r"<!--|display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d])|color\s*:\s*(?:#fff(?:fff)?|white)\b|\bhidden>",
    re.IGNORECASE,
)
_MIXED = re.compile(rf"\w*(?:[a-z][{''.join(map(chr, LOOKALIKES))}]|[{''.join(map(chr, LOOKALIKES))}][a-z])\w*", re.IGNORECASE)
_STYLED = re.compile("[\U0001d400-\U0001d7ff\uff21-\uff3a\uff41-\uff5a\u24b6-\u24e9\U0001f130-\U0001f189]{3,}")
_GREEK_PREFIX = re.compile(r"[α-ωΑ-Ω]{1,2}[-\d]?[A-Za-z\d]*|[A-Za-z\d]+-?[α-ωΑ-Ω]\d?")  # α-helix, TNFα, μg

_MACHINE = "(?:" + "|".join((
    r"ai|a\.i\.|llms?|(?:language )?models?|algorithms?|rankers?|ranking (?:system|engine)|matching (?:system|engine|software|service)",
    r"assistants?|chatbots?|bots?|evaluators?|reviewers?|assessors?|graders?|judges?|triage (?:officer|team|staff)",
)) + ")"  # fmt: skip
_NOUN = "(?:" + "|".join((
    "submission|innovation|product|entry|text|document|proposal|application|record|solution|offer|company|device|service|item",
    "candidate|answer|description|tool|platform|programme|project",
)) + ")"  # fmt: skip
_ITEM = rf"(?:this|our|the (?:present|following|above))\s+(?:\w+\s+){{0,2}}?{_NOUN}"
_TOP = r"(?:first|top|highest|head|above|ahead|before|strong|maximum|best|number one|no\. ?1|100 ?%|perfect|met|relevant)"
_PUT = r"(?:rank|score|rate|place|put|list|show|display|position|move|treat|mark|classify|label|band|promote|shortlist)"
_PUT_SO = (
    r"(?:rank(?:ed)?|scored?|rated?|placed?|put|listed|shown|displayed|positioned|moved|confirmed|selected|matched|prioriti[sz]ed"
    r"|shortlisted|promoted|appear|chosen|marked|treated|accepted)"
)
_RULES = (
    r"(?:instructions?|prompts?|rules|guidelines|guidance|criteria|directions|submissions|candidates|innovations|scoring|flags?|checks)"
)
_MEASURE = "(?:probability|relevance|score|rating|band|verdict|grade|rank)"
_ASK = r"(?:grateful|obliged|appreciate[ds]?|thankful|kindly|please|request(?:ed)?|ask(?:ed)?|invited?|beg|urge)"
_FAVOUR = r"(?:rank|plac|put|consider|list|show|position|mov|select|confirm|favour|prefer|promot|choos)\w*"

_TOLD = (
    # to set aside what it was told
    r"\b(?:ignore|disregard|forget|override|bypass|set aside|pay no attention to)\b[^.!?\n]{0,40}\b(?:previous|prior|above|earlier"
    rf"|preceding|foregoing|system|existing|other|all|any|your)\b[^.!?\n]{{0,40}}\b{_RULES}\b",
    # to put this before others
    rf"\b{_PUT}(?:s|d|ed|ing)?\s+(?:{_ITEM}|us|me|it)\b[^.!?\n]{{0,60}}\b{_TOP}\b",
    rf"\b{_ITEM}\b[^.!?\n]{{0,40}}\b(?:should|must|shall|ought to|needs? to|deserves? to|has to|is to|were to|could|to) (?:be |have been )?"
    rf"(?:always )?{_PUT_SO}\b[^.!?\n]{{0,60}}\b(?:{_TOP}|every|all|always|automatically|without)\b",
    rf"\b{_ASK}\b[^.!?\n]{{0,80}}\b{_FAVOUR}\b[^.!?\n]{{0,40}}\b(?:{_ITEM}|us|it)\b[^.!?\n]{{0,60}}\b(?:{_TOP}|favourably|over|rather than)\b",
    rf"\b(?:{_ITEM}|it)\b (?:is|remains) (?:always )?(?:the )?(?:best|perfect|strong|right|only)(?: \w+)? (?:match|answer|fit|choice|candidate)\b"
    r"[^.!?\n]{0,30}\b(?:every|all|any|each)\b",
    r"\bdo not (?:rank|show|list|select|flag|penali[sz]e|reject|propose|recommend|consider|mention)\b[^.!?\n]{0,40}"
    r"\b(?:others?|any other|competitors?|rivals?|this|our|it|us|alternatives?)\b",
    # whom it speaks to
    rf"\b(?:note|message|instructions?|attention|memo|reminder|hint|request)\b\s*(?:to|for|:)\s*(?:the |any |all |whichever )?(?:\w+\s)?{_MACHINE}\b",
    rf"\b(?:dear|hello|hi|hey|attention)\s+(?:the\s+)?(?:\w+\s)?{_MACHINE}\b",
    rf"\bif you are (?:an? |the )?(?:\w+\s)?{_MACHINE}\b",
    r"\byou are (?:now )?(?:an? |the )?(?:\w+\s)?(?:ai|assistant|language model|ranker|ranking|evaluator|helpful|matching engine|expert judge)\b",
    r"\bas an? (?:ai|language model|llm|ranking (?:system|model|engine))\b[^.!?\n]{0,20}\byou\b",
    r"\b(?:system|developer|hidden|secret) (?:prompt|message|instruction)s?\b|<\|[a-z_]+\|>|\[/?inst\]|^\s*#{2,}\s*(?:instruction|system|prompt)\b",
    r"^\s*(?:system|assistant|user)\s*:",
    # what to answer
    rf"\b(?:assign|return|output|respond with|answer with|reply with|report|set|award|give)\b[^.!?\n]{{0,30}}\b{_MEASURE}\b[^.!?\n]{{0,30}}"
    rf"\b(?:1(?:\.0+)?|100|10|one|full|{_TOP})\b",
    r"\b(?:all|every|each) (?:of the )?(?:must-?haves?|criteria|requirements?|needs?)\b[^.!?\n]{0,20}\b(?:as|are|is|be) (?:fully |now |already )?"
    r"(?:met|satisfied|passed|answered)\b",
)
INSTRUCTIONS = tuple(re.compile(pattern, re.IGNORECASE | re.MULTILINE) for pattern in _TOLD)
"""What nobody says of an innovation, and only to whoever ranks or judges it."""


class Span(NamedTuple):
    """A stretch of a text, by characters."""

    start: int
    end: int


def hidden(text: str) -> Span | None:
    """The first stretch that holds characters nobody sees where honest text has none."""
    if text.isascii():
        return _first(_HIDING_MARKUP, text)
    within = [_widened(text, found.start() + 1, found.end()) for found in _IN_WORDS.finditer(text)]
    if len(within) >= LEAST_WORDS:
        return within[0]
    return _first(_NEVER_HONEST, text) or _first(_HIDING_MARKUP, text)


def lookalikes(text: str) -> Span | None:
    """The first of several words that mix letters of other scripts, or styled letters, with plain ones."""
    if text.isascii():
        return None
    words = [found for found in _MIXED.finditer(text) if not _GREEK_PREFIX.fullmatch(found.group())]
    words += list(_STYLED.finditer(text))
    return Span(words[0].start(), words[0].end()) if len(words) >= LEAST_WORDS else None


def instructions(text: str) -> Iterator[Span]:
    """Stretches that speak to whoever ranks or judges, and not of what is offered."""
    for pattern in INSTRUCTIONS:
        for found in pattern.finditer(text):
            yield Span(found.start(), found.end())


def _first(pattern: re.Pattern[str], text: str) -> Span | None:
    found = pattern.search(text)
    return _widened(text, found.start(), found.end()) if found else None


def _widened(text: str, start: int, end: int) -> Span:
    """The whole words around a stretch, so that a quote shows something."""
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return Span(start, end)
