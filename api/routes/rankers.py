"""Trained rankers: all, one with its report, which one judges, and the way back. `matching ranker train` makes them."""

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from api.errors import ASKING, CHANGING, RANKING, READING, problems
from api.requests import ExpectedVersion, Now, Reading, SharedLibraries, StrictRoute, Transaction, tag
from api.schemas.rankers import RankerName, RankerOut, RankerReportOut, RankersOut
from api.security import RankerManager, RankerReader
from api.services import activating
from api.services.library import Libraries
from models.queries import ranker_versions
from models.ranker_versions import AlreadyActive, NoWayBack

router = APIRouter(tags=["rankers"], route_class=StrictRoute)


@router.get("/rankers", response_model=RankersOut, responses=problems(*ASKING, *RANKING))
def list_rankers(_: RankerReader, session: Reading, libraries: SharedLibraries) -> RankersOut:
    """List the rankers that were trained on decisions, newest first, and tell which one judges."""
    return _shown(session, libraries)


@router.get("/rankers/{name}", response_model=RankerReportOut, responses=problems(*READING))
def read_ranker(name: RankerName, _: RankerReader, session: Reading, response: Response) -> RankerReportOut:
    """Read a trained ranker with its report: what it was trained on, and how it judges against that from which it began."""
    return tag(response, RankerReportOut.of(ranker_versions.named(session, name)))


@router.post("/rankers/{name}/activate", response_model=RankerOut, responses=problems(*CHANGING, *RANKING, AlreadyActive))
def activate_ranker(
    name: RankerName,
    *,
    lead: RankerManager,
    version: ExpectedVersion,
    now: Now,
    session: Transaction,
    libraries: SharedLibraries,
    response: Response,
) -> RankerOut:
    """Have a trained ranker judge from now on, in every process; everything is ranked anew in the background."""
    return tag(response, RankerOut.of(activating.activate(session, libraries, name, actor=lead, at=now, version=version)))


@router.post("/ranker-rollback", response_model=RankersOut, responses=problems(*CHANGING, *RANKING, NoWayBack))
def roll_back(
    *, lead: RankerManager, version: ExpectedVersion, now: Now, session: Transaction, libraries: SharedLibraries, response: Response
) -> RankersOut:
    """Go back to the ranker that judged before; `If-Match` names the version of the one that judges now, and so does the ETag."""
    judging = activating.roll_back(session, libraries, actor=lead, at=now, version=version)
    if judging is not None:  # the ranker of the settings has no version
        tag(response, judging)
    return _shown(session, libraries)


def _shown(session: Session, libraries: Libraries) -> RankersOut:
    rows = ranker_versions.every(session)
    active = ranker_versions.active(session)
    in_use = active.ranker_id if active is not None else libraries.ranker.id
    return RankersOut(in_use=in_use, trained=active is not None, items=[RankerOut.of(row) for row in rows])
