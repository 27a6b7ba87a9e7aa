"""The front door: needs without an account, answers kept for the owner of an address, claimed by their link."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from api.services import accounts, front_door, intake, opening
from api.services.accounts import AccountInvalid, SignInRefused
from api.services.content import InnovationContent
from models.actors import Actor, NotAllowed
from models.documents import Side, Visibility
from models.innovations import Innovation, InnovationStatus
from models.links import MOST_ASKED, LinkPurpose, LinkSpent, SavedAnswers
from models.organisations import Organisation
from models.people import Person, Role
from models.policies import INNOVATION_READ
from models.queries import documents, people, places
from models.queries import links as link_rows
from models.subjects import subject_of
from tests import factories
from tests.factories import NOW
from tests.links import CONSENT, FIVE_ANSWERS, last_token, mails
from tests.walk import ADHD_NEED

KEPT = timedelta(days=14)
HUB = Actor(name="person:hub", shown_as="Hub", roles=frozenset({Role.HUB}))


def content(**values):
    return InnovationContent.model_validate(FIVE_ANSWERS | CONSENT | values)


def save(session, *, email="new@example.org", organisation="New firm", hand_in=True, at=NOW, **values):
    front_door.save(session, content(**values), organisation=organisation, email=email, hand_in=hand_in, at=at, keep_for=KEPT)


def claim(session, *, email="new@example.org", at=NOW):
    return opening.open_link(session, last_token(session, email), at=at, hours=1)


def all_of(session, table):
    return session.scalars(select(table)).unique().all()


def test_five_answers_show_public_open_needs_with_reasons_and_keep_nothing(database, runner, libraries, said):
    said(Side.NEED, ADHD_NEED)
    said(Side.NEED, ADHD_NEED | {"title": "For the Hub alone", "visibility": "hub_only"})
    said(Side.NEED, ADHD_NEED | {"title": "For partners", "visibility": "partners"})
    said(Side.NEED, ADHD_NEED | {"title": "A draft"}, submit=False)
    runner.run_due()

    with database.reading() as session:
        found = front_door.matches(session, libraries, content(), limit=5)
        assert front_door.calls_on(session, found) == {}
        assert all_of(session, Innovation) == []

    (match,) = found.matches
    assert (match.document.title, found.candidate_count, found.query_id) == ("ADHD assessment backlog", 1, None)
    assert any(finding.need_quote for finding in match.judgement.findings)


@pytest.mark.parametrize("visibility", Visibility)
def test_who_will_read_an_answer_is_who_may_read_it_once_it_is_handed_in(session, visibility):
    row = subject_of(factories.make_innovation(session, visibility=visibility, created_by="person:1"))
    told = front_door.readers(visibility)

    for role, words in front_door._READERS.items():
        reader = Actor(name="", shown_as="", roles=frozenset({role}))
        allowed, allowed_later = (INNOVATION_READ.allows(reader, each) for each in (row, replace(row, handed_on=True)))
        assert (words in told["problems_tackled"]) == allowed, role
        assert (f"{words} once a match is confirmed" in told["problems_tackled"]) == (allowed_later and not allowed), role
    assert told["consent_by"] == [front_door.YOURSELVES, "staff of the Hub"]
    introduced = [] if visibility is Visibility.HUB_ONLY else [front_door.WHO_MEETS]  # nobody is while only the Hub may read it
    assert told["email"] == [*told["consent_by"], *introduced]
    assert told.keys() >= FIVE_ANSWERS.keys()


def test_one_hears_within_six_working_days_over_a_weekend_and_christmas():
    friday, christmas_eve = datetime(2026, 11, 6, 16, tzinfo=UTC), datetime(2026, 12, 24, 9, tzinfo=UTC)

    assert front_door.hearing(friday) == front_door.Hearing(6, date(2026, 11, 16))
    assert front_door.hearing(christmas_eve).by == date(2027, 1, 6)


def test_what_is_saved_is_nobodys_until_it_is_claimed(session):
    save(session)

    assert (all_of(session, Person), all_of(session, Innovation), len(all_of(session, SavedAnswers))) == ([], [], 1)
    assert [message.template for message in mails(session)] == ["save_link"]
    assert "Attention test" not in mails(session)[0].body  # a stranger's words go to no one's mailbox


def test_saving_does_the_same_for_an_address_with_an_account_as_without(session):
    factories.make_person(session, Role.HUB, email="officer@example.org")
    tables = [table for table in SavedAnswers.metadata.sorted_tables if table.name != "place"]
    before, grown = {table.name: len(session.execute(table.select()).all()) for table in tables}, []
    for address in ("officer@example.org", "nobody@example.org"):
        save(session, email=address)
        now = {table.name: len(session.execute(table.select()).all()) for table in tables}
        grown.append({name: now[name] - before[name] for name in now if now[name] != before[name]})
        before = now

    assert grown[0].keys() == grown[1].keys()
    assert grown[0] | {"job": 0} == grown[1] | {"job": 0}
    assert [len(mails(session, each)) for each in ("officer@example.org", "nobody@example.org")] == [1, 1]


def test_the_link_makes_the_account_claims_the_answers_and_hands_them_in(session):
    save(session, email=" New@Example.org")
    looked = opening.look(session, last_token(session), at=NOW)
    opened = claim(session)

    assert (looked.purpose, looked.about, looked.hands_in, looked.asks_name) == (LinkPurpose.SAVE, "Attention test", True, False)
    person, row = opened.signed_in.person, opened.innovation
    assert (person.email, person.name) == ("new@example.org", "Managing director")
    assert (row.status, row.supplier.name, row.supplier.confirmed) == (InnovationStatus.SUBMITTED, "New firm", False)
    assert (row.consent_by, row.consent_at, row.visibility) == ("Managing director", NOW, Visibility.HUB_ONLY)
    assert [(grant.role, grant.organisation_id) for grant in person.grants] == [(Role.INNOVATOR, row.supplier_id)]
    assert documents.get(session, Side.INNOVATION, row.id, accounts.actor_of_person(person)) is row
    assert all_of(session, SavedAnswers) == []
    with pytest.raises(LinkSpent, match="used already"):
        claim(session)


def test_a_draft_stays_one_when_nothing_else_was_asked(session):
    save(session, hand_in=False)

    assert not opening.look(session, last_token(session), at=NOW).hands_in
    assert claim(session).innovation.status is InnovationStatus.DRAFT


def test_naming_an_organisation_does_not_join_it(session):
    known = factories.make_organisation(session, "Small Firm Ltd")
    theirs = factories.make_innovation(session, supplier="Small Firm Ltd")

    save(session, organisation="Small Firm Ltd")
    opened = claim(session)

    actor = accounts.actor_of_person(opened.signed_in.person)
    assert opened.innovation.supplier_id != known.id
    assert documents.page(session, Side.INNOVATION, actor, filters={}).rows == [opened.innovation]
    assert theirs.supplier_id == known.id


def test_what_others_say_of_a_name_is_not_of_the_organisation_that_named_itself_so(session):
    save(session, organisation="Small Supplier")
    own = claim(session).innovation.supplier_id

    named = intake.create(session, Side.INNOVATION, InnovationContent(name="Another", supplier="Small Supplier"), actor=HUB, at=NOW)

    assert named.supplier_id != own
    assert places.supplier_named(session, "Small Supplier").id == named.supplier_id


def test_who_comes_again_keeps_their_account_and_their_organisation(session):
    save(session)
    first = claim(session)
    save(session, organisation=" new  FIRM ", name="Second")
    second = claim(session)
    save(session, organisation="Other firm", name="Third")
    third = claim(session)

    assert first.signed_in.person.id == second.signed_in.person.id == third.signed_in.person.id
    assert first.innovation.supplier_id == second.innovation.supplier_id != third.innovation.supplier_id
    assert len(third.signed_in.person.grants) == 2


def test_staff_who_offer_something_offer_it_as_innovators(session):
    staff = factories.make_person(session, Role.HUB, email="new@example.org")

    save(session)
    opened = claim(session)

    assert opened.signed_in.person.id == staff.id
    assert opened.innovation.supplier.name == "New firm"
    assert {grant.role for grant in staff.grants} == {Role.HUB, Role.INNOVATOR}


def test_somebody_of_several_organisations_says_whose_offer_it_is(session):
    for firm in ("New firm", "Other firm"):
        save(session, organisation=firm)
        person = claim(session).signed_in.person
    actor = accounts.actor_of_person(person)

    row = intake.create(session, Side.INNOVATION, InnovationContent(name="A", supplier="other FIRM"), actor=actor, at=NOW)

    assert row.supplier.name == "Other firm"
    assert len([each for each in all_of(session, Organisation) if each.name.casefold() == "other firm"]) == 1
    with pytest.raises(NotAllowed, match="your own organisation"):
        intake.create(session, Side.INNOVATION, InnovationContent(name="B", supplier="Rival"), actor=actor, at=NOW)


def test_a_closed_account_claims_nothing(session):
    save(session)
    factories.make_person(session, Role.HUB, email="new@example.org", active=False)

    with pytest.raises(SignInRefused, match="closed"):
        claim(session)
    assert all_of(session, Innovation) == []


def test_answers_that_nobody_claims_are_deleted_with_the_day_of_their_link(session):
    save(session)

    front_door.purge(session, at=NOW + KEPT - timedelta(seconds=1))
    assert len(all_of(session, SavedAnswers)) == 1
    front_door.purge(session, at=NOW + KEPT)
    assert all_of(session, SavedAnswers) == []
    with pytest.raises(LinkSpent, match="too old"):
        claim(session, at=NOW + KEPT)


@pytest.mark.both
def test_of_two_links_that_make_one_account_at_once_the_second_is_opened_again(database, monkeypatch):
    with database.transaction() as session:
        save(session)
        factories.make_person(session, Role.INNOVATOR, email="new@example.org")
        token = last_token(session)

    def open_it():
        with database.transaction() as session:
            return opening.open_link(session, token, at=NOW, hours=1).innovation is not None

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(people, "by_email", lambda *_: None)  # as long as whoever is faster has not finished
        with pytest.raises(SignInRefused, match="Open this link again"):
            open_it()
    assert open_it()


def test_an_address_is_not_flooded_and_nothing_tells_so(session):
    for minute in range(MOST_ASKED + 2):
        save(session, at=NOW + timedelta(minutes=minute))

    assert (
        len(mails(session))
        == len(all_of(session, SavedAnswers))
        == link_rows.asked_lately(session, "new@example.org", at=NOW)
        == MOST_ASKED
    )
    save(session, email="somebody.else@example.org")
    assert len(mails(session, "somebody.else@example.org")) == 1


def test_what_is_no_address_saves_nothing(session):
    with pytest.raises(AccountInvalid):
        save(session, email="not an address")
    assert all_of(session, SavedAnswers) == []
