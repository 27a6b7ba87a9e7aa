"""The link of a question: it opens for those whom it was mailed to, as long as they are who is asked."""

import re
from datetime import timedelta

import pytest

from api.services import accounts, asking, links
from models.links import LinkPurpose, LinkSpent
from models.people import Role
from tests.triage import ASK, MONDAY, conclude, innovator, mails, settle

pytestmark = pytest.mark.both
TUESDAY = MONDAY + timedelta(days=1)


def asked(session, row, by):
    """A question whose link has been mailed; the link's token."""
    settle(session, conclude(session, row, ASK, by))
    return re.search(r"/answers/([\w-]+)", mails(session)[-1].body)[1]


def test_a_link_whose_account_or_question_is_gone_says_so(session, row, by, founder):
    token = asked(session, row, by)
    nowhere = links.make(session, LinkPurpose.ANSWER, subject_id=row.id, at=MONDAY, valid_for=timedelta(days=1), person_id=founder.id)
    nobody = links.make(session, LinkPurpose.ANSWER, subject_id=row.asks[0].id, at=MONDAY, valid_for=timedelta(days=1))
    founder.active = False
    session.flush()

    for dead in (token, nobody):
        with pytest.raises(LinkSpent, match="account"):
            asking.answer_by_link(session, dead, "Adults.", {}, at=MONDAY)
    with pytest.raises(LinkSpent, match="deleted"):
        asking.question(session, nowhere, at=MONDAY)


def test_a_link_of_somebody_who_has_left_the_organisation_neither_shows_nor_answers(session, row, by, founder):
    token = asked(session, row, by)
    innovator(session, name="Second director")
    accounts.revoke(session, founder, Role.INNOVATOR, at=TUESDAY, actor=by)

    for call in (lambda: asking.question(session, token, at=TUESDAY), lambda: asking.answer_by_link(session, token, "No.", {}, at=TUESDAY)):
        with pytest.raises(LinkSpent, match="no longer offers this innovation"):
            call()
    assert row.open_ask is not None
