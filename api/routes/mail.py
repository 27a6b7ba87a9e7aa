"""Mail that is owed or has left, what came back of it, and how much of it people want."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.errors import ASKING, LISTING, READING, SENDING, problems
from api.requests import CurrentSettings, Now, Reading, StrictRoute, Transaction
from api.schemas.mail import BounceIn, MailOut, MailQuery, MailTextOut, PreferenceIn, PreferenceOut
from api.schemas.pages import PageOut
from api.security import BounceTeller, MailPreferenceReader, MailPreferrer, MailReader, MailSender
from api.services import bouncing, envelopes, mailing, posting
from api.services.bouncing import NotABounce
from api.services.envelopes import Sender
from models.grants import Subject
from models.mail import MailNotSendable
from models.policies import MAIL_PREFERENCE_CHANGE, MAIL_PREFERENCE_READ
from models.queries import mail

router = APIRouter(tags=["mail"], route_class=StrictRoute)


@router.get("/mail", response_model=PageOut[MailOut], responses=problems(*LISTING))
def list_mail(wanted: Annotated[MailQuery, Query()], _: MailReader, session: Reading) -> PageOut[MailOut]:
    """List mails, the latest first; those failed, bounced, suppressed or unsure were not delivered, as far as is known."""
    page = mail.page(session, **wanted.model_dump())
    return PageOut(items=[MailOut.of(row) for row in page.rows], next=page.following)


@router.get("/mail/{message_id}", response_model=MailTextOut, responses=problems(*READING))
def read_mail(message_id: UUID, _: MailReader, *, session: Reading, settings: CurrentSettings) -> MailTextOut:
    """Read one mail."""
    row = mail.one(session, message_id)
    return MailTextOut.read(row, envelopes.text(row, Sender.of(settings)))


@router.post("/mail/{message_id}/send-again", response_model=MailOut, responses=problems(*READING, *SENDING, MailNotSendable))
def send_mail_again(message_id: UUID, lead: MailSender, *, now: Now, session: Transaction) -> MailOut:
    """Send a mail that was not delivered once more; ask first whether one that is *unsure* has arrived."""
    return MailOut.of(posting.send_again(session, message_id, actor=lead, at=now))


@router.post("/mail-bounces", response_model=MailOut, responses=problems(*ASKING, *SENDING, NotABounce))
def take_bounce(body: BounceIn, lead: BounceTeller, *, now: Now, session: Transaction) -> MailOut:
    """Take a delivery report of a mail server, and tell of which mail it was; one of a delay changes nothing."""
    return MailOut.of(bouncing.take(session, body.report.encode(), actor=lead, at=now))


@router.get("/me/mail", response_model=PreferenceOut, responses=problems(*ASKING))
def read_my_mail(actor: MailPreferenceReader, session: Reading) -> PreferenceOut:
    """Tell how much mail you want beyond letters about what you are part of."""
    return PreferenceOut.of(mail.preference(session, MAIL_PREFERENCE_READ.person(actor, Subject())))


@router.patch("/me/mail", response_model=PreferenceOut, responses=problems(*ASKING, *SENDING))
def change_my_mail(body: PreferenceIn, actor: MailPreferrer, *, now: Now, session: Transaction) -> PreferenceOut:
    """Say how much mail you want."""
    person_id = MAIL_PREFERENCE_CHANGE.person(actor, Subject())
    return PreferenceOut.of(mailing.prefer(session, person_id, body.digest, actor=actor, at=now))
