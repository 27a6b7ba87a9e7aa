"""What the lead of the Hub keeps: people, keys, organisations, rankers, bodies that help, mail, and how the service runs."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from models.jobs import JobRow, JobState
from models.links import Invitation
from models.mail import MessageState
from models.people import Role, RoleGrant
from models.queries import people
from tests import factories, mails, merges, rankers
from tests.browser.cases import Case, Part
from tests.browser.cases.standing import sent_empty

PERSON, ORGANISATION = "/people/{person_id}", "/organisations/{organisation_id}"
_LONG = "Regional office for health technology, evaluation and spread of what works in practice"
_CHANGE = {"needs": 20, "before": 0.61, "after": 0.57, "difference": -0.04, "difference_ci95": [-0.07, -0.01], "p": 0.01}
_REPORT = {
    "decisions": {"left_out": {"rejected as no_budget, which says nothing about fit": 4}},
    "later_decisions": {"log_loss": _CHANGE, "brier": _CHANGE, "ndcg@10": None},
    "other_needs": {"log_loss": _CHANGE, "brier": _CHANGE, "ndcg@10": _CHANGE | {"difference_ci95": [-0.01, 0.02]}},
    "sets": [{"dataset": "wy", "ndcg@10": _CHANGE}],
    "absent": ["fp7-dev"],
    "notices": ["The weights are of all these decisions."],
    "weights": {"settings": {"before": 1.0, "after": 1.2}},
}


def _fill(session: Session, at: datetime) -> Mapping[str, str | UUID]:
    """Somebody of each sort, an organisation to confirm, a ranker to look at, and what failed."""
    lead = people.by_email(session, "lead@example.org")
    assert lead is not None
    several = factories.make_person(session, Role.PLACE, name="Place officer with several roles")
    several.grants.append(RoleGrant(role=Role.BOARD, place_id=None, organisation_id=None))
    closed = factories.make_person(session, None, name="Officer who left", active=False)
    said = {"role": Role.BOARD, "invited_by": lead.id, "made_at": at, "expires_at": at + timedelta(days=14)}
    session.add(Invitation(address="new.board.member.with.a.very.long.address@example.org", **said))
    named = factories.make_organisation(session, "Example Firm of Two", confirmed=False)
    known = factories.make_organisation(session, "Example Firm")
    factories.make_key(session, Role.PIPELINE, name=_LONG)
    factories.make_key(session, Role.BOARD, name="Dashboard of old", expires_at=at - timedelta(days=1))
    for name in ("embed", "mail"):
        session.add(
            JobRow(
                name=name,
                dedupe_key=str(uuid4()),
                arguments={"side": "need", "id": str(uuid4())} if name == "embed" else {},
                state=JobState.DEAD,
                due_at=at,
                created_at=at,
                finished_at=at,
                attempts=5,
                last_error="TextTooLong; the service's log says where",
                correlation_id="",
            )
        )
    mail = mails.make_mail(
        session, lead, subject="What is new for you", state=MessageState.UNSURE, last_error="The service stopped.", created_at=at
    )
    kept = {
        "several": several.id,
        "closed": closed.id,
        "named": named.id,
        "known": known.id,
        "a_mail": mail.id,
        "sent_mail": mails.make_mail(session, lead, state=MessageState.SENT, template="sign_in_link", created_at=at).id,
        "body": merges.body(session, name=_LONG, source_url="https://www.example.org/a/long/address/of/a/page").id,
        "old_body": merges.body(session, name="Office of old", active=False).id,
    }
    rankers.make_ranker(session, "taught-in-spring", report=_REPORT)
    return kept


def _role_without_place(page: Page) -> None:
    page.get_by_text("Give a role").first.click()
    page.get_by_label("Place team").check()
    page.get_by_role("button", name="Give this role").click()
    expect(page).to_have_title(re.compile("^Error: "))


def _organisation_by_part_of_its_name(page: Page) -> None:
    page.get_by_label("E-mail address").fill("new@example.org")
    page.get_by_label("Innovator").check()
    page.get_by_label("Organisation").fill("Example")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("Like that name")).to_be_visible()


def _erasing_unasked(page: Page) -> None:
    page.get_by_text("Erase this account").first.click()
    page.get_by_role("button", name="Erase the account for good").click()
    expect(page).to_have_title(re.compile("^Error: "))


def _made(page: Page) -> None:
    page.get_by_label("Which system uses it?").fill("A system that is tried")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("heading", name="The key is made")).to_be_visible()


def _made_twice(page: Page) -> None:
    _made(page)
    page.reload()  # which sends the form again
    expect(page.get_by_role("heading", name="That key was made")).to_be_visible()


def _unchosen(page: Page) -> None:
    page.get_by_role("button", name="It is this one").click()
    expect(page).to_have_title(re.compile("^Error: "))


def _without_address(page: Page) -> None:
    page.get_by_label("Where offers are mailed").fill("nowhere")
    page.get_by_role("button", name="Keep the changes").click()
    expect(page).to_have_title(re.compile("^Error: "))


PART = Part(
    cases=(
        Case("/manage", "/manage", "hub"),
        Case("/manage", "/manage", "lead"),
        Case("/people", "/people", "lead"),
        Case("/people", "/people?q=zebra", "lead", "nobody found"),
        Case("/people", "/people?done=invited", "lead", "done"),
        Case("/people", "/people", "hub", "not allowed"),
        Case("/people/invite", "/people/invite", "lead"),
        Case("/people/invite", "/people/invite", "lead", "error", sent_empty("Send the invitation")),
        Case("/people/invite", "/people/invite", "lead", "names that are like it", _organisation_by_part_of_its_name),
        Case(PERSON, "/people/{several}", "lead"),
        Case(PERSON, "/people/{several}", "lead", "error of a role", _role_without_place),
        Case(PERSON, "/people/{several}", "lead", "not asked to erase", _erasing_unasked),
        Case(PERSON, "/people/{closed}?done=closed", "lead", "closed"),
        Case("/keys", "/keys", "lead"),
        Case("/keys", "/keys?done=ended", "lead", "done"),
        Case("/keys/new", "/keys/new", "lead"),
        Case("/keys/new", "/keys/new", "lead", "error", sent_empty("Make the key")),
        Case("/keys/new", "/keys/new", "lead", "made", _made),
        Case("/keys/new", "/keys/new", "lead", "sent twice", _made_twice),
        Case("/running", "/running", "hub"),
        Case("/running", "/running?done=retried", "lead", "tried again"),
        Case("/mail", "/mail?state=bounced", "lead", "nothing found"),
        Case("/mail", "/mail?state=undelivered", "lead", "not arrived"),
        Case("/mail/{message_id}", "/mail/{a_mail}", "lead"),
        Case("/mail/{message_id}", "/mail/{sent_mail}", "hub", "a link for its receiver"),
        Case("/organisations", "/organisations", "hub"),
        Case("/organisations", "/organisations?q=zebra", "hub", "nothing found"),
        Case(ORGANISATION, "/organisations/{named}", "hub", "to confirm"),
        Case(ORGANISATION, "/organisations/{named}", "hub", "error", _unchosen),
        Case(ORGANISATION, "/organisations/{named}?known=zebra", "hub", "none is like it"),
        Case(ORGANISATION, "/organisations/{known}?done=described", "lead", "confirmed"),
        Case("/rankers", "/rankers", "lead"),
        Case("/rankers/{name}", "/rankers/taught-in-spring", "lead"),
        Case("/bodies", "/bodies", "lead"),
        Case("/bodies", "/bodies", "innovator"),
        Case("/bodies", "/bodies?kind=regulator&use=out", "lead", "nothing found"),
        Case("/bodies/new", "/bodies/new", "lead"),
        Case("/bodies/new", "/bodies/new", "lead", "error", sent_empty("Add this body")),
        Case("/bodies/{body_id}", "/bodies/{body}", "hub"),
        Case("/bodies/{body_id}", "/bodies/{old_body}?done=changed", "lead", "asked no more"),
        Case("/bodies/{body_id}/change", "/bodies/{body}/change", "lead"),
        Case("/bodies/{body_id}/change", "/bodies/{body}/change", "lead", "error", _without_address),
        Case("/events", "/events?kind=key.created&who=nobody+at+all", "lead", "nothing found"),
        Case("/events", "/events?since=yesterday", "lead", "error"),
    ),
    fill=_fill,
)
