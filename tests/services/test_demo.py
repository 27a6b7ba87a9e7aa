import pytest
from sqlalchemy import func, select

from api.db import Database
from api.services import accounts, demo, intake
from models import Base
from models.actors import SYSTEM
from models.documents import Side
from models.innovations import Innovation
from models.keys import Scope
from models.needs import Need, NeedStatus
from models.organisations import Organisation
from models.people import Person, Role
from models.places import Place
from models.queries import documents, keys, people, places, referrals
from tests.walk import now


@pytest.fixture
def empty(tmp_path):
    """A database without anything in it."""
    database = Database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    Base.metadata.create_all(database.engine)
    yield database
    database.dispose()


@pytest.fixture
def accounts_file(tmp_path):
    return tmp_path / demo.ACCOUNTS_FILE


def counted(session, table):
    return session.scalar(select(func.count()).select_from(table))


def test_the_demonstration_has_real_needs_and_innovations_of_five_places(empty):
    told = []
    with empty.transaction() as session:
        new = demo.bring_in(session, at=now(), on_progress=lambda done, total: told.append((done, total)))

    assert (new, told[0], told[-1]) == (153, (1, 153), (153, 153))
    with empty.reading() as session:
        assert (counted(session, Need), counted(session, Innovation), counted(session, Place)) == (44, 109, 5)
        need = documents.by_key(session, Side.NEED, "n-adhd")
        assert (need.status, need.verified is not None, need.illustrative != []) == (NeedStatus.OPEN, True, True)
        assert len(documents.searchable_names(session, Side.INNOVATION, SYSTEM)) == 107
        kirklees = places.by_keys(session, ["KIR"])[0]
        assert kirklees.ods_code_on(now().date()) == "X2C4Y"
        assert {place.key for place in places.organisation_of(session, "RXF").places} == {"KIR", "WAK"}


def test_the_demonstration_has_the_regions_bodies_with_their_public_source_and_invented_addresses(empty):
    for _ in range(2):
        with empty.transaction() as session:
            demo.bring_in_places(session)
            demo.bring_in_bodies(session, at=now())

    with empty.reading() as session:
        bodies = referrals.active_bodies(session)
        assert len(bodies) == 20
        assert {row.contact_email.split("@")[1] for row in bodies} == {"example.org"}
        assert all(row.source_url and row.contact_url for row in bodies)
        assert [row.name for row in bodies if not row.verified] == ["NIHR Leeds Clinical Research Facility"]


def test_a_second_run_adds_nothing_and_keeps_what_people_changed(empty):
    with empty.transaction() as session:
        demo.bring_in(session, at=now())
    with empty.transaction() as session:
        need = documents.by_key(session, Side.NEED, "n-adhd")
        intake.change(session, Side.NEED, need.id, {"metric": "Weeks waited"}, actor=SYSTEM, at=now())
        other = documents.by_key(session, Side.NEED, "n-urology-daycase")
        intake.withdraw(session, Side.NEED, other.id, actor=SYSTEM, at=now())
        bodies = counted(session, Organisation)

    with empty.transaction() as session:
        assert demo.bring_in(session, at=now()) == 0

    with empty.reading() as session:
        assert documents.by_key(session, Side.NEED, "n-adhd").metric == "Weeks waited"
        assert documents.by_key(session, Side.NEED, "n-urology-daycase").status is NeedStatus.WITHDRAWN
        assert (counted(session, Need), counted(session, Organisation)) == (44, bodies)


def test_every_role_has_an_account_that_opens_with_the_password_of_the_installation(empty, accounts_file):
    with empty.transaction() as session:
        demo.bring_in_places(session)
        credentials = demo.open_accounts(session, accounts_file, at=now())

    assert accounts_file.stat().st_mode & 0o777 == 0o600
    with empty.transaction() as session:
        triage = accounts.proven(session, "hub.triage@example.org", credentials.password)
        leeds = accounts.actor_of_person(accounts.person_of(session, "leeds@example.org"))
        innovator = accounts.actor_of_person(accounts.person_of(session, "innovator@example.org"))
        machine = accounts.actor_of_key(session, credentials.key, at=now())
        assert (triage.name, accounts.actor_of_person(triage).is_hub) == ("Hub triage officer", True)
        assert leeds.place_ids == {places.by_keys(session, ["LDS"])[0].id}
        assert len(innovator.organisation_ids) == 1
        assert machine.roles == {Role.PIPELINE}
        assert Scope.DECIDE not in machine.scopes
        held = {grant.role for person in accounts.everybody(session) for grant in person.grants}
        assert held | machine.roles == set(Role)


def test_password_and_key_stay_from_run_to_run(empty, accounts_file):
    with empty.transaction() as session:
        demo.bring_in_places(session)
        first = demo.open_accounts(session, accounts_file, at=now())
    with empty.transaction() as session:
        accounts.set_password(session, accounts.person_of(session, "board@example.org"), "a password of their own", at=now(), actor=SYSTEM)

    with empty.transaction() as session:
        assert demo.open_accounts(session, accounts_file, at=now()) == first
        assert accounts.proven(session, "board@example.org", "a password of their own")
        assert (counted(session, Person), len(keys.every_key(session))) == (9, 1)


def test_a_kill_before_the_accounts_were_stored_leaves_a_password_that_the_next_run_uses(empty, accounts_file):
    with empty._writers() as session:
        demo.bring_in_places(session)
        lost = demo.open_accounts(session, accounts_file, at=now())
        session.rollback()

    with empty.transaction() as session:
        demo.bring_in_places(session)
        kept = demo.open_accounts(session, accounts_file, at=now())
        assert (kept.password, kept.key != lost.key) == (lost.password, True)
        assert accounts.proven(session, "hub.lead@example.org", lost.password)
        assert accounts.actor_of_key(session, kept.key, at=now())


@pytest.mark.parametrize("content", [None, "somebody wrote something else\n"])
def test_without_its_file_the_installation_gets_a_new_password(empty, accounts_file, content):
    with empty.transaction() as session:
        demo.bring_in_places(session)
        first = demo.open_accounts(session, accounts_file, at=now())
    accounts_file.unlink()
    if content:
        accounts_file.write_text(content)

    with empty.transaction() as session:
        second = demo.open_accounts(session, accounts_file, at=now())
        assert second.password != first.password
        assert accounts.proven(session, "hub.triage@example.org", second.password)
        assert people.by_email(session, "hub.triage@example.org").name == "Hub triage officer"
