"""Decisions teach though their proposals lapsed since; what a training says of its figures; of two of one name one is kept."""

from datetime import timedelta

import pytest

from api.services import deciding, intake, learning
from api.services.learning import FEW_NEEDS, Gathered, NameRefused
from api.services.library import trained_file
from models.actors import SYSTEM
from models.decisions import Reason, ReasonCode, Verdict
from models.documents import Side
from models.proposals import Proposal
from models.queries import ranker_versions
from tests import factories
from tests.rankers import decide, trained
from tests.services.test_learning import FEATURE, decided, gathered
from tests.walk import now

__all__ = ["decided"]


@pytest.mark.both
def test_a_rejection_teaches_though_the_innovation_was_archived_since(database, libraries, decided):
    proposal_id = decided(Verdict.REJECTED, ReasonCode.WRONG_SETTING)
    with database.transaction() as session:
        deciding.lapse(session, Side.INNOVATION, session.get(Proposal, proposal_id).innovation_id, actor=SYSTEM, at=now())

    (only,) = gathered(database, libraries).decided

    assert not only.fits


@pytest.mark.both
def test_of_a_pair_that_was_decided_again_the_latest_decision_teaches(database, libraries, hub, decided):
    proposal_id = decided(Verdict.REJECTED, ReasonCode.WRONG_SETTING)
    with database.transaction() as session:
        before = session.get(Proposal, proposal_id)
        before.lapse()
        session.flush()
        after = factories.make_proposal(session, before.need, before.innovation, features=FEATURE)
        after.run.ranker_hash, after.run.encoder_id = before.run.ranker_hash, before.run.encoder_id
        at = now() + timedelta(hours=1)
        deciding.decide(session, after.id, Verdict.CONFIRMED, actor=hub, at=at, reason=Reason(), undo_window_seconds=600)

    assert [each.fits for each in gathered(database, libraries).decided] == [True]
    assert [each.fits for each in gathered(database, libraries, minutes=30).decided] == [False]


@pytest.mark.both
def test_of_what_its_owner_withdrew_nothing_is_learned(database, libraries, decided):
    proposal_id = decided(Verdict.REJECTED, ReasonCode.WRONG_SETTING)
    with database.transaction() as session:
        intake.withdraw(session, Side.INNOVATION, session.get(Proposal, proposal_id).innovation_id, actor=SYSTEM, at=now())

    assert gathered(database, libraries).decided == ()


def notices_of(libraries, count, *, needs):
    gathered = Gathered(decided=tuple(decide(count, needs=needs)), left_out={})
    return learning.learn(libraries, gathered, on_progress=lambda *_: None).to_json()["notices"]


def test_an_interval_over_few_needs_is_not_to_be_believed(libraries):
    few = [notice for notice in notices_of(libraries, 60, needs=FEW_NEEDS - 4) if "too few" in notice]

    assert [notice.partition(":")[0] for notice in few] == [
        "A figure on later decisions is of 5 needs only",
        "A figure on other needs is of 6 needs only",
    ]
    assert not [notice for notice in notices_of(libraries, 300, needs=FEW_NEEDS) if "too few" in notice]


def test_of_two_trainings_of_one_name_the_second_is_told_and_the_first_keeps_its_file(database, libraries, monkeypatch):
    with database.transaction() as session:
        trained(session, libraries)
    path = trained_file(libraries.rankers_folder, "taught")
    kept = path.read_bytes()
    monkeypatch.setattr(ranker_versions, "is_taken", lambda *_: False)  # as it is for who asked before the first had ended

    with pytest.raises(NameRefused, match="taught already"), database.transaction() as session:
        trained(session, libraries, decided=decide(80))

    assert path.read_bytes() == kept
