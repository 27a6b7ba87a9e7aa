"""Jobs that are owed, and those that failed too often, to be tried again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.errors import LISTING, READING, SENDING, problems
from api.requests import Now, Reading, StrictRoute, Transaction
from api.schemas.jobs import JobOut, JobsQuery
from api.schemas.pages import PageOut
from api.security import JobReader, JobRetrier
from api.services import retrying
from api.services.retrying import NotDead
from models.queries import jobs

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=StrictRoute)


@router.get("", response_model=PageOut[JobOut], responses=problems(*LISTING))
def list_jobs(wanted: Annotated[JobsQuery, Query()], _: JobReader, session: Reading) -> PageOut[JobOut]:
    """List the jobs that are owed, those due first at the top; `state=dead` are those that wait for a person."""
    page = jobs.page(session, **wanted.model_dump())
    return PageOut(items=[JobOut.of(row) for row in page.rows], next=page.following)


@router.post("/{job_id}/retry", response_model=JobOut, responses=problems(*READING, *SENDING, NotDead))
def retry_job(job_id: UUID, lead: JobRetrier, now: Now, session: Transaction) -> JobOut:
    """Queue a job that failed too often once more; what made it fail should be mended first."""
    return JobOut.of(retrying.retry(session, job_id, actor=lead, at=now))
