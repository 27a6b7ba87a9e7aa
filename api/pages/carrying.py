"""What was typed on the page of a submission, carried through whatever is done there, so that nothing of it is lost."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from starlette.datastructures import FormData

from api.pages import forms, outcomes, pairs
from api.pages.outcomes import Typed
from api.pages.submissions import Asked
from models.base import DomainError
from models.triage import OutcomeKind

_DRAFT: Final = "draft"
_LOOK: Final = "look"


def carried(sent: FormData, pair: UUID | None = None, *, at_pair: bool = False) -> Asked:
    """What a person wrote for the outcome while they did something else; a form that nobody wrote in is opened anew."""
    typed = Typed.of(sent)
    if typed is None or not typed.own_words:
        return Asked(pair=pair, at_pair=at_pair)
    return Asked(pair=pair, typed=typed, outcome=typed.kind, at_pair=at_pair)


def only_looked(sent: FormData, typed: Typed | None) -> Asked | None:
    """What is to be shown where nothing is given yet: a letter drafted again, another outcome, or another pair; else None.

    Nothing that was typed is lost by any of them.
    """
    pair, then, choose = pair_shown(sent), forms.text(sent, "then"), forms.text(sent, "choose")
    kind = typed.kind if typed is not None else None
    if choose in outcomes.KINDS:
        kind = OutcomeKind(choose)
        return Asked(pair=pair, typed=typed.turned_to(kind) if typed else None, outcome=kind, turned=True)
    if then == _DRAFT and typed is not None:
        return Asked(pair=pair, typed=replace(typed, emptied=False), outcome=kind)
    return Asked(pair=pair, typed=typed, outcome=kind, at_pair=True) if then == _LOOK else None


def pair_shown(sent: FormData) -> UUID | None:
    """The pair that stood on the page; None when what was sent is no id."""
    return forms.uuid(forms.text(sent, "pair"))


def typed_pair(sent: FormData) -> dict[str, str]:
    """What was typed into the forms of verdicts: into that which was sent, or into each that stands beside the outcome's."""
    verdict = pairs.verdict_sent(sent)
    notes = {name: forms.text(sent, name) for name in ("rejected-note", "deferred-note")}
    return notes | {name: forms.text(verdict, name) for name in pairs.FIELDS}


def not_saved(error: DomainError, what: str, *, by_name: str, mine: bool) -> str:
    """In words, also for somebody who was at work in two windows."""
    if by_name and mine and error.message.startswith(by_name):
        said = f"You, in another window,{error.message.removeprefix(by_name)}"
        return f"Your {what} was not saved. {said} Go on, or undo that one first."
    return f"Your {what} was not saved. {error.message} Look at how it stands now: then go on, or ask who was faster."
