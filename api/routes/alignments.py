"""Needs that align: like ones while writing, the Hub's groups, what it dismisses and proposes."""

from uuid import UUID

from fastapi import APIRouter

from api.errors import ASKING, CREATING, RANKING, READING, SENDING, problems
from api.requests import Creation, Limit, Now, Reading, SharedLibraries, StrictRoute
from api.schemas.alignments import (
    AdvisedOut,
    AlignmentsOut,
    DismissalOut,
    DismissedOut,
    DismissIn,
    ProposedAllOut,
    ProposeIn,
    SimilarIn,
    SimilarNeedsOut,
    WrittenOut,
)
from api.security import AlignmentDismisser, AlignmentProposer, AlignmentReader, NeedAdvised, NeedComparer, TextComparer
from api.services import advising, aligning
from api.services.aligning import AlignmentRefused

router = APIRouter(route_class=StrictRoute)


@router.post("/similar-needs", tags=["needs"], response_model=WrittenOut, responses=problems(*ASKING, *SENDING, *RANKING))
def find_similar_to_text(body: SimilarIn, asker: TextComparer, session: Reading, libraries: SharedLibraries) -> WrittenOut:
    """Find other places' needs like a text that is not stored, and is not stored by asking, and advice on it, while you write it."""
    found = aligning.similar_to_text(session, libraries, body.content, actor=asker, limit=body.limit)
    return WrittenOut.told(found, advising.of_text(session, body.content, actor=asker))


@router.get("/needs/{need_id}/advice", tags=["needs"], response_model=AdvisedOut, responses=problems(*READING))
def read_advice(need_id: UUID, asker: NeedAdvised, session: Reading) -> AdvisedOut:
    """Read what you might look at again in your stored need: products, jargon, what is missing; nothing of it blocks."""
    return AdvisedOut.of(advising.of_need(session, need_id, actor=asker))


@router.get("/needs/{need_id}/similar", tags=["needs"], response_model=SimilarNeedsOut, responses=problems(*READING, *RANKING))
def find_similar_needs(
    need_id: UUID, asker: NeedComparer, session: Reading, libraries: SharedLibraries, limit: Limit = 10
) -> SimilarNeedsOut:
    """Find other places' needs that you may read and that are like a stored one, with the reason."""
    return SimilarNeedsOut.of(aligning.similar_to(session, libraries, need_id, actor=asker, limit=limit))


@router.get("/alignments", tags=["joint needs"], response_model=AlignmentsOut, responses=problems(*ASKING, *RANKING))
def list_alignments(staff: AlignmentReader, session: Reading, libraries: SharedLibraries, limit: Limit = 50) -> AlignmentsOut:
    """Group all open needs that may be one, with the reason and the scale, beside what is joint and what was dismissed."""
    found = aligning.alignments(session, libraries, actor=staff)
    return AlignmentsOut.of(found, aligning.dismissed(session, actor=staff), limit=limit)


@router.post(
    "/alignments/dismiss",
    tags=["joint needs"],
    status_code=201,
    response_model=DismissedOut,
    responses=problems(*CREATING, *READING, AlignmentRefused),
)
def dismiss_alignment(body: DismissIn, *, staff: AlignmentDismisser, now: Now, session: Creation) -> DismissedOut:
    """Say that needs are not one; they are grouped no more until a text of theirs changes."""
    rows = aligning.dismiss(session, body.need_ids, actor=staff, at=now)
    return DismissedOut(dismissed=[DismissalOut.model_validate(row) for row in rows])


@router.post(
    "/alignments/propose",
    tags=["joint needs"],
    status_code=201,
    response_model=ProposedAllOut,
    responses=problems(*CREATING, *READING, AlignmentRefused),
)
def propose_alignment(body: ProposeIn, *, staff: AlignmentProposer, now: Now, session: Creation) -> ProposedAllOut:
    """Propose to those who own needs to join another one; they are told by mail, and join or do not."""
    return ProposedAllOut.of(aligning.propose(session, body.with_need_id, body.need_ids, actor=staff, at=now))
