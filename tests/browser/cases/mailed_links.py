"""What a link in a mail opens: people from outside see nothing else of us."""

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from api.services import concluding, feedback, links, mailing
from models.links import LinkPurpose
from models.mail import Subscription
from models.people import Role
from tests import factories, merges, triage
from tests.browser.cases import Case, Part

_DAYS = timedelta(days=7)


def _fill(session: Session, at: datetime) -> dict[str, str | UUID]:
    """One link of each kind."""
    person = factories.make_person(session, Role.INNOVATOR)
    by = triage.officer(session, name="Officer of the links")
    asked, refused = (triage.submission(session, at=at, name=name) for name in ("Asked about", "Refused"))
    triage.conclude(session, asked, replace(triage.ASK, answer_by=(at + _DAYS).date()), by, at=at)
    outcome = triage.conclude(session, refused, triage.ARCHIVE, by, at=at)
    referred = merges.referral(session)
    offer = links.make(session, LinkPurpose.REFERRAL, subject_id=referred.id, at=at, valid_for=_DAYS, address="body@example.org")
    signing_in = links.make(session, LinkPurpose.SIGN_IN, subject_id=person.id, person_id=person.id, at=at, valid_for=_DAYS)
    return {
        "sign_in_link": signing_in,
        "ask_link": urlsplit(concluding.ask_link(session, asked.asks[0], person, at=at)).path.rpartition("/")[2],
        "feedback_link": urlsplit(feedback.invite(session, outcome.id, person_id=person.id, at=at)).path.rpartition("/")[2],
        "referral_link": offer,
        "unsubscribe_link": mailing.token_of(session, person.id, Subscription.DIGEST),
    }


PART = Part(
    cases=(
        Case("/links/{token}", "/links/{sign_in_link}"),
        Case("/links/{token}", "/links/never-made", state="spent"),
        Case("/answers/{token}", "/answers/{ask_link}"),
        Case("/feedback/{token}", "/feedback/{feedback_link}"),
        Case("/referrals/{token}", "/referrals/{referral_link}"),
        Case("/unsubscribe/{token}", "/unsubscribe/{unsubscribe_link}"),
        Case("/mail", "/mail", "hub"),
    ),
    fill=_fill,
)
