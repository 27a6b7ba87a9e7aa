"""Drafts of the front door: begun without an account, found by their browser alone, sent once for each time that it is asked."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from api.services import drafting, front_door
from api.services.accounts import AccountInvalid
from api.services.content import InnovationContent
from api.services.drafting import Sending
from models.events import Event
from models.front_door import DraftGone, FrontDoorDraft
from models.links import SavedAnswers
from tests.factories import NOW
from tests.links import CONSENT, FIVE_ANSWERS, mails

KEPT = timedelta(days=14)


def keep(session, token="", answers=FIVE_ANSWERS, at=NOW):
    return drafting.keep(session, token, answers, at=at, keep_for=KEPT)


def send(session, token, *, email="new@example.org", after=0):
    said = Sending(content=InnovationContent(**FIVE_ANSWERS, **CONSENT), organisation="New firm", email=email, hand_in=True, after=after)
    return drafting.send(session, token, said, at=NOW, keep_for=KEPT)


def rows(session, table):
    return session.scalars(select(table)).all()


def kinds(session):
    return [event.kind for event in session.scalars(select(Event).order_by(Event.ordinal))]


def test_a_draft_is_found_by_its_token_and_by_no_other(session):
    token = keep(session)

    assert drafting.find(session, token, at=NOW).answers == FIVE_ANSWERS
    for other in ("", "another", "x" * 300, drafting.digest(token)):
        assert drafting.find(session, other, at=NOW) is None
    (row,) = rows(session, FrontDoorDraft)
    assert token not in str(vars(row))


def test_typing_on_changes_the_draft_and_is_no_event_of_its_own(session):
    token = keep(session, answers={"name": "Half"})

    assert keep(session, token, at=NOW + timedelta(days=10)) == token

    (row,) = rows(session, FrontDoorDraft)
    assert (row.answers, row.expires_at) == (FIVE_ANSWERS, NOW + timedelta(days=24))
    assert kinds(session) == ["front_door.begun"]


def test_a_draft_ends_with_its_date(session):
    token = keep(session)
    later = NOW + KEPT

    assert drafting.find(session, token, at=later) is None
    assert keep(session, token, at=later) != token  # whoever comes back begins a new one
    front_door.purge(session, at=later)
    assert [row.kept_at for row in rows(session, FrontDoorDraft)] == [later]


def test_one_sending_is_one_mail_and_the_words_stay_for_another_address(session):
    token = keep(session)

    assert [send(session, token), send(session, token)] == [True, False]
    assert [message.template for message in mails(session)] == ["save_link"]
    assert send(session, token, email="right@example.org", after=1)

    assert [row.address for row in rows(session, SavedAnswers)] == ["new@example.org", "right@example.org"]
    assert drafting.find(session, token, at=NOW).answers == FIVE_ANSWERS


def test_who_goes_back_and_mends_the_address_is_sent_a_link_there(session):
    token = keep(session)

    assert [send(session, token, email=email) for email in ("wrong@example.org", "right@example.org", "right@example.org")] == [
        True,
        True,
        False,
    ]
    assert len(mails(session, "right@example.org")) == 1


def test_what_is_no_address_and_what_is_gone_are_refused(session):
    token = keep(session)

    with pytest.raises(AccountInvalid):
        send(session, token, email="nowhere")
    assert drafting.find(session, token, at=NOW).sends == 0
    with pytest.raises(DraftGone, match="Answer the questions again"):
        send(session, "another")


def test_who_deletes_a_draft_leaves_nothing_of_it_and_may_do_so_twice(session):
    token = keep(session)

    for _ in range(2):
        drafting.forget(session, token, at=NOW)

    assert rows(session, FrontDoorDraft) == []
    assert kinds(session) == ["front_door.begun", "front_door.forgotten"]


@pytest.mark.parametrize("wrong", [{"sends": -1}, {"expires_at": NOW}])
def test_a_draft_is_kept_for_some_time_and_sent_some_times(session, wrong):
    said = {"token_hash": "0" * 64, "answers": {}, "kept_at": NOW, "expires_at": NOW + KEPT, "sends": 0}
    session.add(FrontDoorDraft(**said | wrong))

    with pytest.raises(IntegrityError):
        session.flush()
