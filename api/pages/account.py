"""The page of one's own account: who one is, in which role one acts, mail, a copy of what is held, and the end of the account."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette import status as http

from api import browsers
from api.db import Database
from api.pages import forms
from api.pages.forms import FormError, Sent
from api.pages.keeping import Names, told
from api.pages.rendering import page, see_other
from api.pages.roles import ROLES, YOURS
from api.requests import CurrentSettings, Now, Reading, StrictRoute
from api.schemas.mail import PreferenceOut
from api.schemas.people import ExportOut
from api.security import CurrentVisit, MailPreferrer, RoleChooser, SelfDeleter, SelfExporter, Visit
from api.services import acting, erasing, mailing
from api.services.accounts import AccountInvalid, UnknownAccount
from models.documents import TransitionRefused
from models.grants import Subject
from models.mail import Frequency
from models.people import Person, Role
from models.policies import INVITATION_READ, MAIL_PREFERENCE_CHANGE, SELF_DELETE, SELF_EXPORT
from models.queries import mail, people

router = APIRouter(route_class=StrictRoute, include_in_schema=False)
FREQUENCIES: Final = {
    Frequency.DAILY: ("Every working day", "On weekdays at seven in the morning, when there is something new"),
    Frequency.WEEKLY: ("Once a week", "On Mondays at seven in the morning, when there is something new"),
    Frequency.OFF: ("Never", "Letters about what you are part of still come"),
}
_DONE: Final = {
    "role": "You act in the role that you chose",
    "mail": "We saved how often you want this mail",
}
_ALL_TOGETHER: Final = (acting.ALL, "All of them together", "You do all that your roles allow")


@router.get("/account")
def account(request: Request, *, visit: CurrentVisit, actor: SelfExporter, session: Reading, done: str = "") -> HTMLResponse:
    """Who the service takes this person for, and what they may set."""
    return _show(request, session, visit, done=_DONE.get(done, ""))


@router.post("/account/role")
def choose_role(request: Request, *, visit: CurrentVisit, actor: RoleChooser, at: Now, sent: Sent) -> Response:
    """Act in one role from now on, or in all."""
    database: Database = request.app.state.database
    said = forms.text(sent, "role")
    role = next((each for each in Role if each == said), None)
    errors = [] if role or said == acting.ALL else [FormError("role", "Choose a role")]
    if not errors:
        try:
            with database.transaction() as session:
                acting.choose(session, browsers.session_token(request), role, actor=actor, at=at)
            return see_other("/account", done="role")
        except AccountInvalid as error:
            errors = told(error)
    with database.reading() as session:
        return _show(request, session, visit, errors=errors)


@router.post("/account/mail")
def prefer_mail(request: Request, *, visit: CurrentVisit, actor: MailPreferrer, at: Now, sent: Sent) -> Response:
    """Say how often mail about what is new is wanted."""
    database: Database = request.app.state.database
    said = next((each for each in Frequency if each == forms.text(sent, "digest")), None)
    if said is None:
        with database.reading() as session:
            return _show(request, session, visit, errors=[FormError("digest", "Choose how often you want this mail")])
    with database.transaction() as session:
        mailing.prefer(session, MAIL_PREFERENCE_CHANGE.person(actor, Subject()), said, actor=actor, at=at)
    return see_other("/account", done="mail")


@router.get("/account/export", response_class=Response)
def export(actor: SelfExporter, session: Reading) -> Response:
    """Everything that is held about this person, as a file."""
    found = ExportOut(tables=erasing.export(session, SELF_EXPORT.person(actor, Subject())))
    headers = {"Content-Disposition": 'attachment; filename="what-is-held-about-me.json"'}
    return Response(found.model_dump_json(indent=2), media_type="application/json", headers=headers)


@router.get("/account/delete")
def ask_to_delete(request: Request, *, visit: CurrentVisit, actor: SelfDeleter) -> HTMLResponse:
    """What goes and what stays, and the question."""
    return _delete_form(request, visit)


@router.post("/account/delete")
def delete(request: Request, *, visit: CurrentVisit, actor: SelfDeleter, settings: CurrentSettings, at: Now, sent: Sent) -> Response:
    """Erase the account, when its owner has said that they mean it."""
    if not forms.text(sent, "sure"):
        return _delete_form(request, visit, errors=[FormError("sure", "Tick the box if you want to delete your account")])
    database: Database = request.app.state.database
    try:
        with database.transaction() as session:
            erasing.erase_person(session, SELF_DELETE.person(actor, Subject()), actor=actor, at=at)
    except TransitionRefused as error:
        return _delete_form(request, visit, errors=[FormError("", error.message)], status=http.HTTP_409_CONFLICT)
    answer = see_other("/sign-in", done="deleted")
    browsers.forget_sign_in(answer, settings)
    return answer


def _delete_form(
    request: Request, visit: Visit, *, errors: Sequence[FormError] = (), status: int = http.HTTP_422_UNPROCESSABLE_CONTENT
) -> HTMLResponse:
    return page(
        request,
        "account_delete.jinja",
        visit,
        status=status if errors else http.HTTP_200_OK,
        title="Delete your account",
        up={"href": "/account", "text": "Your account"},
        may_offer=Role.INNOVATOR in visit.held,
        errors=errors,
        wrong=forms.by_field(errors),
    )


def _show(request: Request, session: Session, visit: Visit, *, done: str = "", errors: Sequence[FormError] = ()) -> HTMLResponse:
    actor, person = visit.actor, _person(session, visit)
    acting_as = acting.ALL if actor.roles == visit.held else next(iter(actor.roles)).value
    wanted = PreferenceOut.of(mail.preference(session, person.id)).digest
    return page(
        request,
        "account.jinja",
        visit,
        status=http.HTTP_422_UNPROCESSABLE_CONTENT if errors else http.HTTP_200_OK,
        title="Your account",
        person=person,
        roles=_roles(session, person),
        choices=_choices(visit.held, acting_as),
        frequencies=[(each.value, *words, each is wanted) for each, words in FREQUENCIES.items()],
        may_invite=INVITATION_READ.admits(actor),
        done=done,
        errors=errors,
        wrong=forms.by_field(errors),
    )


def _person(session: Session, visit: Visit) -> Person:
    person = people.by_id(session, SELF_EXPORT.person(visit.actor, Subject()))
    if person is None:
        raise UnknownAccount("There is no account of that id any more. Sign in again.")
    return person


def _roles(session: Session, person: Person) -> list[tuple[str, str]]:
    """What somebody is, with where, and what it lets them do."""
    names = Names(session, person.grants)
    return [(names.role(grant), YOURS[grant.role]) for grant in person.grants]


def _choices(held: frozenset[Role], acting_as: str) -> list[tuple[Any, ...]]:
    """The roles to act in, for who holds several."""
    each = [(role.value, ROLES[role][0], YOURS[role]) for role in Role if role in held]
    return [(*choice, choice[0] == acting_as) for choice in (_ALL_TOGETHER, *each)] if len(each) > 1 else []
