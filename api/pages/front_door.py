"""The front door as pages: five questions without an account, the needs that they may answer, and the link that keeps them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import ValidationError
from starlette import status as http
from starlette.datastructures import FormData

from api import browsers
from api.db import Database
from api.pages import concerns, forms, wording
from api.pages.forms import FormError, Sent
from api.pages.innovations import MISSING
from api.pages.rendering import page, see_other
from api.pages.wanted import WantedNeed, wanted_need
from api.requests import CurrentSettings, Now, Reading, SharedLibraries, StrictRoute
from api.schemas.front_door import ANSWERS, FiveAnswers, SaveIn
from api.security import CurrentVisit, FrontDoorSaver, FrontDoorVisitor, Visit, same_origin
from api.services import drafting, front_door, proposing, record_answers
from api.services.accounts import AccountInvalid
from api.services.codes import code_lists
from api.services.csv_files import ImportFileRefused
from api.services.drafting import Sending
from api.services.library import Libraries, RankingUnavailable
from api.services.limiting import TooManyRequests
from api.services.proposing import NothingToRank
from api.services.record_schemas import schemas_in
from api.settings import Settings
from models.actors import ANONYMOUS
from models.documents import Side, Visibility
from models.front_door import DraftGone, FrontDoorDraft
from models.policies import INNOVATION_CREATE

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
LABELS: Final = {name: wording.FIELDS[Side.INNOVATION][name] for name in ANSWERS}
SENDER: Final = ("organisation", "consent_by", "email")
SENDER_MISSING: Final = {
    "organisation": "Enter the name of your organisation",
    "consent_by": "Enter the name of the person who agrees",
    "email": "Enter your e-mail address",
}
_SENDER_LABELS: Final = {"organisation": "Your organisation", "consent_by": "Who agrees", "email": "Your e-mail address"}
_RANKED: Final = 20
WANTED: Final = "need"  # the name in a draft of the need that it was begun for, beside the answers
_SENT_SHOWN: Final = timedelta(hours=1)
Typed = dict[str, Any]


@router.get("/begin")
def begin(
    request: Request, *, visit: CurrentVisit, _: FrontDoorVisitor, session: Reading, at: Now, done: str = "", need: str = ""
) -> HTMLResponse:
    """The five questions, with what this browser has answered before, and the need that it set out to answer."""
    draft = drafting.find(session, browsers.draft_token(request), at=at)
    return _questions(
        request, visit, _stored(draft), draft=draft, done=done, wanted=wanted_need(session, need or _need_of(draft), ANONYMOUS)
    )


@router.post("/begin", dependencies=[Depends(same_origin)])
def answer(request: Request, *, visit: CurrentVisit, _: FrontDoorSaver, settings: CurrentSettings, at: Now, sent: Sent) -> Response:
    """Keep the answers; go on to the needs, or come back later. Bad input comes back, and what is sound of it is kept."""
    typed = _typed(sent)
    kept, errors = _checked(typed)
    wanted = _wanted(request, sent)
    if forms.text(sent, "then") == "later":
        errors = [error for error in errors if typed[error.field]]
    following = see_other("/begin", done="kept") if forms.text(sent, "then") == "later" else see_other("/begin/needs")
    token = _keep(request, kept | _wanting(wanted), at, settings)
    reply = _questions(request, visit, typed, errors=errors, wanted=wanted) if errors else following
    return _with_draft(reply, token, settings, at)


@router.post("/begin/draft", dependencies=[Depends(same_origin)])
def keep_typing(request: Request, *, _: FrontDoorSaver, settings: CurrentSettings, at: Now, sent: Sent) -> Response:
    """Keep what is typed so far, for the script of the form; says whether it was kept, in words."""
    typed = _typed(sent)
    kept, errors = _checked(typed)
    wrong = [error.message for error in errors if typed[error.field]]
    wanted = _wanted(request, sent)
    token = _keep(request, kept | _wanting(wanted), at, settings)
    says = f"Not all is saved. {' '.join(wrong)}" if wrong else f"Saved in this browser at {wording.clock(at)}."
    return _with_draft(JSONResponse({"says": says}), token, settings, at)


@router.post("/begin/record", dependencies=[Depends(same_origin)])
def fill_in(
    request: Request, *, visit: CurrentVisit, _: FrontDoorSaver, session: Reading, settings: CurrentSettings, at: Now, sent: Sent
) -> Response:
    """Fill in what is empty from a record of the national service; what was typed stays, and the record is not kept."""
    draft, wanted = drafting.find(session, browsers.draft_token(request), at=at), _wanted(request, sent)
    typed = _stored(draft)
    try:
        filled = record_answers.filled_in(typed, forms.file(sent, "record"), schemas_in(settings.record_schemas))
    except ImportFileRefused as error:
        return _questions(request, visit, typed, draft=draft, errors=[FormError("record", error.message)], wanted=wanted)
    token = _keep(request, _checked(filled)[0] | _wanting(wanted), at, settings)
    return _with_draft(see_other("/begin", done="record" if token else "no_record"), token, settings, at)


@router.post("/begin/forget", dependencies=[Depends(same_origin)])
def forget(request: Request, *, _: FrontDoorSaver, settings: CurrentSettings, at: Now) -> Response:
    """Delete what this browser has answered."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        drafting.forget(session, browsers.draft_token(request), at=at)
    reply = see_other("/begin", done="forgotten")
    browsers.forget_draft(reply, settings)
    return reply


@router.get("/begin/needs")
def needs(
    request: Request,
    *,
    visit: CurrentVisit,
    _: FrontDoorVisitor,
    session: Reading,
    libraries: SharedLibraries,
    settings: CurrentSettings,
    at: Now,
) -> Response:
    """The open needs that the answers may meet, what is missing, and how to hand them in."""
    draft = drafting.find(session, browsers.draft_token(request), at=at)
    if draft is None or _complete(draft) is None:
        return see_other("/begin", done="" if draft else "gone")
    return _found(request, visit, draft, libraries, settings, at=at)


@router.post("/begin/needs", dependencies=[Depends(same_origin)])
def send(
    request: Request,
    *,
    visit: CurrentVisit,
    _: FrontDoorSaver,
    libraries: SharedLibraries,
    settings: CurrentSettings,
    at: Now,
    sent: Sent,
) -> Response:
    """Mail the link that claims the answers; pressed twice, it is mailed once."""
    database: Database = request.app.state.database
    token = browsers.draft_token(request)
    with database.reading() as session:
        draft = drafting.find(session, token, at=at)
    answers = _complete(draft) if draft else None
    if draft is None or answers is None:
        return see_other("/begin", done="gone")
    typed = _typed_sender(sent)
    said, errors = _sending(answers, typed, sent)
    if said is not None:
        try:
            request.app.state.link_limit.count(request.client.host if request.client else "")
            with database.transaction() as session:
                drafting.send(session, token, said, at=at, keep_for=timedelta(days=settings.unclaimed_days))
            reply = see_other("/begin/sent")
            browsers.remember_sent(reply, said.email, hands_in=said.hand_in, settings=settings, until=at + _SENT_SHOWN)
            return reply
        except AccountInvalid as error:
            errors = [FormError("email", error.message)]
        except TooManyRequests as error:
            errors = [FormError("", error.message)]
        except DraftGone:
            return see_other("/begin", done="gone")
    return _found(request, visit, draft, libraries, settings, at=at, typed=typed, errors=errors)


@router.get("/begin/sent")
def sent_page(
    request: Request, *, visit: CurrentVisit, _: FrontDoorVisitor, session: Reading, settings: CurrentSettings, at: Now
) -> Response:
    """What happens next, and by when."""
    draft = drafting.find(session, browsers.draft_token(request), at=at)
    if draft is None or not draft.sends:
        return see_other("/begin")
    return page(
        request,
        "begin_sent.jinja",
        visit,
        title="We have sent you a link",
        sent=browsers.sent(request),
        hearing=front_door.hearing(at),
        valid_days=settings.unclaimed_days,
        contact=settings.contact_email or settings.mail_from,
    )


def _typed(sent: FormData) -> Typed:
    return {name: forms.texts(sent, name) if name == "care_settings" else forms.text(sent, name) for name in ANSWERS}


def _stored(draft: FrontDoorDraft | None) -> Typed:
    blank: Typed = {name: [] if name == "care_settings" else "" for name in ANSWERS}
    return blank | (_said(draft) if draft is not None else {})


def _said(draft: FrontDoorDraft) -> Typed:
    """The answers alone."""
    return {name: value for name, value in draft.answers.items() if name in ANSWERS}


def _need_of(draft: FrontDoorDraft | None) -> str:
    """The id of the need that the answers were begun for; empty for none."""
    return str(draft.answers.get(WANTED, "")) if draft is not None else ""


def _wanted(request: Request, sent: FormData) -> WantedNeed | None:
    """The need that the form was opened for, while it is open."""
    database: Database = request.app.state.database
    with database.reading() as session:
        return wanted_need(session, forms.text(sent, "need"), ANONYMOUS)


def _wanting(wanted: WantedNeed | None) -> Typed:
    return {WANTED: str(wanted.need.id)} if wanted is not None else {}


def _checked(typed: Typed) -> tuple[Typed, list[FormError]]:
    """What of the answers may be kept, and what is wrong or missing."""
    try:
        FiveAnswers.model_validate(typed | {"stage": typed["stage"] or None})
    except ValidationError as error:
        errors = forms.errors_of(error, missing=MISSING, labels=LABELS)
        errors = [FormError(each.field, MISSING[each.field]) if not typed[each.field] else each for each in errors]
        wrong = {each.field for each in errors if typed[each.field]}
        return {name: value for name, value in typed.items() if name not in wrong}, errors
    return typed, []


def _complete(draft: FrontDoorDraft) -> FiveAnswers | None:
    try:
        return FiveAnswers.model_validate(_said(draft))
    except ValidationError:
        return None


def _keep(request: Request, answers: Typed, at: datetime, settings: Settings) -> str:
    """The token of the draft that has the answers now; empty when there was nothing to keep. Raises TooManyRequests."""
    database: Database = request.app.state.database
    token = browsers.draft_token(request)
    with database.reading() as session:
        known = drafting.find(session, token, at=at) is not None
    if not known and not any(answers.get(name) for name in ANSWERS):
        return ""
    if not known:
        request.app.state.draft_limit.count(request.client.host if request.client else "")
    with database.transaction() as session:
        return drafting.keep(session, token, answers, at=at, keep_for=timedelta(days=settings.unclaimed_days))


def _with_draft(reply: Response, token: str, settings: Settings, at: datetime) -> Response:
    if token:
        browsers.keep_draft(reply, token, settings, until=at + timedelta(days=settings.unclaimed_days))
    return reply


def _typed_sender(sent: FormData) -> Typed:
    typed: Typed = {name: forms.text(sent, name) for name in (*SENDER, "visibility")}
    return typed | {"hand_in": forms.text(sent, "hand_in")}


def _sending(answers: FiveAnswers, typed: Typed, sent: FormData) -> tuple[Sending | None, list[FormError]]:
    """What the second form says with the five answers, or what is wrong with it."""
    told = {name: typed[name].strip() for name in SENDER} | {"visibility": typed["visibility"] or Visibility.HUB_ONLY}
    try:
        said = SaveIn.model_validate(answers.model_dump() | told | {"submit": typed["hand_in"] != "no"})
    except ValidationError as error:
        labels = _SENDER_LABELS | {"visibility": "Who may read it"}
        return None, forms.errors_of(error, missing=SENDER_MISSING, labels=labels)
    after = forms.text(sent, "after")
    return Sending(
        content=said.content(),
        organisation=said.organisation,
        email=said.email,
        hand_in=said.submit,
        after=int(after) if after.isascii() and after.isdecimal() and len(after) < len("1000000000") else -1,
    ), []


def readers_of(field: str) -> tuple[str, str]:
    """Who reads an answer at first, and who reads it too if more people are let read it."""
    few, many = (front_door.readers(each)[field] for each in (Visibility.HUB_ONLY, Visibility.PUBLIC))
    return _listed(few), _listed([each for each in many if each not in few])


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


_DONE: Final = {
    "kept": "Your answers are saved in this browser. Come back to this page to go on.",
    "forgotten": "Your answers are deleted.",
    "record": "We filled in what your record says. Check it, and answer the questions that are still empty.",
    "no_record": "Your record answers none of these questions. Answer them here.",
}


def _questions(
    request: Request,
    visit: Visit,
    typed: Typed,
    *,
    draft: FrontDoorDraft | None = None,
    errors: Sequence[FormError] = (),
    done: str = "",
    wanted: WantedNeed | None = None,
) -> HTMLResponse:
    lists = code_lists()
    return page(
        request,
        "begin.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="Tell us what you offer",
        up={"href": "/", "text": "First page"},
        typed=typed,
        draft=draft,
        errors=forms.in_order(errors, ANSWERS),
        wrong=forms.by_field(errors),
        care_settings=lists["care_settings"],
        stages=lists["stages"],
        readers=readers_of("name"),
        done=_DONE.get(done, ""),
        gone=done == "gone",
        wanted=wanted.shown if wanted is not None else None,
        may_offer=INNOVATION_CREATE.admits(visit.actor),
    )


def _found(
    request: Request,
    visit: Visit,
    draft: FrontDoorDraft,
    libraries: Libraries,
    settings: Settings,
    *,
    at: datetime,
    typed: Typed | None = None,
    errors: Sequence[FormError] = (),
) -> HTMLResponse:
    blank = dict.fromkeys(SENDER, "") | {"visibility": Visibility.HUB_ONLY, "hand_in": "yes"}
    fields = (*SENDER, "visibility", "hand_in")
    return page(
        request,
        "begin_needs.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="Needs that it may answer",
        up={"href": "/begin", "text": "Change your answers"},
        draft=draft,
        typed=typed or blank,
        errors=forms.in_order(errors, fields),
        wrong=forms.by_field(errors),
        readers={name: readers_of(name) for name in SENDER},
        visibilities={
            each: _listed(front_door.readers(each)["name"]) for each in (Visibility.HUB_ONLY, Visibility.PARTNERS, Visibility.PUBLIC)
        },
        hearing=front_door.hearing(at),
        valid_days=settings.unclaimed_days,
        cut=_unread(draft),
        **_ranked(request, draft, libraries),
    )


def _unread(draft: FrontDoorDraft) -> list[tuple[str, int]]:
    """The answers that are longer than what is read, and how many characters of them are not."""
    answers = FiveAnswers.model_validate(_said(draft))
    left_out = proposing.unread_of_text(Side.INNOVATION, answers.content())
    return [(LABELS.get(name, name), count) for name, count in left_out.items()]


def _ranked(request: Request, draft: FrontDoorDraft, libraries: Libraries) -> dict[str, Any]:
    """The needs, or why there are none; the ranker's own words are for who keeps the service."""
    database: Database = request.app.state.database
    answers = FiveAnswers.model_validate(_said(draft))
    try:
        with database.reading() as session:
            content = answers.content()
            found = front_door.matches(session, libraries, content, limit=_RANKED)
            called = front_door.calls_on(session, found)
            shown, weak = concerns.of_matches(found, called), concerns.near_misses(found, called)
            wanted = wanted_need(session, _need_of(draft), ANONYMOUS)
            standing = concerns.of_pair(proposing.match_with(session, libraries, content, wanted.need)) if wanted is not None else None
    except RankingUnavailable:
        return {"unavailable": True}
    except NothingToRank as error:
        return {"nothing_to_rank": error.message}
    others = [each for each in shown if standing is None or each.href != standing.href]
    return {
        "first": others[: concerns.SHOWN_FIRST],
        "more": others[concerns.SHOWN_FIRST :],
        "weak": [each for each in weak if standing is None or each.href != standing.href],
        "compared": found.candidate_count,
        "wanted": wanted.shown if wanted is not None else None,
        "standing": standing,
    }
