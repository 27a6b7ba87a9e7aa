"""Needs that join and leave while others do, or while a match is announced: nobody is drawn in, asked in vain or told nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest
from sqlalchemy import text

from api.services import delivering, joining
from models.joint_needs import JoinRefused, JointNeed
from models.people import Role
from models.place_answers import Closing, PlaceAnswer
from models.queries import joint_needs
from tests import factories
from tests.joint_needs import joinable, joint, owned
from tests.modes import Mode
from tests.place_answers import WINDOW, confirm, staff

pytestmark = pytest.mark.both
MOMENT = 0.1
MOST_MOMENTS = 100
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
def meanwhile(database, mode):
    """Do one thing, begin another one and let it come as far as it can before the first is committed; what came of it, or was raised."""

    def has_come(session, begun):
        sleep(MOMENT)  # in the embedded mode it only begins when the first is done
        return begun.done() or mode is Mode.EMBEDDED or session.scalar(WAITING)

    def both(first, second):
        def begin():
            with database.transaction() as session:
                return second(session)

        with ThreadPoolExecutor(1) as pool:
            with database.transaction() as session:
                first(session)
                session.flush()
                begun = pool.submit(begin)
                assert any(has_come(session, begun) for _ in range(MOST_MOMENTS))
            return begun.exception(timeout=60) or begun.result()

    return both


def joins(session, other, own):
    return joining.join(session, other, own, actor=staff(session), at=datetime.now(UTC)).id


def leaves(session, need_id, actor=None):
    return joining.leave(session, need_id, actor=actor or staff(session), at=datetime.now(UTC)).id


def together(make, need_id):
    return make(lambda session: {need.id for need in joint_needs.together(session, need_id)})


def test_who_joins_a_need_that_another_joins_at_the_same_moment_joins_both_or_is_told_and_joins_again(make, meanwhile, mode):
    wanted, first, second = (make(joinable).id for _ in range(3))

    came = meanwhile(lambda session: joins(session, wanted, first), lambda session: joins(session, wanted, second))

    if mode is Mode.SERVICE:  # in the other one, who comes second begins when the first is done
        assert isinstance(came, JoinRefused), came
        assert "at the same moment" in str(came)
        assert came.details["joint_need"] == str(make(lambda session: joins(session, wanted, second)))
    assert together(make, wanted) == {wanted, first, second}


def test_who_joins_a_need_that_leaves_its_joint_need_at_the_same_moment_is_drawn_into_none_but_its_own(make, meanwhile):
    found = make(lambda session: joint(session, *(joinable(session) for _ in range(3))))
    leaving, *staying = (row.need_id for row in found.memberships)
    own = make(joinable).id

    meanwhile(lambda session: leaves(session, leaving), lambda session: joins(session, leaving, own))

    assert together(make, own) == {leaving, own}
    assert together(make, staying[0]) == set(staying)


def test_a_joint_need_that_is_dissolved_at_the_same_moment_is_not_joined(make, meanwhile):
    found = make(joint)
    own = make(joinable).id

    refused = meanwhile(
        lambda session: leaves(session, found.memberships[0].need_id, actor=staff(session, Role.PLACE)),
        lambda session: joining.join_joint(session, found.id, own, actor=staff(session), at=datetime.now(UTC)),
    )

    assert isinstance(refused, JoinRefused), refused
    assert "All members have left" in str(refused)
    assert not make(lambda session: session.get(JointNeed, found.id)).in_force


def test_a_place_that_leaves_while_a_match_is_announced_is_waited_for_no_more(make, meanwhile):
    before = datetime.now(UTC) - timedelta(seconds=2 * WINDOW)

    def confirmed(session):
        own, other = owned(session, "KIR"), joinable(session)
        joint(session, own, other)
        return other.id, confirm(session, factories.make_proposal(session, own), at=before)

    leaving, decision = make(confirmed)

    def announce(session):
        assert delivering.announce(session, decision, at=datetime.now(UTC), undo_window_seconds=WINDOW) is not None

    meanwhile(announce, lambda session: leaves(session, leaving))

    assert make(lambda session: {row.place.key: row.closing for row in session.query(PlaceAnswer)}) == {
        "KIR": None,
        "LDS": Closing.PLACE_LEFT,
    }
