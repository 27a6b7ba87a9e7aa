"""What the database itself keeps of merges and referrals: no second standing merge, no end without an outcome."""

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from models.merges import Merge
from models.referrals import Referral, ReferralOutcome, ReferralRefused, ReferralState
from tests import factories
from tests.factories import NOW
from tests.merges import active, body, referral

pytestmark = pytest.mark.both


def merge(session, merged, kept, **values):
    by = factories.make_person(session)
    session.add(Merge(kept_id=kept.id, merged_id=merged.id, merged_at=NOW, merged_by=by.id, merged_by_name=by.name, note="", **values))
    session.flush()


def test_an_innovation_is_part_of_one_other_at_a_time(session):
    one, two, three = (factories.make_innovation(session) for _ in range(3))
    merge(session, one, two, undone_at=NOW, undone_by_name="Hub officer")
    merge(session, one, two)

    with pytest.raises(IntegrityError):
        merge(session, one, three)


def test_nothing_is_part_of_itself(session):
    row = factories.make_innovation(session)

    with pytest.raises(IntegrityError):
        merge(session, row, row)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": ReferralState.CLOSED},
        {"state": ReferralState.DECLINED},
        {"outcome": ReferralOutcome.HELPED},
        {"reason": ""},
        {"version": 0},
    ],
)
def test_a_referral_says_why_and_ends_with_an_outcome(session, wrong):
    row = referral(session)

    with pytest.raises(IntegrityError):
        session.execute(update(Referral).where(Referral.id == row.id).values(**wrong))


def test_a_body_has_an_innovation_once_at_a_time(session):
    innovation, to = active(session), body(session)
    first, second = referral(session, innovation, to), referral(session, innovation, body(session, name="Another"))

    with pytest.raises(IntegrityError):
        session.execute(update(Referral).where(Referral.id == second.id).values(body_id=first.body_id))


@pytest.mark.parametrize("following", [ReferralState.OFFERED, ReferralState.ACCEPTED, ReferralState.DECLINED, ReferralState.CLOSED])
def test_what_is_closed_stays_closed(session, following):
    row = referral(session)
    row.step(ReferralState.CLOSED, by_name="Hub officer", at=NOW, code=ReferralOutcome.TAKEN_BACK)

    with pytest.raises(ReferralRefused, match="Hub officer set it to closed"):
        row.must_take(following)
