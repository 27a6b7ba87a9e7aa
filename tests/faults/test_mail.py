"""SIGKILL in the middle of sending: each mail arrives at most once, and none is forgotten."""

import time
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import select, update

import migrations
from api.db import Database
from api.services import mailing, posting
from api.services.mailing import Recipient
from api.settings import Settings
from models.mail import Message, MessageState
from tests.faults.service import Service
from tests.mailboxes import Mailbox, mail_server, wait_for
from tests.services.mail_examples import EXAMPLES

MAILS_A_KILL = 12


def states(database):
    with database.reading() as session:
        return {row.id.hex: row.state for row in session.scalars(select(Message))}


def owe(database, count):
    with database.transaction() as session:
        for number in range(count):
            to = Recipient(f"founder{number}@example.org", "Founder")
            mailing.post(session, "sign_in_link", to, once_key=f"once:{number}", at=datetime.now(UTC), **EXAMPLES["sign_in_link"])


def let_patience_pass(database):
    with database.transaction() as session:
        session.execute(
            update(Message).where(Message.state == MessageState.SENDING).values(sending_since=datetime.now(UTC) - posting.PATIENCE)
        )


@pytest.mark.parametrize(
    "kills", [pytest.param(3, id="3"), pytest.param(15, id="15", marks=[pytest.mark.faults, pytest.mark.timeout(900)])]
)
def test_a_killed_process_doubles_no_mail_and_forgets_none(tmp_path, kills):
    settings, mailbox, chance = Settings(home=tmp_path), Mailbox(), np.random.default_rng(kills)
    migrations.upgrade(settings.url)
    database = Database(settings.url)
    owe(database, kills * MAILS_A_KILL)
    mailbox.thinks_seconds = 0.02

    with mail_server(mailbox) as port:
        service = Service(tmp_path, MATCHING_SMTP_URL=f"smtp://127.0.0.1:{port}?starttls=never", MATCHING_SWEEP_SECONDS="0.5")
        try:
            for _ in range(kills):
                service.start()
                time.sleep(chance.uniform(0, 0.6))
                service.kill()
            service.start()
            assert wait_for(lambda: MessageState.QUEUED not in states(database).values(), seconds=60 + 15 * kills)
            let_patience_pass(database)
            assert wait_for(lambda: MessageState.SENDING not in states(database).values(), seconds=20)
        finally:
            service.kill()

    found, arrived = states(database), Counter(each.partition("@")[0].lstrip("<") for each in mailbox.counts.elements())
    sent = {each for each, state in found.items() if state is MessageState.SENT}
    unsure = {each for each, state in found.items() if state is MessageState.UNSURE}
    assert max(arrived.values()) == 1
    assert sent | unsure == found.keys()
    assert sent <= arrived.keys() <= sent | unsure
    assert len(unsure) <= kills
    database.dispose()
