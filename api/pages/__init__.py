"""HTML for people: plain forms that work without a script, one file a noun."""

from fastapi import Depends, FastAPI, Request

from api.pages import (
    about,
    account,
    alignments,
    alike,
    answers,
    bodies,
    briefs,
    bulk,
    bulk_decisions,
    calls,
    colleagues,
    events,
    exporting,
    feedback,
    feeds,
    following,
    front_door,
    hand_ons,
    inbox,
    innovations,
    joint_needs,
    keeping,
    keys,
    likenesses,
    links,
    logo,
    mail,
    merges,
    need_forms,
    need_steps,
    needs,
    notes,
    open_needs,
    organisations,
    own_needs,
    people,
    place_answers,
    proposals,
    rankers,
    referrals,
    reports,
    running,
    shared_needs,
    sign_in,
    sign_offs,
    stages,
    start,
    triage,
    unmet,
    views,
    watches,
)
from api.pages.assets import Assets
from api.pages.problems import error_page
from api.pages.rendering import STATIC
from api.security import CurrentVisit

_MODULES = (
    start,
    sign_in,
    account,
    colleagues,
    about,
    logo,
    links,
    front_door,
    following,
    own_needs,
    watches,
    answers,
    feedback,
    referrals,
    open_needs,
    calls,
    feeds,
    need_forms,
    need_steps,
    joint_needs,
    sign_offs,
    shared_needs,
    needs,
    innovations,
    likenesses,
    merges,
    bulk_decisions,
    inbox,
    bulk,
    notes,
    alike,
    views,
    exporting,
    proposals,
    reports,
    briefs,
    unmet,
    hand_ons,
    place_answers,
    stages,
    alignments,
    events,
    mail,
    keeping,
    people,
    keys,
    running,
    organisations,
    rankers,
    triage,
    bodies,
)
"""In the order in which addresses are looked up."""


def _remember(request: Request, visit: CurrentVisit) -> None:
    """Leave the visit where the page of a problem finds it."""
    request.state.visit = visit


def add_pages(app: FastAPI) -> None:
    """Put the pages, their files and the pages of errors into the app."""
    app.state.error_page = error_page
    app.mount("/assets", Assets(directory=str(STATIC)), name="assets")
    for module in _MODULES:
        app.include_router(module.router, dependencies=[Depends(_remember)])
    app.include_router(mail.unsubscribing)
