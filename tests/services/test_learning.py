"""Which decisions teach, what a training keeps, and which ranker judges in every process."""

import json
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from api.services import activating, deciding, learning, measuring, proposing, switching
from api.services.faults import Fault
from api.services.learning import CannotTrain, NameRefused
from api.services.library import Libraries, RankingUnavailable, trained_file
from matcher.pairing import FEATURES
from models.actors import SYSTEM, NotAllowed
from models.decisions import Reason, ReasonCode, Verdict
from models.documents import Side, StaleVersion
from models.people import Role
from models.proposals import Proposal, ProposalState
from models.queries import documents, ranker_versions
from models.ranker_versions import UNFIT, AlreadyActive, NoWayBack, RankerState
from tests.rankers import DECIDED_FROM, activated, decide, trained
from tests.walk import ADHD_NEED, ADHD_TEST, now

FEATURE = [0.5] * len(FEATURES)


@pytest.fixture
def decided(database, libraries, hub, make_proposal):
    """Decide on a new proposal that the ranker of the settings judged; returns its id."""

    def make(verdict, code=None, *, features=None, at=None, **run):
        proposal_id = make_proposal()
        at = at or now()
        with database.transaction() as session:
            proposal = session.get(Proposal, proposal_id)
            proposal.features = features or FEATURE
            proposal.run.ranker_hash = run.get("ranker", libraries.ranker.id)
            proposal.run.encoder_id = run.get("encoder", libraries.encoder.id)
            reason = Reason(code=code, note="Because.", until=at + timedelta(days=9) if verdict is Verdict.DEFERRED else None)
            deciding.decide(session, proposal_id, verdict, actor=hub, at=at, reason=reason, undo_window_seconds=600)
        return proposal_id

    return make


def gathered(database, libraries, **days):
    with database.reading() as session:
        return learning.gather(session, libraries, until=now() + timedelta(**days or {"days": 1}))


@pytest.mark.both
def test_what_stands_and_speaks_of_fit_teaches(database, libraries, decided):
    decided(Verdict.CONFIRMED)
    decided(Verdict.REJECTED, ReasonCode.WRONG_SETTING)
    decided(Verdict.DEFERRED, ReasonCode.NO_CAPACITY)

    found = gathered(database, libraries)

    assert Counter(each.fits for each in found.decided) == {True: 1, False: 1}
    assert (found.confirmed, found.left_out) == (1, {})
    assert found.decided[0].features == tuple(FEATURE)


@pytest.mark.parametrize("code", ReasonCode)
def test_only_reasons_that_speak_of_fit_teach(database, libraries, decided, code):
    decided(Verdict.REJECTED, code)

    found = gathered(database, libraries)

    assert len(found.decided) == (code in UNFIT)
    assert bool(found.left_out) == (code not in UNFIT)


def test_readiness_barriers_and_duplicates_are_no_labels():
    assert {ReasonCode.NOT_THIS_PROBLEM, ReasonCode.WRONG_POPULATION, ReasonCode.WRONG_SETTING} == UNFIT


def test_what_was_undone_skipped_or_lapsed_undecided_teaches_nothing(database, libraries, hub, decided, make_proposal):
    undone, lapsed, skipped = decided(Verdict.CONFIRMED), make_proposal(), make_proposal()
    with database.transaction() as session:
        deciding.undo(session, undone, actor=hub, at=now(), undo_window_seconds=600)
        deciding.skip(session, skipped, actor=hub, at=now())
        session.get(Proposal, lapsed).lapse()

    assert gathered(database, libraries).decided == ()


def test_a_decision_that_was_undone_and_made_again_teaches_once(database, libraries, hub, decided):
    proposal_id = decided(Verdict.CONFIRMED)
    with database.transaction() as session:
        deciding.undo(session, proposal_id, actor=hub, at=now(), undo_window_seconds=600)
    with database.transaction() as session:
        reason = Reason(code=ReasonCode.WRONG_POPULATION)
        deciding.decide(session, proposal_id, Verdict.REJECTED, actor=hub, at=now(), reason=reason, undo_window_seconds=600)

    (only,) = gathered(database, libraries).decided
    assert not only.fits


def test_decisions_from_a_moment_on_are_left_for_later(database, libraries, decided):
    decided(Verdict.CONFIRMED)

    assert gathered(database, libraries, hours=-1).decided == ()


@pytest.mark.parametrize("other", [{"ranker": "another-1"}, {"encoder": "another"}, {"features": [0.5]}])
def test_what_was_judged_by_other_numbers_is_told_and_left_out(database, libraries, decided, other):
    decided(Verdict.CONFIRMED, **other)

    found = gathered(database, libraries)

    assert found.decided == ()
    assert found.left_out == {"judged by numbers that the present ranker does not read": 1}


def test_what_a_trained_ranker_judged_teaches_too(database, libraries, decided):
    with database.transaction() as session:
        row = trained(session, libraries)
    decided(Verdict.CONFIRMED, ranker=row.ranker_id)

    assert len(gathered(database, libraries).decided) == 1


def test_too_few_decisions_are_refused_with_what_is_missing_and_what_does_not_count(database, libraries, decided):
    decided(Verdict.REJECTED, ReasonCode.NO_BUDGET)
    found = gathered(database, libraries)

    with pytest.raises(CannotTrain, match="30 more decisions") as refused:
        learning.learn(libraries, found, on_progress=lambda *_: None)

    assert "1 were rejected as no_budget, which says nothing about fit." in refused.value.message


@pytest.mark.both
def test_a_training_keeps_a_ranker_that_can_be_loaded_and_does_not_judge(database, libraries):
    with database.transaction() as session:
        row = trained(session, libraries)
        session.flush()
        judging = libraries.ranker_for(session)

    loaded = libraries.load_ranker(trained_file(libraries.rankers_folder, "taught"))
    assert (loaded.id, row.state, judging.id) == (row.ranker_id, RankerState.TRAINED, libraries.ranker.id)
    assert loaded.file.calibration != libraries.ranker.file.calibration
    assert loaded.file.vocabulary.counts == libraries.ranker.file.vocabulary.counts
    assert loaded.file.fitted_on == libraries.ranker.file.fitted_on
    assert (row.decisions, row.needs, row.decided_from) == (60, 20, DECIDED_FROM)
    assert row.report["absent"] == list(learning.EVALUATION_SETS)
    assert row.report["later_decisions"]["decisions"] == 18


def test_a_training_is_told_on_judged_texts(libraries, tmp_path):
    found = learning.Gathered(decided=tuple(decide(60)), left_out={})
    steps = []

    learned = learning.learn(libraries, found, sets=[judged_folder(tmp_path)], on_progress=lambda step, *_: steps.append(step))

    (told,) = learned.to_json()["sets"]
    assert (told["dataset"], told["ndcg@10"]["needs"]) == ("wy", 1)
    assert learned.to_json()["absent"] == ["fp7-dev", "fp7-dev-reverse"]
    assert {"training", "wy: ranking"} <= set(steps)


def test_a_set_without_an_answer_has_no_figure(libraries, tmp_path):
    found = learning.Gathered(decided=tuple(decide(60)), left_out={})

    learned = learning.learn(libraries, found, sets=[judged_folder(tmp_path, grade=0)], on_progress=lambda *_: None)

    assert learned.to_json()["sets"][0]["ndcg@10"] is None


def test_a_set_that_cannot_be_read_is_named(libraries, tmp_path):
    found = learning.Gathered(decided=tuple(decide(60)), left_out={})

    with pytest.raises(Fault, match="nothing was kept"):
        learning.learn(libraries, found, sets=[tmp_path], on_progress=lambda *_: None)


def judged_folder(where: Path, grade: int = 2) -> Path:
    folder = where / "wy"
    (folder / "qrels").mkdir(parents=True)
    need = {"_id": "n", "title": "Waits for ADHD assessment", "text": "Adults wait years for an ADHD assessment."}
    offers = [
        {"_id": "a", "title": "Attention test", "text": "A computer test that supports ADHD assessment."},
        {"_id": "b", "title": "Wound dressing", "text": "A foam dressing for pressure ulcers."},
    ]
    (folder / "queries.jsonl").write_text(json.dumps(need) + "\n")
    (folder / "corpus.jsonl").write_text("".join(json.dumps(each) + "\n" for each in offers))
    (folder / "qrels" / "dev.tsv").write_text(f"query-id\tcorpus-id\tscore\nn\ta\t{grade}\nn\tb\t0\n")
    return folder


def test_a_name_is_free_once_and_must_be_one(database, libraries):
    with database.transaction() as session:
        assert learning.free_name(session, at=DECIDED_FROM) == "trained-2026-04-01"
        trained(session, libraries, "trained-2026-04-01")
        assert learning.free_name(session, at=DECIDED_FROM) == "trained-2026-04-01-2"
        for name in ("trained-2026-04-01", "../up", "Capital", "", "a" * 41, "-"):
            with pytest.raises(NameRefused):
                trained(session, libraries, name)


@pytest.mark.both
def test_an_activation_holds_in_every_process_at_once_and_its_undoing_too(database, libraries, encoder_folder, settings):
    other = Libraries(encoder_folder=encoder_folder, snapshot_folder=settings.snapshot_folder)
    with database.transaction() as session:
        first = activated(session, libraries, "first")
    with database.transaction() as session:
        second = activated(session, libraries, "second")
    with database.reading() as session:
        assert other.ranker_for(session).id == second.ranker_id
        assert ranker_versions.active_id(session) == second.id
        assert ranker_versions.named(session, "first").state is RankerState.RETIRED
    with database.transaction() as session:
        back = activating.roll_back(session, libraries, actor=SYSTEM, at=now())
        assert back is not None
        assert back.name == "first"
    with database.reading() as session:
        assert other.ranker_for(session).id == first.ranker_id
        assert other.ranker_for(session) is other.ranker_for(session)
    with database.transaction() as session:
        assert activating.roll_back(session, libraries, actor=SYSTEM, at=now()) is None
    with database.reading() as session:
        assert other.ranker_for(session).id == libraries.ranker.id
    with database.transaction() as session, pytest.raises(NoWayBack):
        activating.roll_back(session, libraries, actor=SYSTEM, at=now())


def test_the_way_back_never_turns_in_a_ring(database, libraries):
    for name in ("first", "second", "first"):
        with database.transaction() as session:
            activated(session, libraries, name)
    with database.transaction() as session:
        found = [activating.roll_back(session, libraries, actor=SYSTEM, at=now()) for _ in range(2)]
        assert [each.name if each else None for each in found] == ["second", None]


def test_a_way_back_that_cannot_be_gone_is_passed_over(database, libraries):
    for name in ("first", "second"):
        with database.transaction() as session:
            activated(session, libraries, name)
    shutil.rmtree(libraries.rankers_folder / "first")
    with database.transaction() as session:
        assert activating.roll_back(session, libraries, actor=SYSTEM, at=now()) is None


def test_of_two_leads_the_second_is_told(database, libraries):
    with database.transaction() as session:
        version = activated(session, libraries).version
        with pytest.raises(AlreadyActive):
            activating.activate(session, libraries, "taught", actor=SYSTEM, at=now())
        with pytest.raises(StaleVersion, match="taught is active"):
            activating.activate(session, libraries, "taught", actor=SYSTEM, at=now(), version=version - 1)
        with pytest.raises(StaleVersion):
            activating.roll_back(session, libraries, actor=SYSTEM, at=now(), version=version - 1)


def test_only_the_lead_says_which_ranker_judges(database, libraries, hub, person):
    lead = person(Role.LEAD, shown_as="Hub lead")
    with database.transaction() as session:
        row = trained(session, libraries)
        for act in (
            lambda actor: activating.activate(session, libraries, row.name, actor=actor, at=now()),
            lambda actor: activating.roll_back(session, libraries, actor=actor, at=now()),
        ):
            with pytest.raises(NotAllowed):
                act(hub)
        activating.activate(session, libraries, row.name, actor=lead, at=now())


@pytest.mark.parametrize("harm", ["changed", "gone", "vocabulary"])
def test_a_ranker_whose_file_was_changed_is_refused_and_no_other_used(database, libraries, encoder_folder, settings, harm):
    with database.transaction() as session:
        activated(session, libraries)
    path = trained_file(libraries.rankers_folder, "taught")
    harmed = path.with_name("taught.vocabulary.tsv") if harm == "vocabulary" else path
    if harm == "gone":
        harmed.unlink()
    else:
        harmed.write_bytes(harmed.read_bytes().replace(b"1", b"2", 1))

    other = Libraries(encoder_folder=encoder_folder, snapshot_folder=settings.snapshot_folder)
    with database.reading() as session:
        with pytest.raises(RankingUnavailable, match="matching ranker rollback") as refused:
            other.ranker_for(session)
        with pytest.raises(RankingUnavailable):
            measuring.open_libraries(session, other)
    assert refused.value.details["part"] == "ranker"
    with database.transaction() as session:
        assert activating.roll_back(session, other, actor=SYSTEM, at=now()) is None


def test_a_ranker_that_cannot_be_used_is_not_activated(database, libraries):
    with database.transaction() as session:
        trained(session, libraries)
    trained_file(libraries.rankers_folder, "taught").unlink()

    with database.transaction() as session, pytest.raises(RankingUnavailable):
        activating.activate(session, libraries, "taught", actor=SYSTEM, at=now())

    with database.reading() as session:
        assert ranker_versions.active(session) is None


def test_a_ranker_for_another_encoder_is_refused(database, libraries, monkeypatch):
    with database.transaction() as session:
        row = trained(session, libraries)
    monkeypatch.setattr(libraries.encoder, "id", "another@1")

    with pytest.raises(RankingUnavailable, match="another@1 is in use"):
        libraries.open_version(row)


def test_the_encoder_is_not_switched_under_a_trained_ranker(database, libraries):
    with database.transaction() as session:
        switching.check_none_trained(session)
        activated(session, libraries)
        with pytest.raises(Fault, match="matching ranker rollback"):
            switching.check_none_trained(session)


def test_a_process_that_does_one_thing_follows(database, libraries):
    with database.transaction() as session:
        row = activated(session, libraries)
        libraries.follow(session)

    assert libraries.ranker.id == row.ranker_id


@pytest.mark.both
def test_after_an_activation_everything_is_ranked_anew_and_what_is_open_gives_way(database, libraries, said, runner, hub):
    need_id, innovation_id = said(Side.NEED, ADHD_NEED), said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()
    (before,) = in_force(database, need_id)
    with database.transaction() as session:
        row = activated(session, libraries)
        assert list(documents.to_propose(session, Side.NEED, 9)) == [need_id]
        assert list(documents.to_propose(session, Side.INNOVATION, 9)) == [innovation_id]

    ranked(database, libraries, Side.NEED, need_id)
    ranked(database, libraries, Side.INNOVATION, innovation_id)

    (after,) = in_force(database, need_id)
    assert (after.run.ranker_hash, after.state) == (row.ranker_id, ProposalState.OPEN)
    assert after.probability == libraries.load_ranker(trained_file(libraries.rankers_folder, "taught")).probability_from(after.features)
    with database.reading() as session:
        assert session.get(Proposal, before.id).state is ProposalState.SUPERSEDED
        assert session.get(Proposal, before.id).probability == before.probability
        assert documents.to_propose(session, Side.NEED, 9) == []


def test_what_people_decided_stands_whoever_judges(database, libraries, said, runner, hub):
    need_id = said(Side.NEED, ADHD_NEED)
    said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()
    (before,) = in_force(database, need_id)
    with database.transaction() as session:
        reason = Reason(code=ReasonCode.NO_CAPACITY, until=now() + timedelta(days=9))
        deciding.decide(session, before.id, Verdict.DEFERRED, actor=hub, at=now(), reason=reason, undo_window_seconds=600)
        activated(session, libraries)

    ranked(database, libraries, Side.NEED, need_id)

    assert [each.id for each in in_force(database, need_id)] == [before.id]


def test_a_ranking_by_a_ranker_that_judges_no_more_is_not_stored(database, libraries, said, runner):
    need_id = said(Side.NEED, ADHD_NEED)
    said(Side.INNOVATION, ADHD_TEST)
    runner.run_due()
    with database.reading() as session:
        late = proposing.rank(session, libraries, Side.NEED, need_id, limit=20)
    with database.transaction() as session:
        activated(session, libraries)

    with database.transaction() as session:
        assert proposing.propose(session, late, at=now()) is None
        assert list(documents.to_propose(session, Side.NEED, 9)) == [need_id]


def in_force(database, need_id):
    with database.reading() as session:
        rows = session.query(Proposal).filter(Proposal.need_id == need_id, Proposal.state != ProposalState.SUPERSEDED).all()
        return [each for each in rows if each.run.ranker]


def ranked(database, libraries, side, document_id):
    with database.reading() as session:
        found = proposing.rank(session, libraries, side, document_id, limit=20)
    with database.transaction() as session:
        assert proposing.propose(session, found, at=now()) is not None
