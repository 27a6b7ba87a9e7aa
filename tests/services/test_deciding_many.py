"""The same verdict on many: what would be refused is told before, and by the same words when it is done."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.services import deciding_many
from api.services.accounts import actor_of_person
from api.services.deciding_many import Do
from models.actors import NotAllowed
from models.decisions import Reason, ReasonCode
from models.documents import StaleVersion
from models.people import Role, RoleGrant
from models.proposals import Band, ProposalClosed, ProposalState
from models.queries import proposals
from tests import factories
from tests.factories import NOW
from tests.merges import staff
from tests.place_answers import confirm

pytestmark = pytest.mark.both
WINDOW = 600
NO_BUDGET = Reason(code=ReasonCode.NO_BUDGET)


def act(session, do, row, by, reason=NO_BUDGET, **said):
    deciding_many.act(session, do, row.id, reason, actor=by, at=NOW, undo_window_seconds=WINDOW, **said)


def test_each_is_done_as_if_it_were_decided_by_itself(session):
    by = staff(session)
    rejected, aside, skipped = (factories.make_proposal(session) for _ in range(3))

    act(session, Do.REJECT, rejected, by)
    act(session, Do.DEFER, aside, by, Reason(code=ReasonCode.NO_BUDGET, until=NOW + timedelta(days=9)), version=1)
    act(session, Do.SKIP, skipped, by)

    assert (rejected.state, aside.state, skipped.state) == (ProposalState.REJECTED, ProposalState.DEFERRED, ProposalState.OPEN)
    assert [row.person_id for row in skipped.skips] == [by.person_id]


def test_what_would_be_refused_is_told_before_and_refused_then(session):
    by = staff(session)
    open_one, decided, replaced = (factories.make_proposal(session) for _ in range(3))
    confirm(session, decided, by=staff(session, name="First officer"))
    replaced.lapse()

    lines = deciding_many.preview(session, Do.REJECT, [open_one.id, decided.id, uuid4(), open_one.id, replaced.id], actor=by)

    assert [line.proposal.id for line in lines] == [open_one.id, decided.id, replaced.id]
    assert lines[0].refusal == ""
    assert lines[1].refusal.startswith("First officer confirmed this proposal")
    assert "replaced by a newer one" in lines[2].refusal
    for line in lines[1:]:
        with pytest.raises(ProposalClosed, match=line.refusal[:20]):
            act(session, Do.REJECT, line.proposal, by)
    with pytest.raises(StaleVersion):
        act(session, Do.REJECT, open_one, by, version=7)


def test_nobody_decides_on_what_their_own_organisation_offers_but_may_skip_it(session):
    person = factories.make_person(session, Role.HUB)
    row = factories.make_proposal(session)
    person.grants.append(RoleGrant(role=Role.INNOVATOR, organisation_id=row.innovation.supplier_id))
    session.flush()
    by = actor_of_person(person)

    (refused,) = deciding_many.preview(session, Do.DEFER, [row.id], actor=by)
    (may,) = deciding_many.preview(session, Do.SKIP, [row.id], actor=by)

    assert ("own" in refused.refusal, may.refusal) == (True, "")
    with pytest.raises(NotAllowed):
        act(session, Do.REJECT, row, by)


def test_each_filter_counts_what_it_would_show(session):
    by = staff(session)
    leeds, wakefield = (factories.make_need(session, places=(key,)) for key in ("LDS", "WAK"))
    both = factories.make_need(session, places=("LDS", "WAK"))
    for need, band in ((leeds, Band.STRONG), (wakefield, Band.STRONG), (both, Band.POSSIBLE)):
        factories.make_proposal(session, need, band=band)
    confirm(session, factories.make_proposal(session, leeds))
    skipped = factories.make_proposal(session, leeds)
    act(session, Do.SKIP, skipped, by)

    overdue = {"state": ProposalState.DEFERRED, "deferred_until": NOW - timedelta(days=1)}
    factories.make_proposal(session, wakefield, band=Band.WEAK, **overdue)

    counts = proposals.counts_of(session, by, at=NOW)
    assert counts.by_state_and_band(None) == {
        ("to_decide", "strong"): 2,
        ("to_decide", "possible"): 1,
        ("to_decide", "weak"): 1,
        ("deferred", "weak"): 1,
        ("confirmed", "strong"): 1,
    }
    assert counts.by_state_and_band("LDS")["to_decide", "strong"] == 1
    assert counts.by_state_and_band("CAL") == {}
    assert counts.by_place("to_decide", None) == {"LDS": 2, "WAK": 3}
    assert counts.by_place("to_decide", Band.STRONG) == {"LDS": 1, "WAK": 1}
    assert set(proposals.of_ids(session, [skipped.id, uuid4()], by)) == {skipped.id}
    assert proposals.of_ids(session, [skipped.id], staff(session, Role.PLACE, place="WAK")) == {}
