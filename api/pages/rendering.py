"""Templates to pages: the one environment, escaping on, with what every page shows around its own content."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader
from starlette import status as http

from api.logos import logo_of
from api.pages import wording
from api.pages.downloads import downloads
from api.pages.roles import ROLES
from api.security import Visit
from api.services.measuring import Lookout
from api.services.readiness import is_behind
from api.settings import Settings
from models.people import Role
from models.policies import INNOVATION_READ, JOB_READ, OWN_NEEDS_READ, PROPOSAL_READ, REPORT_READ, SUBMISSION_READ

STATIC: Final = files("api").joinpath("static")
MANAGE: Final = "/manage"
UNDER_MANAGE: Final = frozenset({"running", "mail", "people", "keys", "organisations", "bodies", "rankers", "events"})
"""What the page of that address leads to, so that the menu says where one is."""


@cache
def assets_version() -> str:
    """Changes whenever a file of ours under `static` does, so that browsers may keep the files for long."""
    digest = hashlib.sha256()
    for path in sorted(each.name for each in STATIC.iterdir() if each.is_file()):  # ours lie beside the folders of others
        digest.update(STATIC.joinpath(path).read_bytes())
    for path in ("images/favicon.svg", "nhsuk/PROVENANCE.md"):
        digest.update(STATIC.joinpath(path).read_bytes())
    return digest.hexdigest()[:12]


def _asset(path: str) -> str:
    return f"/assets/{path}?v={assets_version()}"


@cache
def environment() -> Environment:
    """Our templates before those of NHS.UK frontend, whose macros count on parameters that are not given."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader("api", "templates"), PackageLoader("nhsuk_frontend_jinja")]),
        undefined=ChainableUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a page asks for hundreds of templates, and would look at the file of each
        cache_size=-1,
    )
    made.globals |= {"asset": _asset, "once": lambda: uuid4().hex}
    made.filters |= {"day": wording.day, "moment": wording.moment, "clock": wording.clock}
    return made


def page(
    request: Request,
    template: str,
    visit: Visit,
    *,
    title: str,
    status: int = http.HTTP_200_OK,
    **shown: Any,  # noqa: ANN401 -- what templates show
) -> HTMLResponse:
    """One page; `title` is its heading and stands in the browser's tab."""
    settings: Settings = request.app.state.settings
    around = {
        "title": title,
        "service_name": settings.service_name,
        "logo": logo_of(settings.logo),
        "contact": settings.contact_email or settings.mail_from,
        "cspNonce": getattr(request.state, "nonce", ""),
        "actor": visit.actor,
        "signed_in": visit.actor.person_id is not None,
        "acting_as": _acting_as(visit),
        "csrf_token": visit.csrf_token,
        "menu": menu(visit, request.url.path),
        "downloads": downloads(request.url.path, request.query_params.multi_items()),
        "notice": "" if visit.actor.is_anonymous else notice(request.app.state.lookout),
    }
    return HTMLResponse(environment().get_template(template).render(around | shown), status)


def _acting_as(visit: Visit) -> str:
    """The one of several roles that the visitor has chosen to act in; empty for whoever acts in all that they hold."""
    return ROLES[next(iter(visit.actor.roles))][0] if visit.actor.roles < visit.held else ""


def notice(lookout: Lookout) -> str:
    """What whoever expects matches must know of the matching, as it stood some seconds ago; no page waits for it."""
    if lookout.last_matching_fault() in {"encoder", "ranker"}:
        return "We cannot look for matches at the moment. What you write is kept, and is matched when we can again."
    if is_behind(lookout.last_figures()):
        return "Matching is behind: the latest needs and innovations may not be among the matches yet."
    return ""


def menu(visit: Visit, path: str) -> list[dict[str, str]]:
    """The pages that this visitor may go to; the one they are on, or under, is marked."""
    actor = visit.actor
    items = [("/triage", "Triage")] if SUBMISSION_READ.admits(actor) else []
    items += [("/needs", "Needs"), ("/calls", "Calls")]
    if INNOVATION_READ.admits(actor):
        items.append(("/innovations", "Innovations"))
    if OWN_NEEDS_READ.admits(actor):
        items.append(("/my-needs", "Needs for you"))
    if PROPOSAL_READ.admits(actor):
        items.append(("/proposals", "Matches to decide" if actor.is_hub else "Proposed matches"))
    if Role.PLACE in actor.roles:
        items.append(("/place-answers", "Questions to us"))
    if REPORT_READ.admits(actor):
        items.append(("/reports", "Reports"))
    if JOB_READ.admits(actor):
        items.append((MANAGE, "Manage"))
    if actor.is_anonymous:
        items.append(("/begin", "Offer something"))
    return [{"href": href, "text": text, "current": _current(path, href)} for href, text in items]


def _current(path: str, href: str) -> str:
    if href == MANAGE and path.split("/")[1] in UNDER_MANAGE:
        return "true"
    return "page" if path == href else ("true" if path.startswith(f"{href}/") else "")


def see_other(path: str, **query: str) -> RedirectResponse:
    """After a form was done: go and look, so that a reload does nothing twice."""
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, http.HTTP_303_SEE_OTHER)


def with_query(path: str, query: Mapping[str, str | None]) -> str:
    """An address with those of the parameters that say something."""
    said = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(said)}" if said else path
