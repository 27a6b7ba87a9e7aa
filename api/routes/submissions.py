"""Submissions in triage: the queue, one of them, who has it, its outcome and the answer to a question."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response
from sqlalchemy.orm import Session

from api.errors import CHANGING, CREATING, LISTING, READING, problems
from api.requests import Creation, CurrentSettings, ExpectedVersion, Now, Reading, SharedLibraries, StrictRoute, Transaction, tag
from api.schemas.answers import AnswerIn, AnswerOut
from api.schemas.outcomes import OUTCOME_IN_EXAMPLES, LetterOut, LetterQuery, OutcomeIn, OutcomeOut
from api.schemas.pages import PageOut
from api.schemas.submissions import SubmissionOut, SubmissionRow, SubmissionsQuery
from api.security import SubmissionAnswerer, SubmissionDecider, SubmissionReader, SubmissionTaker
from api.services import asking, concluding, likening, triaging
from api.services.asking import NothingAnswered
from api.services.concluding import OutcomeContradicts, Undecided
from api.services.intake import ExternalIdTaken
from models.actors import Actor
from models.clocks import ClockKind
from models.decisions import NotUndoable, ReasonMissing
from models.queries import clocks, triage
from models.queries.triage import Wanted
from models.referrals import ReferralRefused
from models.triage import AlreadyAsked, AskClosed, Submission, SubmissionClosed, SubmissionTaken
from models.working_days import day_of

router = APIRouter(prefix="/submissions", tags=["submissions"], route_class=StrictRoute)
_NOBODY = UUID(int=0)  # whom a key stands for that acts for no person
TAKING = (*CHANGING, SubmissionClosed, SubmissionTaken)


@router.get("", response_model=PageOut[SubmissionRow], responses=problems(*LISTING))
def list_submissions(
    wanted: Annotated[SubmissionsQuery, Query()], reader: SubmissionReader, now: Now, session: Reading
) -> PageOut[SubmissionRow]:
    """List submissions: what is overdue first, then by the best open match, then what has waited longest."""
    asked = Wanted(
        state=wanted.state,
        assigned_to=(reader.person_id or _NOBODY) if wanted.assigned == "me" else None,
        unassigned=wanted.assigned == "nobody",
        overdue=wanted.overdue,
        band=wanted.band,
        kind=wanted.kind,
        flagged=wanted.flagged,
        snoozed=wanted.snoozed,
        text=wanted.q,
    )
    page = triage.queue(session, reader, asked, today=day_of(now), after=wanted.after, limit=wanted.limit)
    waits = clocks.of_many(session, ClockKind.TRIAGE, [row.id for row in page.rows])
    found = triage.proposals_of_many(session, [row.innovation_id for row in page.rows])
    shown = [SubmissionRow.of(row, waits.get(row.id), found[row.innovation_id], actor=reader, at=now) for row in page.rows]
    return PageOut(items=shown, next=page.following)


@router.get("/{submission_id}", response_model=SubmissionOut, responses=problems(*READING))
def read_submission(
    submission_id: UUID,
    *,
    reader: SubmissionReader,
    now: Now,
    settings: CurrentSettings,
    session: Reading,
    libraries: SharedLibraries,
    response: Response,
    all: Annotated[bool, Query(description="Show every proposal at or above *possible*, not five.")] = False,
) -> SubmissionOut:
    """Read one submission with the matches to decide and what became of it before."""
    shown = triaging.shown(session, submission_id, actor=reader, everything=all)
    told = SubmissionOut.of_shown(
        shown,
        clocks.of(session, ClockKind.TRIAGE, submission_id),
        actor=reader,
        at=now,
        duplicates=likening.duplicate_count(session, libraries, shown.submission.innovation_id, actor=reader),
        undo_window_seconds=settings.undo_window_seconds,
    )
    return tag(response, told)


@router.post("/{submission_id}/take", response_model=SubmissionRow, responses=problems(*TAKING))
def take_submission(
    submission_id: UUID,
    *,
    staff: SubmissionTaker,
    version: ExpectedVersion,
    now: Now,
    session: Transaction,
    response: Response,
    over: Annotated[bool, Query(description="Take it from a colleague who has it.")] = False,
) -> SubmissionRow:
    """Become the one who sees to a submission; who comes second is told who has it."""
    row = triaging.take(session, submission_id, actor=staff, at=now, version=version, over=over)
    return tag(response, _line(session, row, staff, now))


@router.post("/{submission_id}/give-back", response_model=SubmissionRow, responses=problems(*TAKING))
def give_submission_back(
    submission_id: UUID, *, staff: SubmissionTaker, version: ExpectedVersion, now: Now, session: Transaction, response: Response
) -> SubmissionRow:
    """Let anybody see to it again."""
    row = triaging.give_back(session, submission_id, actor=staff, at=now, version=version)
    return tag(response, _line(session, row, staff, now))


@router.get("/{submission_id}/letter", response_model=LetterOut, responses=problems(*READING, ReasonMissing))
def draft_letter(
    submission_id: UUID,
    wanted: Annotated[LetterQuery, Query()],
    *,
    staff: SubmissionDecider,
    now: Now,
    settings: CurrentSettings,
    session: Reading,
) -> LetterOut:
    """Draft what the innovator would be told; send it back with the outcome, changed or not."""
    text = concluding.draft(session, submission_id, wanted.choice, actor=staff, at=now, contact=settings.contact)
    told = len(concluding.innovators_of(session, triage.get(session, submission_id, staff)))
    return LetterOut(text=text, to=told, to_print=not told)


@router.post(
    "/{submission_id}/outcome",
    status_code=201,
    response_model=OutcomeOut,
    responses=problems(*CREATING, *TAKING, AlreadyAsked, Undecided, OutcomeContradicts, ReasonMissing, ReferralRefused),
)
def give_outcome(
    submission_id: UUID,
    *,
    body: Annotated[OutcomeIn, Body(openapi_examples={each["outcome"]: {"value": each} for each in OUTCOME_IN_EXAMPLES})],
    staff: SubmissionDecider,
    version: ExpectedVersion,
    now: Now,
    settings: CurrentSettings,
    session: Creation,
    response: Response,
) -> OutcomeOut:
    """Give a submission its one outcome; the first stands, and the letter leaves when the time to undo has passed."""
    window = settings.undo_window_seconds
    row = concluding.conclude(
        session,
        submission_id,
        body.choice,
        actor=staff,
        at=now,
        undo_window_seconds=window,
        letter=body.letter,
        leave_undecided=body.leave_undecided,
        version=version,
        contact=settings.contact,
    )
    tag(response, row.submission)
    return OutcomeOut.of(row, undo_window_seconds=window)


@router.post("/{submission_id}/undo", status_code=201, response_model=OutcomeOut, responses=problems(*CREATING, *CHANGING, NotUndoable))
def undo_outcome(
    submission_id: UUID,
    *,
    staff: SubmissionDecider,
    version: ExpectedVersion,
    now: Now,
    settings: CurrentSettings,
    session: Creation,
    response: Response,
) -> OutcomeOut:
    """Take your own outcome back while the window lasts; its letter never leaves."""
    window = settings.undo_window_seconds
    row = concluding.undo(session, submission_id, actor=staff, at=now, undo_window_seconds=window, version=version)
    tag(response, row.submission)
    return OutcomeOut.of(row, undo_window_seconds=window)


@router.post(
    "/{submission_id}/answer",
    status_code=201,
    response_model=AnswerOut,
    responses=problems(*CREATING, *READING, AskClosed, NothingAnswered, ExternalIdTaken),
)
def answer_question(submission_id: UUID, *, body: AnswerIn, writer: SubmissionAnswerer, now: Now, session: Creation) -> AnswerOut:
    """Answer what you were asked; changed fields are a new version, which is ranked again."""
    return AnswerOut.of(asking.answer(session, submission_id, body.answer, body.changed, actor=writer, at=now))


def _line(session: Session, row: Submission, staff: Actor, now: datetime) -> SubmissionRow:
    found = triage.proposals_of(session, row.innovation_id, staff)
    return SubmissionRow.of(row, clocks.of(session, ClockKind.TRIAGE, row.id), found, actor=staff, at=now)
