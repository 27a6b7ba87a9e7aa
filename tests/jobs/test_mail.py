"""Mails and digests leave by jobs: over a real mail server, once, whatever becomes of server and worker."""

import threading
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update

from api.jobs.working import Work
from api.queue import Job, enqueue
from api.services import mailing, posting, transports
from api.services.mailing import Recipient
from api.services.transports import FileTransport, SmtpTransport
from models.jobs import JobRow, JobState
from models.mail import Message, MessageState
from models.people import Role
from models.queries import mail
from models.watches import WatchHit
from tests import factories
from tests.mailboxes import Mailbox, mail_server, wait_for
from tests.services.mail_examples import EXAMPLES
from tests.walk import now

pytestmark = pytest.mark.both
TO = Recipient("founder@example.org", "Founder")


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def serve(mailbox):
    """Start the mail server, at the port where it was before."""
    with ExitStack() as stack:
        yield lambda port=0: stack.enter_context(mail_server(mailbox, port=port))


@pytest.fixture
def port(serve):
    return serve()


@pytest.fixture
def work(context, port):
    """A worker whose mails leave over the mail server."""
    return working(context, port)


def working(context, port):
    said = {"smtp_url": SecretStr(f"smtp://127.0.0.1:{port}?starttls=never"), "mail_from": "hub@example.org"}
    return Work(type(context)(context.database, context.libraries, context.settings.model_copy(update=said)))


def post(database, *, once="once", at=None):
    with database.transaction() as session:
        return mailing.post(session, "sign_in_link", TO, once_key=once, at=at or now(), **EXAMPLES["sign_in_link"]).id


def run_all(work):
    while work.run_next():
        pass


def states(database):
    with database.reading() as session:
        return [row.state for row in session.scalars(select(Message).order_by(Message.created_at))]


def jobs_of(database, name=Job.MAIL):
    with database.reading() as session:
        return session.scalars(select(JobRow).where(JobRow.name == name).order_by(JobRow.due_at)).all()


def make_due(database, *, pass_away=True):
    """Let the pauses of mails and jobs pass."""
    early = now() - timedelta(seconds=1)
    with database.transaction() as session:
        session.execute(update(JobRow).values(due_at=early))
        session.execute(update(Message).values(due_at=early))
    if pass_away:
        transports.transport_of.cache_clear()


def test_a_mail_leaves_once_and_nothing_is_owed_after(database, work, mailbox):
    message_id = post(database)
    run_all(work)

    assert list(mailbox.counts.items()) == [(f"<{message_id.hex}@example.org>", 1)]
    assert (states(database), jobs_of(database)) == ([MessageState.SENT], [])


def test_without_a_mail_server_mails_are_files(database, context):
    message_id = post(database)
    run_all(Work(context))

    (file,) = context.settings.mail_folder.iterdir()
    assert str(message_id) in file.name
    assert states(database) == [MessageState.SENT]


def test_a_mail_of_which_the_job_was_lost_is_found_by_the_sweep(database, work, mailbox):
    post(database)
    with database.transaction() as session:
        session.execute(JobRow.__table__.delete())
    work.sweep()
    run_all(work)

    assert (states(database), len(mailbox.envelopes)) == ([MessageState.SENT], 1)


def test_a_mail_server_away_for_a_day_loses_no_mail_and_doubles_none(database, context, mailbox, serve):
    port = serve()
    with ExitStack() as none:
        gone = none.enter_context(mail_server(Mailbox()))
    work = working(context, gone)
    ids = {post(database, once=str(number)) for number in range(3)}
    run_all(work)
    waiting = [(job.state, job.attempts) for job in jobs_of(database)]
    for _ in range(24):
        make_due(database)
        run_all(work)
    tried = states(database)
    make_due(database)
    run_all(working(context, port))

    assert waiting == [(JobState.QUEUED, 0)] * 3
    assert tried == [MessageState.QUEUED] * 3
    assert states(database) == [MessageState.SENT] * 3
    assert mailbox.counts == {f"<{each.hex}@example.org>": 1 for each in ids}


def test_while_a_server_is_away_only_one_mail_waits_for_it(database, context):
    with mail_server(Mailbox()) as gone:
        pass
    work = working(context, gone)
    for number in range(3):
        post(database, once=str(number))
    run_all(work)

    with database.reading() as session:
        assert sorted(session.scalars(select(Message.attempts))) == [0, 0, 1]
        assert session.scalar(select(func.count()).where(Message.state == MessageState.QUEUED)) == 3


@pytest.mark.parametrize(
    ("says", "state"),
    [
        ({"RCPT": "450 4.2.1 Later"}, MessageState.QUEUED),
        ({"RCPT": "550 5.1.1 Nobody"}, MessageState.BOUNCED),
        ({"DATA": "554 5.6.0 Spam"}, MessageState.FAILED),
    ],
)
def test_what_a_mail_server_says_is_what_becomes_of_the_mail(database, work, mailbox, says, state):
    mailbox.says.update(says)
    post(database)
    run_all(work)

    assert (states(database), mailbox.envelopes) == ([state], [])


def test_a_mail_that_may_have_been_taken_is_not_sent_again_by_itself(database, work, mailbox):
    mailbox.drops.add("DATA")
    post(database)
    run_all(work)
    mailbox.drops.clear()
    make_due(database)
    work.sweep()
    run_all(work)

    assert (states(database), len(mailbox.envelopes)) == ([MessageState.UNSURE], 1)


def test_two_workers_on_one_mail_send_it_once(database, context, port, mailbox):
    first, second = working(context, port), working(context, port)
    message_id = post(database)
    mailbox.hangs.add("RCPT")
    slow = threading.Thread(target=first.run_next)
    slow.start()
    assert wait_for(lambda: states(database) == [MessageState.SENDING])
    with database.transaction() as session:
        enqueue(session, Job.MAIL, at=now(), message=str(message_id))
    run_all(second)
    meanwhile = states(database)
    mailbox.released.set()
    slow.join(20)

    assert (meanwhile, states(database)) == ([MessageState.SENDING], [MessageState.SENT])
    assert (list(mailbox.counts.values()), jobs_of(database)) == ([1], [])


def test_a_worker_that_lost_its_job_still_tells_that_the_mail_has_left(database, context, port, mailbox):
    first, second = working(context, port), working(context, port)
    post(database)
    mailbox.hangs.add("RCPT")
    slow = threading.Thread(target=first.run_next)
    slow.start()
    assert wait_for(lambda: states(database) == [MessageState.SENDING])
    early = now() - posting.PATIENCE
    with database.transaction() as session:
        session.execute(update(Message).values(sending_since=early))
        session.execute(update(JobRow).values(leased_until=early))
    run_all(second)
    meanwhile = states(database)
    mailbox.released.set()
    slow.join(20)

    assert (meanwhile, states(database), list(mailbox.counts.values())) == ([MessageState.UNSURE], [MessageState.SENT], [1])


def test_a_mail_that_cannot_be_written_is_shown_as_failed_when_its_job_is_given_up(database, context, monkeypatch):
    def fail(_message, _sender, **_said):
        raise RuntimeError("A fault of ours.")

    monkeypatch.setattr(posting.envelopes, "compose", fail)
    post(database)
    work = Work(context)
    for _ in range(5):
        make_due(database)
        run_all(work)

    assert [job.state for job in jobs_of(database)] == [JobState.DEAD]
    assert states(database) == [MessageState.FAILED]


def test_a_digest_that_fell_due_is_looked_for_once(database, context):
    with database.transaction() as session:
        person = factories.make_person(session, Role.HUB, created_at=now() - timedelta(days=8))
        watch, need = factories.make_watch(session, person), factories.make_need(session)
        session.add(WatchHit(watch_id=watch.id, need_id=need.id, found_at=now() - timedelta(days=8)))
    work = Work(context)
    work.sweep()
    owed = [job.arguments for job in jobs_of(database, Job.DIGEST)]
    run_all(work)
    work.sweep()

    assert owed == [{"person": str(person.id)}]
    assert jobs_of(database, Job.DIGEST) == []
    with database.reading() as session:
        assert isinstance(mail.preference(session, person.id).digested_until, datetime)


def test_the_way_is_chosen_by_the_settings_of_the_worker(work, context):
    assert isinstance(transports.transport_of(work._context.settings), SmtpTransport)
    assert isinstance(transports.transport_of(context.settings), FileTransport)
