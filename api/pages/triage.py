"""The page where one submission is decided: a verdict on each pair, and one outcome; each step leads to the next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http
from starlette.datastructures import FormData

from api.db import Database
from api.pages import carrying, forms, outcomes, pairs
from api.pages.forms import FormError, Sent
from api.pages.outcomes import Typed
from api.pages.rendering import page, see_other
from api.pages.submissions import Asked, Looker, view
from api.requests import CurrentSettings, Now, Reading, SharedLibraries, StrictRoute
from api.security import CurrentVisit, HubStaff, Skipper, SubmissionDecider, SubmissionReader, SubmissionTaker, Undoer, Visit
from api.services import concluding, deciding, stepping, triaging
from api.services.concluding import OutcomeContradicts, Undecided
from api.services.library import Libraries
from api.settings import Settings
from models.base import DomainError
from models.decisions import NotUndoable, ReasonMissing, Verdict
from models.documents import StaleVersion
from models.proposals import Proposal, ProposalClosed
from models.queries import proposals, triage
from models.queries.documents import NotFound
from models.referrals import ReferralRefused
from models.triage import AlreadyAsked, Outcome, OutcomeKind, Submission, SubmissionClosed, SubmissionTaken

router = APIRouter(route_class=StrictRoute, include_in_schema=False)

PART: Final = "x-part"
"""The header by which our script asks for the part of the page that changed, instead of being sent to look.

It names the submission that it shows, of which it keeps what no step changes and what takes long to find.
"""
_MOVED_ON: Final = "outcome"
_DONE: Final = {
    Verdict.CONFIRMED.value: "You confirmed the match.",
    Verdict.REJECTED.value: "You rejected the match.",
    Verdict.DEFERRED.value: "You set the match aside.",
    "skipped": "You skipped the match. Others still see it.",
    Verdict.UNDONE.value: "You took it back.",
    "taken": "You have this submission now.",
    "given-back": "Anybody can see to this submission now.",
    _MOVED_ON: "The outcome is given. The letter leaves when the time to undo has passed.",
    "last": "The outcome is given. No other submission waits for you.",
}
_TOLD_BY_LAST: Final = {Verdict.CONFIRMED.value, Verdict.REJECTED.value, Verdict.DEFERRED.value, _MOVED_ON}
"""What the line beside the button that takes it back says too."""
_STALE: Final = (SubmissionClosed, SubmissionTaken, AlreadyAsked, StaleVersion)
_REFUSED: Final = (Undecided, OutcomeContradicts, ReferralRefused)


@dataclass(frozen=True, slots=True)
class Here:
    """What every answer of this page needs."""

    request: Request
    visit: Visit
    libraries: Libraries
    at: datetime
    settings: Settings

    @property
    def window(self) -> float:
        """How long what was done may be undone, in seconds."""
        return self.settings.undo_window_seconds

    @property
    def database(self) -> Database:
        """Where it is kept."""
        found: Database = self.request.app.state.database
        return found

    def show(
        self,
        session: Session,
        submission_id: UUID,
        asked: Asked,
        *,
        done: str = "",
        errors: Sequence[FormError] = (),
        sent: FormData | None = None,
        status: int = http.HTTP_200_OK,
    ) -> HTMLResponse:
        """The page of a submission, or for our script only what changes on it."""
        asked = replace(asked, kept=self.request.headers.get(PART) == str(submission_id), after_outcome=done == _MOVED_ON)
        by = Looker(actor=self.visit.actor, at=self.at, window=self.window, contact=self.settings.contact)
        shown = view(session, self.libraries, submission_id, asked, by)
        return page(
            self.request,
            "parts/triage.jinja" if PART in self.request.headers else "submission.jinja",
            self.visit,
            status=status,
            up={"href": "/triage", "text": "All submissions"},
            done=_DONE.get(done, ""),
            told_by_last=done in _TOLD_BY_LAST,
            errors=errors,
            wrong=forms.by_field(errors),
            typed=carrying.typed_pair(sent) if sent is not None else {},
            **shown,
        )

    def go(self, submission_id: UUID, asked: Asked, *, done: str) -> Response:
        """After something was done: what comes next, shown at once to our script, and by its address to everybody else.

        What was typed for the outcome has no address, and so is shown at once to everybody.
        """
        if PART in self.request.headers or asked.typed is not None:
            with self.database.reading() as session:
                return self.show(session, submission_id, asked, done=done)
        said = {"pair": asked.pair, "done": done}
        return see_other(f"/triage/{submission_id}", **{name: str(value) for name, value in said.items() if value})

    def refuse(
        self, submission_id: UUID, asked: Asked, errors: Sequence[FormError], *, status: int, sent: FormData | None = None
    ) -> HTMLResponse:
        """The submission as it stands now, with what is wrong and what was typed."""
        with self.database.reading() as session:
            return self.show(session, submission_id, asked, errors=errors, sent=sent, status=status)


def _here(request: Request, visit: CurrentVisit, libraries: SharedLibraries, settings: CurrentSettings, at: Now) -> Here:
    return Here(request, visit, libraries, at, settings)


AtHand = Annotated[Here, Depends(_here)]


@router.get("/triage/next", response_class=RedirectResponse)
def next_submission(after: UUID, *, here: AtHand, actor: SubmissionReader, session: Reading, done: bool = False) -> RedirectResponse:
    """Go on to the submission that is worth a look next, or to all of them when there is no other."""
    following = stepping.next_submission(session, actor, at=here.at, after=after, done=done)
    return see_other(f"/triage/{following.id}" if following is not None else "/triage")


@router.get("/triage/{submission_id}")
def submission_page(
    submission_id: UUID,
    *,
    here: AtHand,
    _: SubmissionReader,
    session: Reading,
    pair: UUID | None = None,
    all: bool = False,
    outcome: Literal["active", "ask", "refer", "archive"] | None = None,
    done: str = "",
) -> HTMLResponse:
    """A submission and one of its pairs side by side, with the verdict on it and the outcome."""
    asked = Asked(pair=pair, everything=all, outcome=OutcomeKind(outcome) if outcome else None, at_pair=pair is not None and not outcome)
    return here.show(session, submission_id, asked, done=done)


@router.get("/triage/{submission_id}/letters/{outcome_id}")
def letter_page(submission_id: UUID, outcome_id: UUID, *, here: AtHand, actor: SubmissionReader, session: Reading) -> HTMLResponse:
    """The letter of an outcome, to be printed and posted where no address is known."""
    row = triage.get(session, submission_id, actor)
    given = next((each for each in row.outcomes if each.id == outcome_id and each.letter), None)
    if given is None:
        raise NotFound("There is no such letter. Look at the submission for what was decided.")
    return page(
        here.request,
        "letter.jinja",
        here.visit,
        title=f"Letter about {row.innovation.name_shown}",
        up={"href": f"/triage/{submission_id}", "text": "Back to the submission"},
        letter=given.letter,
        supplier=row.innovation.supplier.name if row.innovation.supplier is not None else "",
        given_at=given.given_at,
    )


@router.post("/triage/{submission_id}/take")
def take(submission_id: UUID, *, here: AtHand, actor: SubmissionTaker, sent: Sent) -> Response:
    """Become the one who sees to it; `over` takes it from a colleague."""
    over = forms.text(sent, "over") == "yes"
    try:
        with here.database.transaction() as session:
            triaging.take(session, submission_id, actor=actor, at=here.at, version=forms.version(sent), over=over)
    except _STALE as error:
        return here.refuse(submission_id, carrying.carried(sent), [FormError("", error.message)], status=http.HTTP_409_CONFLICT)
    return here.go(submission_id, carrying.carried(sent), done="taken")


@router.post("/triage/{submission_id}/give-back")
def give_back(submission_id: UUID, *, here: AtHand, actor: SubmissionTaker, sent: Sent) -> Response:
    """Let anybody see to it."""
    try:
        with here.database.transaction() as session:
            triaging.give_back(session, submission_id, actor=actor, at=here.at, version=forms.version(sent))
    except _STALE as error:
        return here.refuse(submission_id, carrying.carried(sent), [FormError("", error.message)], status=http.HTTP_409_CONFLICT)
    return here.go(submission_id, carrying.carried(sent), done="given-back")


@router.post("/triage/proposals/{proposal_id}/decision")
def decide(proposal_id: UUID, *, here: AtHand, actor: HubStaff, sent: Sent) -> Response:
    """Confirm, reject or set aside one pair, and go on to the next."""
    verdict = pairs.verdict_sent(sent)
    version = forms.version(verdict)
    said, errors = pairs.read_verdict(verdict, here.at)
    if said is None:
        return _refuse_pair(here, proposal_id, errors, sent=sent, status=http.HTTP_422_UNPROCESSABLE_CONTENT)
    try:
        with here.database.transaction() as session:
            deciding.decide(
                session,
                proposal_id,
                Verdict(said.verdict.value),
                actor=actor,
                at=here.at,
                reason=said.why,
                undo_window_seconds=here.window,
                version=version,
            )
    except (ProposalClosed, StaleVersion) as error:
        if not _came_twice(here, proposal_id, said.verdict.value, version):
            return _too_late(here, proposal_id, error, sent=sent)
    return _after_pair(here, proposal_id, sent, done=said.verdict.value)


@router.post("/triage/proposals/{proposal_id}/skip")
def skip(proposal_id: UUID, *, here: AtHand, actor: Skipper, sent: Sent) -> Response:
    """Leave one pair for others, and go on to the next."""
    try:
        with here.database.transaction() as session:
            deciding.skip(session, proposal_id, actor=actor, at=here.at, version=forms.version(pairs.verdict_sent(sent)))
    except (ProposalClosed, StaleVersion) as error:
        return _too_late(here, proposal_id, error, sent=sent)
    return _after_pair(here, proposal_id, sent, done="skipped")


@router.post("/triage/proposals/{proposal_id}/undo")
def undo_decision(proposal_id: UUID, *, here: AtHand, actor: Undoer, sent: Sent) -> Response:
    """Take one's own verdict on a pair back, and look at that pair again."""
    version = forms.version(sent, "undo_version" if "undo_version" in sent else "version")
    try:
        with here.database.transaction() as session:
            deciding.undo(session, proposal_id, actor=actor, at=here.at, undo_window_seconds=here.window, version=version)
    except (NotUndoable, StaleVersion) as error:
        if not _came_twice(here, proposal_id, Verdict.UNDONE.value, version):
            return _refuse_pair(here, proposal_id, [FormError("", error.message)], sent=sent, status=http.HTTP_409_CONFLICT)
    return _after_pair(here, proposal_id, sent, done=Verdict.UNDONE.value)


@router.post("/triage/{submission_id}/outcome")
def conclude(submission_id: UUID, *, here: AtHand, actor: SubmissionDecider, sent: Sent) -> Response:
    """Give the outcome and go on to the next submission; or only draft its letter again, choose another one or look at a pair."""
    typed = Typed.of(sent)
    if (looked := carrying.only_looked(sent, typed)) is not None:
        with here.database.reading() as session:
            return here.show(session, submission_id, looked, sent=sent)
    if typed is None:
        wrong = [FormError("outcome", "Choose an outcome: active, ask, refer or archive")]
        return here.refuse(submission_id, Asked(), wrong, status=http.HTTP_422_UNPROCESSABLE_CONTENT)
    asked = Asked(pair=carrying.pair_shown(sent), typed=typed, outcome=typed.kind)
    with here.database.reading() as session:
        row = triage.get(session, submission_id, actor)
        bodies = outcomes.bodies_of(session, row, actor)
        following = stepping.next_submission(session, actor, at=here.at, after=submission_id, done=True)
    said, errors = outcomes.read(outcomes.with_reason(typed, bodies))
    if said is None:
        return here.refuse(submission_id, asked, errors, status=http.HTTP_422_UNPROCESSABLE_CONTENT)
    version = forms.version(sent)
    try:
        with here.database.transaction() as session:
            concluding.conclude(
                session,
                submission_id,
                said.choice,
                actor=actor,
                at=here.at,
                undo_window_seconds=here.window,
                letter=said.letter,
                leave_undecided=said.leave_undecided,
                version=version,
                contact=here.settings.contact,
            )
    except (ReasonMissing, *_REFUSED, *_STALE) as error:
        if not (isinstance(error, _STALE) and _given_twice(here, submission_id, typed.kind, version)):
            return _not_given(here, submission_id, asked, error)
    if following is None:
        return here.go(submission_id, Asked(), done="last")
    return here.go(following.id, Asked(), done=_MOVED_ON)


@router.post("/triage/{submission_id}/undo")
def undo_outcome(submission_id: UUID, *, here: AtHand, actor: SubmissionDecider, sent: Sent) -> Response:
    """Take one's own outcome back, and look at that submission again."""
    version = forms.version(sent)
    try:
        with here.database.transaction() as session:
            undoing = concluding.undo(session, submission_id, actor=actor, at=here.at, undo_window_seconds=here.window, version=version)
            asked = _as_it_was(session, undoing, here)
    except (NotUndoable, StaleVersion) as error:
        if not _given_twice(here, submission_id, OutcomeKind.UNDONE, version):
            return here.refuse(submission_id, carrying.carried(sent), [FormError("", error.message)], status=http.HTTP_409_CONFLICT)
        asked = Asked()
    return here.go(submission_id, asked, done=Verdict.UNDONE.value)


def _as_it_was(session: Session, undoing: Outcome, here: Here) -> Asked:
    """The form of an outcome that was taken back, if a person had written anything into it."""
    given = next(each for each in undoing.submission.outcomes if each.id == undoing.undoes_id)
    typed = outcomes.of_outcome(session, given, actor=here.visit.actor, at=here.at, contact=here.settings.contact)
    return Asked(typed=typed, outcome=typed.kind) if typed.own_words else Asked()


def _not_given(here: Here, submission_id: UUID, asked: Asked, error: DomainError) -> HTMLResponse:
    """What the outcome lacks or goes against, or who was faster; what was typed is kept while it can still be sent."""
    if isinstance(error, ReasonMissing) and asked.typed is not None:
        told = outcomes.refusal(asked.typed.kind, error)
        return here.refuse(submission_id, asked, [told], status=http.HTTP_422_UNPROCESSABLE_CONTENT)
    if isinstance(error, _STALE):
        with here.database.reading() as session:
            last = triage.get(session, submission_id, here.visit.actor).standing
        said = carrying.not_saved(
            error, "outcome", by_name=last.given_by_name if last else "", mine=_is_mine(here, last.given_by if last else None)
        )
        told = FormError("", said)
    elif isinstance(error, Undecided):
        told = FormError("leave-undecided", error.message.replace("say 'leave_undecided'", "tick the box that leaves them"))
    else:
        told = FormError("", error.message)
    return here.refuse(submission_id, asked, [told], status=http.HTTP_409_CONFLICT)


def _submission_of(session: Session, proposal: Proposal) -> Submission | None:
    return triage.current(session, proposal.innovation_id)


def _after_pair(here: Here, proposal_id: UUID, sent: FormData, *, done: str) -> Response:
    """The next pair of the submission; an undone one is looked at again. A match that was never handed in has a page of its own."""
    with here.database.reading() as session:
        proposal = proposals.get(session, proposal_id, here.visit.actor)
        row = _submission_of(session, proposal)
        if row is None:
            return see_other(f"/proposals/{proposal_id}")
        person_id = here.visit.actor.person_id
        found = triage.proposals_of(session, row.innovation_id, here.visit.actor)[: triage.MOST_SHOWN]
        following = stepping.next_pair(found, person_id=person_id, after=proposal_id)
    undone = done == Verdict.UNDONE.value
    pair = proposal_id if undone or following is None else following.id
    return here.go(row.id, carrying.carried(sent, pair, at_pair=undone or following is not None), done=done)


def _refuse_pair(here: Here, proposal_id: UUID, errors: Sequence[FormError], *, status: int, sent: FormData) -> Response:
    """The pair as it stands now, with who decided meanwhile."""
    with here.database.reading() as session:
        row = _submission_of(session, proposals.get(session, proposal_id, here.visit.actor))
        if row is None:
            return see_other(f"/proposals/{proposal_id}")
        return here.show(session, row.id, carrying.carried(sent, proposal_id), errors=errors, sent=sent, status=status)


def _too_late(here: Here, proposal_id: UUID, error: DomainError, *, sent: FormData) -> Response:
    """Whoever comes second reads that theirs was not saved, who was faster, and what to do."""
    with here.database.reading() as session:
        proposal = proposals.get(session, proposal_id, here.visit.actor)
        last = proposal.decisions[-1] if proposal.decisions else None
        told = carrying.not_saved(
            error, "decision", by_name=last.decided_by_name if last else "", mine=_is_mine(here, last.decided_by if last else None)
        )
    return _refuse_pair(here, proposal_id, [FormError("", told)], sent=sent, status=http.HTTP_409_CONFLICT)


def _is_mine(here: Here, person_id: UUID | None) -> bool:
    return person_id is not None and person_id == here.visit.actor.person_id


def _came_twice(here: Here, proposal_id: UUID, verdict: str, version: int) -> bool:
    """Whether this is the form that made the latest verdict, sent once more: then it was done."""
    with here.database.reading() as session:
        proposal = proposals.get(session, proposal_id, here.visit.actor)
        last = proposal.decisions[-1] if proposal.decisions else None
        mine = last is not None and last.decided_by == here.visit.actor.person_id and last.verdict.value == verdict
        return mine and 0 < version < proposal.version


def _given_twice(here: Here, submission_id: UUID, kind: OutcomeKind, version: int) -> bool:
    """The same of an outcome."""
    with here.database.reading() as session:
        row = triage.get(session, submission_id, here.visit.actor)
        last = row.outcomes[-1] if row.outcomes else None
        mine = last is not None and last.given_by == here.visit.actor.person_id and last.kind is kind
        return mine and 0 < version < row.version
