"""What a link in a mail opens can be used by everybody: people from outside see nothing else of us."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from api.services import concluding, feedback, links, mailing
from models.links import LinkPurpose
from models.mail import Subscription
from models.people import Role
from tests import factories, merges, triage
from tests.browser.conftest import Site, Visitor
from tests.browser.test_access import faults

pytestmark = pytest.mark.browser
_DAYS = timedelta(days=7)


def addresses(session: Session) -> list[str]:
    """One link of each kind, one that was never made, and the mails of a demonstration."""
    at = datetime.now(UTC)
    person = factories.make_person(session, Role.INNOVATOR)
    by = triage.officer(session, name="Officer of the links")
    asked, refused = (triage.submission(session, at=at, name=name) for name in ("Asked about", "Refused"))
    triage.conclude(session, asked, replace(triage.ASK, answer_by=(at + _DAYS).date()), by, at=at)
    outcome = triage.conclude(session, refused, triage.ARCHIVE, by, at=at)
    referred = merges.referral(session)
    offer = links.make(session, LinkPurpose.REFERRAL, subject_id=referred.id, at=at, valid_for=_DAYS, address="body@example.org")
    signing_in = links.make(session, LinkPurpose.SIGN_IN, subject_id=person.id, person_id=person.id, at=at, valid_for=_DAYS)
    return [
        f"/links/{signing_in}",
        concluding.ask_link(session, asked.asks[0], person, at=at),
        feedback.invite(session, outcome.id, person_id=person.id, at=at),
        f"/referrals/{offer}",
        f"/unsubscribe/{mailing.token_of(session, person.id, Subscription.DIGEST)}",
        "/links/never-made",
        "/mail",
    ]


@pytest.mark.parametrize("width", [320, 1280])
def test_pages_of_mailed_links_have_no_fault(visit: Callable[..., Visitor], site: Site, width: int) -> None:
    with site.app.state.database.transaction() as session:
        found = addresses(session)
    visitor = visit(width=width).sign_in("hub")

    assert {address: each for address in found if (each := faults(visitor.open(address)))} == {}
