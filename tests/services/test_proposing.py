from uuid import uuid4

import pytest

from api.services import deciding, indexing, intake, proposing
from api.services.content import InnovationContent, NeedContent
from matcher.ranking import Ranker
from models.actors import ANONYMOUS, SYSTEM
from models.decisions import NotUndoable, Reason, ReasonCode, Verdict
from models.documents import Side
from models.people import Role
from models.proposals import ProposalClosed, ProposalState
from models.queries import documents, events, proposals
from models.queries.documents import NotFound
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING, now

pytestmark = pytest.mark.both

IN_USE = Reason(code=ReasonCode.ALREADY_IN_USE)


@pytest.fixture
def stored(said, runner):
    """Take a document in and do everything that is owed."""

    def take(side, content, **options):
        document_id = said(side, content, **options)
        runner.run_due()
        return document_id

    return take


def in_force(database, **ids):
    with database.reading() as session:
        return proposals.of_document(session, SYSTEM, **ids)


def run_again(database, libraries, side, document_id):
    with database.reading() as session:
        ranked = proposing.rank(session, libraries, side, document_id, limit=20)
    with database.transaction() as session:
        return proposing.propose(session, ranked, at=now())


def test_a_fitting_pair_is_proposed_with_its_reasons_and_an_unfitting_one_is_not(database, libraries, stored):
    need_id = stored(Side.NEED, ADHD_NEED)
    fitting, other = stored(Side.INNOVATION, ADHD_TEST), stored(Side.INNOVATION, WOUND_DRESSING)

    (proposal,) = in_force(database, need_id=need_id)

    assert (proposal.innovation_id, proposal.state, proposal.rank) == (fitting, ProposalState.OPEN, 1)
    assert in_force(database, innovation_id=other) == []
    assert {finding["aspect"] for finding in proposal.findings} >= {"problem", "population", "outcome"}
    for finding in proposal.findings:
        if quote := finding["need_quote"]:
            assert ADHD_NEED[quote["field"]][quote["start"] : quote["end"]] == quote["text"]
        if quote := finding["innovation_quote"]:
            assert ADHD_TEST[quote["field"]][quote["start"] : quote["end"]] == quote["text"]


def test_the_probability_can_be_recomputed_from_what_was_kept(database, libraries, stored):
    need_id = stored(Side.NEED, ADHD_NEED)
    stored(Side.INNOVATION, ADHD_TEST)

    (proposal,) = in_force(database, need_id=need_id)

    assert libraries.ranker.probability_from(proposal.features) == proposal.probability
    assert proposal.run.ranker_hash == libraries.ranker.id


def test_one_pair_has_one_probability_whichever_side_asks(database, libraries, stored, hub):
    need_id, innovation_id = stored(Side.NEED, ADHD_NEED), stored(Side.INNOVATION, ADHD_TEST)
    stored(Side.INNOVATION, WOUND_DRESSING)

    with database.reading() as session:
        of_need = proposing.matches_of(session, libraries, Side.NEED, need_id, actor=hub)
        of_innovation = proposing.matches_of(session, libraries, Side.INNOVATION, innovation_id, actor=hub)

    (judged,) = (match.judgement for match in of_need.matches if match.document.id == innovation_id)
    assert judged == of_innovation.matches[0].judgement
    assert judged.probability == in_force(database, need_id=need_id)[0].probability
    probabilities = [match.judgement.probability for match in of_need.matches]
    assert probabilities == sorted(probabilities, reverse=True)
    assert (of_need.candidate_count, of_need.nothing_fits) == (2, False)


def test_a_draft_is_ranked_for_who_wrote_it(database, libraries, stored, said, person):
    stored(Side.NEED, ADHD_NEED)
    founder = person(Role.INNOVATOR, organisation="Small Firm Ltd", shown_as="Founder")
    draft = said(Side.INNOVATION, ADHD_TEST, actor=founder, submit=False)

    with database.reading() as session:
        found = proposing.matches_of(session, libraries, Side.INNOVATION, draft, actor=founder)

    assert [match.document.title for match in found.matches] == [ADHD_NEED["title"]]


def test_a_text_is_ranked_without_being_stored(database, libraries, stored):
    stored(Side.NEED, ADHD_NEED)
    stored(Side.NEED, {**ADHD_NEED, "title": "Hidden", "visibility": "hub_only"})
    content = InnovationContent.model_validate({**ADHD_TEST, "external_ids": [{"system": "a", "id": "b"}], "supplier": "Somebody"})

    with database.reading() as session:
        found = proposing.matches_of_text(session, libraries, Side.INNOVATION, content, actor=ANONYMOUS)

    assert [match.document.title for match in found.matches] == [ADHD_NEED["title"]]
    assert found.query_id is None
    with database.reading() as session:
        assert documents.counts(session, Side.INNOVATION)["stored"] == 0


def test_an_unstored_need_brings_its_must_haves(database, libraries, stored):
    stored(Side.INNOVATION, {**ADHD_TEST, "stage": "DISCOVERY"})
    content = NeedContent.model_validate({**ADHD_NEED, "criteria": [{"kind": "minimum_stage", "value": "SPREAD"}]})

    with database.reading() as session:
        found = proposing.matches_of_text(session, libraries, Side.NEED, content, actor=SYSTEM)

    verdicts = [finding.verdict.value for finding in found.matches[0].judgement.findings if finding.criterion]
    assert len(verdicts) == 1
    assert verdicts[0] in {"gap", "excluded"}


@pytest.mark.parametrize("problem", ["", "  "])
def test_a_name_alone_is_not_ranked(database, libraries, problem):
    content = NeedContent.model_validate({"title": "ADHD", "problem": problem, "places": ["LDS"]})

    with database.reading() as session, pytest.raises(proposing.NothingToRank, match="more than a name"):
        proposing.matches_of_text(session, libraries, Side.NEED, content, actor=SYSTEM)


def test_signs_that_say_nothing_are_not_ranked(database, libraries):
    content = NeedContent.model_validate({"title": "\u2026", "problem": "\u200b\u200b", "places": ["LDS"]})

    with database.reading() as session, pytest.raises(proposing.NothingToRank):
        proposing.matches_of_text(session, libraries, Side.NEED, content, actor=SYSTEM)


def test_an_unreadable_document_is_never_ranked_as_if_it_said_something(database, libraries, stored, hub):
    need_id = stored(Side.NEED, {"title": "?!?!", "problem": "!!!! ????", "places": ["LDS"]})

    with database.reading() as session, pytest.raises(proposing.NothingToRank, match="plain English"):
        proposing.matches_of(session, libraries, Side.NEED, need_id, actor=hub)
    with database.reading() as session:
        assert proposing.rank(session, libraries, Side.NEED, need_id, limit=5) is None


def test_nothing_fits_is_an_answer(database, libraries, stored, hub):
    need_id = stored(Side.NEED, ADHD_NEED)
    stored(Side.INNOVATION, WOUND_DRESSING)

    with database.reading() as session:
        found = proposing.matches_of(session, libraries, Side.NEED, need_id, actor=hub)
        assert found.nothing_fits
        assert proposing.rank(session, libraries, Side.NEED, uuid4(), limit=5) is None
    assert in_force(database, need_id=need_id) == []


def test_ranking_again_changes_nothing_while_the_texts_stand(database, libraries, stored):
    need_id, _ = stored(Side.NEED, ADHD_NEED), stored(Side.INNOVATION, ADHD_TEST)
    (before,) = in_force(database, need_id=need_id)

    run_again(database, libraries, Side.NEED, need_id)

    assert [proposal.id for proposal in in_force(database, need_id=need_id)] == [before.id]


def test_a_changed_text_supersedes_an_open_and_a_rejected_proposal(database, libraries, stored, runner, hub):
    need_id, innovation_id = stored(Side.NEED, ADHD_NEED), stored(Side.INNOVATION, ADHD_TEST)
    (before,) = in_force(database, need_id=need_id)
    with database.transaction() as session:
        deciding.decide(session, before.id, Verdict.REJECTED, actor=hub, at=now(), reason=IN_USE, undo_window_seconds=0)
        intake.change(session, Side.INNOVATION, innovation_id, {"benefits": "Half the waiting for adults."}, actor=hub, at=now())

    runner.run_due()

    (now_in_force,) = in_force(database, need_id=need_id)
    assert (now_in_force.state, now_in_force.innovation_revision) == (ProposalState.OPEN, 2)
    with database.reading() as session:
        assert proposals.get(session, before.id, hub).state is ProposalState.SUPERSEDED


def test_a_confirmed_match_stands_whatever_is_written_later(database, libraries, stored, runner, hub):
    need_id, innovation_id = stored(Side.NEED, ADHD_NEED), stored(Side.INNOVATION, ADHD_TEST)
    (before,) = in_force(database, need_id=need_id)
    with database.transaction() as session:
        deciding.decide(session, before.id, Verdict.CONFIRMED, actor=hub, at=now(), reason=Reason(), undo_window_seconds=600)
        intake.change(session, Side.INNOVATION, innovation_id, {"benefits": "Half the waiting."}, actor=hub, at=now())

    runner.run_due()

    assert [proposal.id for proposal in in_force(database, need_id=need_id)] == [before.id]


def test_a_run_whose_text_changed_meanwhile_is_not_stored(database, libraries, stored, hub):
    need_id, _ = stored(Side.NEED, ADHD_NEED), stored(Side.INNOVATION, ADHD_TEST)
    with database.reading() as session:
        ranked = proposing.rank(session, libraries, Side.NEED, need_id, limit=20)
    with database.transaction() as session:
        intake.change(session, Side.NEED, need_id, {"problem": "Children wait for a test."}, actor=hub, at=now())

    with database.transaction() as session:
        assert proposing.propose(session, ranked, at=now()) is None


def test_a_candidate_that_was_withdrawn_meanwhile_is_not_proposed(database, libraries, said, hub):
    need_id, innovation_id = said(Side.NEED, ADHD_NEED), said(Side.INNOVATION, ADHD_TEST)
    for side, document_id in ((Side.NEED, need_id), (Side.INNOVATION, innovation_id)):
        with database.reading() as session:
            (embedding,) = indexing.embed(session, libraries, [(side, document_id)])
        with database.transaction() as session:
            indexing.keep(session, embedding, at=now())
    with database.reading() as session:
        ranked = proposing.rank(session, libraries, Side.NEED, need_id, limit=20)
    assert len(ranked.ranking.judgements) == 1
    with database.transaction() as session:
        intake.withdraw(session, Side.INNOVATION, innovation_id, actor=hub, at=now())

    with database.transaction() as session:
        assert proposing.propose(session, ranked, at=now()) is not None

    assert in_force(database, need_id=need_id) == []


def test_a_run_is_kept_with_what_it_was_made_of(database, libraries, stored):
    need_id, _ = stored(Side.NEED, ADHD_NEED), stored(Side.INNOVATION, ADHD_TEST)

    run = run_again(database, libraries, Side.NEED, need_id)

    assert (run.query_side, run.need_id, run.query_revision, run.candidate_count) == (Side.NEED, need_id, 1, 1)
    assert (run.encoder_id, run.ranker) == (libraries.encoder.id, libraries.ranker.id)
    assert run.event_position > 0
    with database.reading() as session:
        assert [event.kind for event in events.of_subject(session, run.id)] == ["ranking.completed"]


def test_the_service_ranks_with_the_shipped_ranker(libraries):
    assert isinstance(libraries.ranker, Ranker)
    assert libraries.ranker is libraries.ranker


def test_a_text_that_no_longer_fits_takes_its_old_proposals_with_it(database, libraries, stored, runner, hub):
    need_id, innovation_id = stored(Side.NEED, ADHD_NEED), stored(Side.INNOVATION, ADHD_TEST)
    (before,) = in_force(database, need_id=need_id)
    barrier = {"name": "Barrier", "problems_tackled": "Cars park where they may not.", "how_it_works": "A barrier for car parks."}
    with database.transaction() as session:
        intake.change(
            session, Side.INNOVATION, innovation_id, {**barrier, "diseases_conditions_impact": [], "care_settings": []}, actor=hub, at=now()
        )

    with pytest.raises(ProposalClosed, match="changed after"), database.transaction() as session:
        deciding.decide(session, before.id, Verdict.CONFIRMED, actor=hub, at=now(), reason=Reason(), undo_window_seconds=0)
    runner.run_due()

    assert in_force(database, need_id=need_id) == []


def test_a_replaced_rejection_is_not_undone(database, libraries, stored, runner, hub):
    need_id, innovation_id = stored(Side.NEED, ADHD_NEED), stored(Side.INNOVATION, ADHD_TEST)
    (before,) = in_force(database, need_id=need_id)
    with database.transaction() as session:
        deciding.decide(session, before.id, Verdict.REJECTED, actor=hub, at=now(), reason=IN_USE, undo_window_seconds=600)
        intake.change(session, Side.INNOVATION, innovation_id, {"benefits": "Half the waiting."}, actor=hub, at=now())
    runner.run_due()

    with pytest.raises(NotUndoable, match="replaced"), database.transaction() as session:
        deciding.undo(session, before.id, actor=hub, at=now(), undo_window_seconds=600)


def test_consent_taken_back_ends_proposals_and_consent_given_again_ranks_anew(database, stored, runner, hub):
    need_id, innovation_id = stored(Side.NEED, ADHD_NEED), stored(Side.INNOVATION, ADHD_TEST)
    (before,) = in_force(database, need_id=need_id)
    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, innovation_id, {"consent_by": ""}, actor=hub, at=now())
    assert in_force(database, need_id=need_id) == []

    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, innovation_id, {"consent_by": "Innovator"}, actor=hub, at=now())
    runner.run_due()

    (again,) = in_force(database, need_id=need_id)
    assert (again.state, again.probability) == (ProposalState.OPEN, before.probability)


def test_a_place_reads_of_a_released_innovation_what_it_says_today_and_nothing_older(database, stored, runner, hub, person):
    leeds = person(Role.PLACE, place="LDS", shown_as="Leeds place lead")
    need_id = stored(Side.NEED, ADHD_NEED)
    innovation_id = stored(Side.INNOVATION, {**ADHD_TEST, "visibility": "hub_only", "benefits": "Secret trial in two prisons."})
    (secret,) = in_force(database, need_id=need_id)
    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, innovation_id, {"benefits": "", "visibility": "partners"}, actor=hub, at=now())

    def readable():
        with database.reading() as session:
            return [row.id for row in proposals.queue(session, leeds, at=now(), state=None).rows]

    assert readable() == []
    runner.run_due()
    (open_now,) = in_force(database, need_id=need_id)
    assert readable() == [open_now.id]
    with database.reading() as session, pytest.raises(NotFound):
        proposals.get(session, secret.id, leeds)
    with database.reading() as session:
        assert proposals.queue(session, leeds, at=now(), state=ProposalState.SUPERSEDED).rows == []


def test_marks_without_words_are_not_ranked(database, libraries):
    content = NeedContent.model_validate({"title": "?!?!", "problem": "!!!! ????", "places": ["LDS"]})

    with database.reading() as session, pytest.raises(proposing.NothingToRank, match="can be read"):
        proposing.matches_of_text(session, libraries, Side.NEED, content, actor=SYSTEM)


def test_the_run_of_one_side_replaces_a_pair_whose_other_text_changed(database, libraries, stored, hub):
    need_id, innovation_id = stored(Side.NEED, ADHD_NEED), stored(Side.INNOVATION, ADHD_TEST)
    (before,) = in_force(database, need_id=need_id)
    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, innovation_id, {"benefits": "Half the waiting."}, actor=hub, at=now())
    with database.reading() as session:
        (embedding,) = indexing.embed(session, libraries, [(Side.INNOVATION, innovation_id)])
    with database.transaction() as session:
        indexing.keep(session, embedding, at=now())

    run_again(database, libraries, Side.NEED, need_id)

    (after,) = in_force(database, need_id=need_id)
    assert (after.innovation_revision, after.id == before.id) == (2, False)
