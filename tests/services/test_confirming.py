"""An organisation that was named at the front door is new, or becomes one that the Hub knows."""

from uuid import uuid4

import pytest

from api.services import accounts, confirming
from models.actors import SYSTEM, NotAllowed
from models.documents import Side, TransitionRefused
from models.organisations import CompanySize, Organisation, Origin
from models.people import Role
from models.queries import documents, places
from models.queries.documents import NotFound
from tests import factories
from tests.factories import NOW


@pytest.fixture
def hub(session):
    return accounts.actor_of_person(factories.make_person(session, Role.HUB))


def named(session, name="New firm"):
    row = Organisation(name=name, kind="SUPPLIER", places=[], confirmed=False)
    session.add(row)
    session.flush()
    return row


def test_a_new_organisation_is_known_by_its_name_from_then_on(session, hub):
    row = named(session)
    assert list(confirming.waiting(session, hub)) == [row]

    assert confirming.confirm(session, row.id, actor=hub, at=NOW) is row

    assert places.supplier_named(session, "New firm") is row
    assert list(confirming.waiting(session, hub)) == []
    with pytest.raises(TransitionRefused):
        confirming.confirm(session, row.id, actor=hub, at=NOW)


@pytest.mark.both
def test_one_that_is_known_takes_over_its_people_and_offers(session, hub):
    known, row = factories.make_organisation(session, "Known firm"), named(session, "known firm ltd")
    offer = factories.make_innovation(session, supplier="known firm ltd")
    colleague, both = (factories.make_person(session, None) for _ in range(2))
    for person, firm in ((colleague, row), (both, row), (both, known)):
        accounts.grant(session, person, Role.INNOVATOR, at=NOW, actor=SYSTEM, organisation_id=firm.id)

    assert confirming.confirm(session, row.id, actor=hub, at=NOW, same_as=known.id).id == known.id

    assert session.get(Organisation, row.id) is None
    assert offer.supplier_id == known.id
    assert [[grant.organisation_id for grant in person.grants] for person in (colleague, both)] == [[known.id], [known.id]]


def test_what_becomes_of_one_that_is_known_is_found_by_its_name_and_says_what_only_the_other_said(session, hub):
    known, row = factories.make_organisation(session, "Known firm", size=CompanySize.UP_TO_5), named(session, "Mistyped")
    row.size, row.origin = CompanySize.MORE, Origin.UK
    offer = factories.make_innovation(session, supplier="Mistyped")
    offer.refresh_search_text()
    session.flush()

    confirming.confirm(session, row.id, actor=hub, at=NOW, same_as=known.id)

    assert (known.size, known.origin) == (CompanySize.UP_TO_5, Origin.UK)
    found = [documents.page(session, Side.INNOVATION, hub, filters={}, text=text).rows for text in ("known firm", "mistyped")]
    assert found == [[offer], []]


def test_what_is_not_there_waits_itself_or_is_asked_by_others_is_refused(session, hub):
    row, other = named(session), named(session, "Other")

    with pytest.raises(NotFound):
        confirming.confirm(session, uuid4(), actor=hub, at=NOW)
    with pytest.raises(TransitionRefused):
        confirming.confirm(session, row.id, actor=hub, at=NOW, same_as=other.id)
    for call in (lambda who: confirming.waiting(session, who), lambda who: confirming.confirm(session, row.id, actor=who, at=NOW)):
        with pytest.raises(NotAllowed):
            call(accounts.actor_of_person(factories.make_person(session, Role.PLACE)))
