"""Coded fields on forms: what was chosen, ticked; what the text tells, to be ticked by a person or left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from api.pages import forms, wording
from api.services import suggesting
from api.services.suggesting import FACETS
from models.documents import Side
from models.innovations import Innovation
from models.needs import Need

Codes = Mapping[str, Sequence[str]]
"""The codes of each coded field, by the name of its column."""

_WORDS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """One box: `told_by` are the words of the text that suggest it, empty for what is only chosen."""

    value: str
    text: str
    ticked: bool
    told_by: tuple[str, ...]

    @property
    def hint(self) -> str:
        """The words that suggest it, said as what they are; empty for what is only chosen."""
        return f"Suggested from the text: {self.quoted}" if self.told_by else ""

    @property
    def quoted(self) -> str:
        """The words that suggest it, in quotation marks."""
        return ", ".join(f"“{words}”" for words in self.told_by)


@dataclass(frozen=True, slots=True)
class Question:
    """One coded field with the boxes that are worth a look."""

    name: str
    label: str
    choices: tuple[Choice, ...]


def sent_codes(sent: FormData) -> Codes:
    """The codes that were ticked."""
    return {name: forms.texts(sent, name) for name in FACETS}


def asked(sent: FormData) -> tuple[str, ...]:
    """The coded fields that the form asked for; one that it did not ask for is left as it is."""
    return tuple(name for name in FACETS if name in forms.texts(sent, "asked"))


def stored_codes(document: Need | Innovation) -> Codes:
    """The codes that people chose."""
    return {name: getattr(document, name) for name in FACETS}


def texts_of(document: Need | Innovation | None, typed: Mapping[str, str]) -> Mapping[str, str]:
    """All texts from which codes are suggested: those of the form as typed, the others as stored."""
    return {**(document.content()["fields"] if document else {}), **typed}


def questions(side: Side, texts: Mapping[str, str], ticked: Codes) -> dict[str, Question]:
    """The coded fields of which something is ticked or told by the texts, what is ticked first."""
    told = suggesting.telling_words(side, texts)
    found = {}
    for name in FACETS:
        values = dict.fromkeys((*ticked[name], *told[name]))
        choices = tuple(
            Choice(value, wording.code(name, value), ticked=value in ticked[name], told_by=told[name].get(value, ())[:_WORDS_SHOWN])
            for value in values
        )
        if choices:
            found[name] = Question(name, wording.FIELDS[side][name], choices)
    return found


def hints(question: Question | None) -> dict[str, str]:
    """What is said beside the boxes of a field whose whole list is on the form, by code."""
    return {choice.value: choice.hint for choice in question.choices if choice.told_by} if question else {}


def unaccepted(document: Need | Innovation) -> list[Question]:
    """What the text tells of fields for which nobody chose a code: this counts in the ranking, for less than a choice."""
    nothing: Codes = dict.fromkeys(FACETS, ())
    told = questions(document.side, texts_of(document, {}), nothing)
    return [question for name, question in told.items() if not getattr(document, name)]
