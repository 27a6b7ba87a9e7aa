"""Who is told by mail when needs join and part."""

import pytest

from api.services import joining
from api.services.accounts import actor_of_person
from models.people import Role
from tests import factories
from tests.joint_needs import owned
from tests.place_answers import body, mails
from tests.walk import now

pytestmark = pytest.mark.both


def test_who_stays_is_told_by_mail_when_a_need_leaves_also_without_an_owning_place(session):
    lead = factories.make_person(session, Role.PLACE, place="LDS")
    other = factories.make_person(session, Role.PLACE, place="WAK")
    own, theirs = factories.make_need(session, title="Ours"), owned(session, "WAK", title="Theirs")

    joining.join(session, own.id, theirs.id, actor=actor_of_person(other), at=now())
    joining.leave(session, theirs.id, actor=actor_of_person(other), at=now())

    assert mails(session, "joint_need_joined") == [("joint_need_joined", lead.email)]
    assert mails(session, "joint_need_left") == [("joint_need_left", lead.email)]
    assert "A need is no longer joined with yours: Ours" in body(session, "joint_need_left", lead)
