"""The form of a submission's outcome: what was chosen and typed, the letter drafted for it, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from api.pages import forms, wording
from api.pages.forms import FormError
from api.schemas.outcomes import ActiveIn, ArchiveIn, AskIn, OutcomeIn, ReferIn
from api.services import concluding, referring, showing, stepping
from api.services.codes import code_lists
from api.services.letters import Choice
from api.services.signposting import Route
from models.actors import Actor
from models.decisions import Reason, ReasonCode, ReasonMissing
from models.proposals import Proposal, ProposalState
from models.queries import referrals
from models.referrals import SupportBody
from models.triage import Outcome, OutcomeKind, Submission
from models.working_days import add_working_days, day_of

KINDS: Final = (OutcomeKind.ACTIVE, OutcomeKind.ASK, OutcomeKind.REFER, OutcomeKind.ARCHIVE)
_SHAPES: Final[Mapping[OutcomeKind, type[BaseModel]]] = {
    OutcomeKind.ACTIVE: ActiveIn,
    OutcomeKind.ASK: AskIn,
    OutcomeKind.REFER: ReferIn,
    OutcomeKind.ARCHIVE: ArchiveIn,
}
_MISSING: Final = {
    "reason": "Choose a reason",
    "question": "Write what you want to ask",
    "body_id": "Choose a body",
    "answer_by": "Enter the day by which an answer helps, like 27 3 2027",
}
_LABELS: Final = {"note": "Note", "reason": "Why this body may help", "question": "Question", "letter": "Letter"}
_FIELDS: Final = {"answer_by": "answer-by", "body_id": "body", "leave_undecided": "leave-undecided"}
"""Of the API's fields, those that are called otherwise in the form."""
_ANSWER_WITHIN: Final = 10
"""Working days."""
_QUESTION: Final = "[Your question stands here.]"
"""Stands in a draft until a question is there, and never in a letter that leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What the form holds; `drafted` and `why_drafted` tell the drafts that stood in it, so that what nobody changed is drafted anew."""

    kind: OutcomeKind
    reason: str = ""
    note: str = ""
    why: str = ""
    question: str = ""
    answer_by: tuple[str, str, str] = ("", "", "")
    body: str = ""
    letter: str = ""
    drafted: str = ""
    why_drafted: str = ""
    leave_undecided: bool = False
    emptied: bool = False
    kept: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: FormData) -> "Typed | None":
        """As it was sent; None without an outcome that can be chosen."""
        kind = forms.text(sent, "outcome")
        if kind not in KINDS:
            return None
        day = (forms.text(sent, f"answer-by-{part}").strip() for part in ("day", "month", "year"))
        letter = _one_line_end(forms.text(sent, "letter"))
        return cls(
            kind=OutcomeKind(kind),
            answer_by=(next(day), next(day), next(day)),
            letter=letter,
            emptied="letter" in sent and not letter,
            kept={each.value: _one_line_end(text) for each in KINDS if (text := forms.text(sent, f"letter-{each}").strip())},
            leave_undecided=forms.text(sent, "leave_undecided") == "yes",
            **{name: forms.text(sent, name) for name in ("reason", "note", "why", "question", "body", "drafted", "why_drafted")},
        )

    @property
    def day(self) -> date | None:
        """The day by which an answer helps; None when what was typed is no day."""
        day, month, year = self.answer_by
        found = forms.day_typed(FormData({"by-day": day, "by-month": month, "by-year": year}), "by")
        return found.date() if found is not None else None

    @property
    def is_own(self) -> bool:
        """Whether a person changed the letter; any other is drafted from what was chosen."""
        return bool(self.letter.strip()) and _print_of(self.letter) != self.drafted

    @property
    def own_letter(self) -> str:
        """The letter, if a person changed it; empty for one to be drafted from what was chosen."""
        return self.letter.replace(_QUESTION, self.question.strip()) if self.is_own else ""

    @property
    def own_why(self) -> str:
        """Why a body may help, if a person wrote it."""
        return self.why if self.why.strip() and _print_of(self.why) != self.why_drafted else ""

    @property
    def own_words(self) -> list[tuple[str, str]]:
        """All that a person wrote into the form, by what it is called; nothing of it is lost by what is done beside it."""
        letters = [(f"{_LABELS['letter']} ({wording.OUTCOMES[OutcomeKind(kind)].label})", text) for kind, text in self.kept.items()]
        said = [(_LABELS[name], text) for name, text in (("note", self.note), ("reason", self.own_why), ("question", self.question))]
        return [each for each in ((_LABELS["letter"], self.own_letter), *letters, *said) if each[1].strip()]

    def turned_to(self, kind: OutcomeKind) -> "Typed":
        """The form with another outcome chosen; a letter that a person changed waits until its outcome is chosen again."""
        if kind is self.kind:
            return self
        kept = dict(self.kept) | ({self.kind.value: self.letter} if self.is_own else {})
        return replace(self, kind=kind, letter=kept.pop(kind.value, ""), drafted="", emptied=False, kept=kept)


@dataclass(frozen=True, slots=True)
class Bodies:
    """To whom it may be referred: those that the rows speak for, best first, each with its reason, and the others."""

    proposed: Sequence[Route] = ()
    others: Sequence[SupportBody] = ()

    def why(self, body_id: str) -> str:
        """Why a proposed body may help, told to it and to the innovator; empty for another one."""
        found = next((each for each in self.proposed if str(each.body.id) == body_id), None)
        if found is None:
            return ""
        return f"They help with: {found.body.helps_with.rstrip('.')}." if found.body.helps_with else found.reason


def bodies_of(session: Session, row: Submission, actor: Actor) -> Bodies:
    """Of a submission's innovation."""
    proposed = referring.routes_of(session, row.innovation_id, actor=actor)
    known = {each.body.id for each in proposed}
    return Bodies(proposed, [each for each in referrals.active_bodies(session) if each.id not in known])


def completed(typed: Typed, opens: Typed) -> Typed:
    """What was typed, and where nothing was, what the form of its outcome opens with."""
    return replace(
        typed,
        reason=typed.reason or opens.reason,
        answer_by=typed.answer_by if any(typed.answer_by) else opens.answer_by,
        body=typed.body or opens.body,
    )


def of_outcome(session: Session, given: Outcome, *, actor: Actor, at: datetime, contact: str) -> Typed:
    """The form as it was sent for an outcome that was just taken back."""
    asked = next((each for each in given.submission.asks if each.outcome_id == given.id), None)
    day = asked.answer_by if asked is not None else None
    refers = given.kind is OutcomeKind.REFER
    body = str(given.body_id) if refers else ""
    typed = Typed(
        kind=given.kind,
        reason=given.reason_code.value if given.reason_code else "",
        note="" if refers else given.note,
        why=given.note if refers else "",
        why_drafted=_print_of(bodies_of(session, given.submission, actor).why(body)) if refers else "",
        question=asked.question if asked is not None else "",
        answer_by=(str(day.day), str(day.month), str(day.year)) if day is not None else ("", "", ""),
        body=body,
    )
    drafted = with_draft(session, given.submission, typed, actor=actor, at=at, contact=contact)
    return replace(drafted, letter=_one_line_end(given.letter))


def begun(kind: OutcomeKind, found: Sequence[Proposal], bodies: Bodies, *, ranked: bool, at: datetime) -> Typed:
    """The form as it opens: with the reason that the verdicts give, a fortnight to answer, or the body that fits best."""
    if kind is OutcomeKind.ARCHIVE:
        return Typed(kind=kind, reason=stepping.usual_reason(found, ranked=ranked) or "")
    if kind is OutcomeKind.ASK:
        day = add_working_days(day_of(at), _ANSWER_WITHIN)
        return Typed(kind=kind, answer_by=(str(day.day), str(day.month), str(day.year)))
    if kind is OutcomeKind.REFER and bodies.proposed:
        body = str(bodies.proposed[0].body.id)
        return with_reason(Typed(kind=kind, body=body), bodies)
    return Typed(kind=kind)


def with_reason(typed: Typed, bodies: Bodies) -> Typed:
    """The form with the reason of the body that is chosen; one that somebody wrote is kept, whichever body it is."""
    if typed.kind is not OutcomeKind.REFER or typed.own_why:
        return typed
    why = bodies.why(typed.body)
    return replace(typed, why=why, why_drafted=_print_of(why))


def with_draft(session: Session, row: Submission, typed: Typed, *, actor: Actor, at: datetime, contact: str) -> Typed:
    """The form with the letter as it would be drafted now, whatever is missing still; a letter that somebody changed is kept."""
    if typed.is_own or typed.emptied:
        return typed
    code = ReasonCode(typed.reason) if typed.reason in set(ReasonCode) else None
    note = typed.why if typed.kind is OutcomeKind.REFER else typed.note
    try:
        reason = Reason(code=code, note=note)
    except ReasonMissing:  # *other*, whose words are still to come
        reason = Reason()
    known = {str(each.id): each.id for each in referrals.active_bodies(session)} if typed.kind is OutcomeKind.REFER else {}
    choice = Choice(
        kind=typed.kind,
        reason=reason,
        question=typed.question.strip() or _QUESTION,
        answer_by=typed.day or add_working_days(day_of(at), _ANSWER_WITHIN),
        body_id=known.get(typed.body),
    )
    letter = concluding.draft(session, row.id, choice, actor=actor, at=at, contact=contact)
    return replace(typed, letter=letter, drafted=_print_of(letter))


def read(typed: Typed) -> tuple[OutcomeIn | None, list[FormError]]:
    """The outcome that the form makes by the rules of the API, or what is wrong with it."""
    said: dict[str, Any] = {"outcome": typed.kind.value, "letter": typed.own_letter, "leave_undecided": typed.leave_undecided}
    if typed.kind is OutcomeKind.ARCHIVE:
        said |= {"reason": typed.reason, "note": typed.note} if typed.reason else {"note": typed.note}
    elif typed.kind is OutcomeKind.ASK:
        said |= {"question": typed.question, "answer_by": typed.day.isoformat() if typed.day else ""}
    elif typed.kind is OutcomeKind.REFER:
        said |= {"body_id": typed.body, "reason": typed.why}
    found = _letter_errors(typed)
    try:
        made: OutcomeIn = _SHAPES[typed.kind].model_validate(said)  # type: ignore[assignment]
        _ = made.choice  # *other* needs its words
    except ValidationError as error:
        refused = forms.errors_of(error, missing=_MISSING, labels=_LABELS)
        return None, [*(_led(typed.kind, each.field, _told(each)) for each in refused), *found]
    except ReasonMissing as error:
        return None, [refusal(typed.kind, error), *found]
    return (None, found) if found else (made, [])


def _letter_errors(typed: Typed) -> list[FormError]:
    """Whether a letter is there, and the question in it."""
    if typed.emptied:
        return [FormError("letter", "Write the letter, or choose “Draft the letter again”")]
    if typed.kind is OutcomeKind.ASK and typed.question.strip() and typed.own_letter and not _holds(typed.own_letter, typed.question):
        return [FormError("letter", f"Write your question in the letter too, or write {_QUESTION} where it is to stand")]
    return []


def _holds(letter: str, question: str) -> bool:
    return " ".join(question.split()) in " ".join(letter.split())


def refusal(kind: OutcomeKind, error: ReasonMissing) -> FormError:
    """What the outcome lacks, at the field where it can be mended."""
    return _led(kind, str(error.details.get("field", "")), error.message.rstrip("."))


def _told(error: FormError) -> str:
    """Whatever is wrong with what can only be chosen is mended by choosing."""
    return _MISSING.get(error.field, error.message) if error.field in {"body_id", "answer_by"} else error.message


def _led(kind: OutcomeKind, field: str, message: str) -> FormError:
    if kind is OutcomeKind.REFER and field == "reason":
        return FormError("why", message)
    if kind is OutcomeKind.ARCHIVE and field == "reason":
        return FormError("reason", _MISSING["reason"])
    return FormError(_FIELDS.get(field, field), message)


def shown(
    row: Submission,
    typed: Typed | None,
    bodies: Bodies,
    *,
    found: Sequence[Proposal],
    by: Actor,
    ranked: bool,
    suggested: OutcomeKind | None,
) -> dict[str, Any]:
    """What the page says of the outcome that is to be given."""
    waiting = sum(stepping.waits_for(each, by.person_id) for each in found)
    return {
        "choices": [(each.value, *wording.OUTCOMES[each]) for each in KINDS],
        "asked": row.open_ask is not None,
        "suggested": suggested.value if suggested else "",
        "typed": typed,
        "button": wording.OUTCOMES[typed.kind].button if typed else "",
        "bodies": bodies,
        "reasons": code_lists()["reason_codes"],
        "waiting": waiting,
        "skipped": sum(each.state is ProposalState.OPEN for each in found) - waiting,
        "confirmed": [showing.need_shown(each, by).name_shown for each in found if each.state is ProposalState.CONFIRMED],
        "ranked": ranked,
        "may_leave": bool(waiting or not ranked) and typed is not None and typed.kind is not OutcomeKind.ASK,
    }


def _one_line_end(text: str) -> str:
    """As browsers send it back: they end lines otherwise than we wrote them."""
    return text.replace("\r\n", "\n").strip()


def _print_of(letter: str) -> str:
    return sha256(_one_line_end(letter).encode()).hexdigest()[:16]
