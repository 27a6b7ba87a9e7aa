from uuid import uuid4

import numpy as np
import pytest

from api.services import delivering, indexing, intake
from api.services.library import Libraries, RankingUnavailable
from models.actors import ANONYMOUS, SYSTEM
from models.documents import Side
from models.passages import Vector
from models.people import Role
from models.queries import documents, events, jobs, passages
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING, now

pytestmark = pytest.mark.both

CARE_HOME = {
    "name": "Hydration jelly",
    "problems_tackled": "Residents of care homes drink too little and become dehydrated.",
    "how_it_works": "Sugar-free drops of jelly that are mostly water.",
    "consent_by": "Innovator",
}


def embed(database, libraries, side, document_id) -> bool:
    with database.reading() as session:
        found = indexing.embed(session, libraries, [(side, document_id)])
    if not found:
        return False
    (embedding,) = found
    with database.transaction() as session:
        return indexing.keep(session, embedding, at=now())


@pytest.fixture
def embedded(database, libraries, said):
    def take(side, content, **options):
        document_id = said(side, content, **options)
        assert embed(database, libraries, side, document_id)
        return document_id

    return take


def found_by_meaning(session, libraries, text, *, actor=SYSTEM, k=10):
    vector = libraries.encoder.encode([text])[0]
    return [each.id for each in libraries.view(session, Side.INNOVATION, actor).dense(vector, k)]


def found_by_words(session, libraries, text, *, actor=SYSTEM):
    return [each.id for each in libraries.view(session, Side.INNOVATION, actor).lexical(text, 10)]


def test_embedding_keeps_passages_vectors_and_an_event(database, libraries, embedded, hub):
    innovation_id = embedded(Side.INNOVATION, ADHD_TEST)

    with database.reading() as session:
        row = documents.innovation(session, innovation_id, hub)
        assert (row.embedded_revision, row.embedded_encoder, row.cut_characters) == (1, libraries.encoder.id, 0)
        (kept,) = passages.of_documents(session, Side.INNOVATION, [innovation_id]).values()
        assert [each.ordinal for each in kept] == list(range(len(kept)))
        for each in kept:
            if each.field:
                assert getattr(row, each.field)[each.start_at : each.end_at] == each.text
        vectors = passages.vectors(session, libraries.encoder.id, {each.text_hash for each in kept})
        assert {len(data) for data in vectors.values()} == {4 * libraries.encoder.dimension}
        assert "innovation.embedded" in {event.kind for event in events.of_subject(session, innovation_id)}


def test_what_is_embedded_is_left_alone(database, libraries, embedded):
    innovation_id = embedded(Side.INNOVATION, ADHD_TEST)

    assert not embed(database, libraries, Side.INNOVATION, innovation_id)


@pytest.mark.parametrize(
    "content", [{**ADHD_TEST, "consent_by": ""}, {**ADHD_TEST, "how_it_works": "", "problems_tackled": "", "name": "?!"}]
)
def test_what_is_held_or_says_nothing_is_not_embedded(database, libraries, said, content):
    assert not embed(database, libraries, Side.INNOVATION, said(Side.INNOVATION, content))
    assert not embed(database, libraries, Side.INNOVATION, uuid4())


def test_a_text_that_changed_while_it_was_encoded_is_not_kept(database, libraries, said, hub):
    need_id = said(Side.NEED, ADHD_NEED)
    with database.reading() as session:
        (embedding,) = indexing.embed(session, libraries, [(Side.NEED, need_id)])

    with database.transaction() as session:
        intake.change(session, Side.NEED, need_id, {"problem": "Children wait years for an assessment."}, actor=hub, at=now())

    with database.transaction() as session:
        assert not indexing.keep(session, embedding, at=now())
        assert list(passages.of_documents(session, Side.NEED, [need_id]).values()) == [[]]


def test_a_document_is_found_as_soon_as_it_is_embedded_and_gone_when_withdrawn(database, libraries, embedded, hub):
    first = embedded(Side.INNOVATION, ADHD_TEST)
    with database.reading() as session:
        assert found_by_meaning(session, libraries, "attention test") == [str(first)]

    second = embedded(Side.INNOVATION, WOUND_DRESSING)
    with database.reading() as session:
        assert found_by_meaning(session, libraries, "dressing for wounds")[0] == str(second)
        assert found_by_words(session, libraries, "silver foam") == [str(second)]

    with database.transaction() as session:
        intake.withdraw(session, Side.INNOVATION, second, actor=hub, at=now())
        assert found_by_meaning(session, libraries, "dressing for wounds") == [str(first)]
    with database.reading() as session:
        assert found_by_words(session, libraries, "silver foam") == []
        assert libraries.view(session, Side.INNOVATION, SYSTEM).fetch([str(second)]) == {}


def test_a_changed_text_is_found_by_its_new_words_only(database, libraries, embedded, hub):
    innovation_id = embedded(Side.INNOVATION, WOUND_DRESSING)
    with database.reading() as session:
        assert found_by_words(session, libraries, "silver") == [str(innovation_id)]

    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, innovation_id, {"how_it_works": "A gel of honey."}, actor=hub, at=now())
    embed(database, libraries, Side.INNOVATION, innovation_id)

    with database.reading() as session:
        assert found_by_words(session, libraries, "silver") == []
        assert found_by_words(session, libraries, "honey") == [str(innovation_id)]
        fetched = libraries.view(session, Side.INNOVATION, SYSTEM).fetch([str(innovation_id)])
        assert fetched[str(innovation_id)].document.fields["how_it_works"] == "A gel of honey."


def test_snapshot_and_delta_answer_like_the_rows_themselves(database, libraries, embedded, hub, settings, encoder_folder):
    kept, changed, withdrawn = (embedded(Side.INNOVATION, each) for each in (ADHD_TEST, WOUND_DRESSING, CARE_HOME))
    seal(database)
    with database.reading() as session:
        indexing.write_snapshot(session, libraries, at=now())
    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, changed, {"how_it_works": "A gel of honey for wounds."}, actor=hub, at=now())
        intake.withdraw(session, Side.INNOVATION, withdrawn, actor=hub, at=now())
    embed(database, libraries, Side.INNOVATION, changed)
    added = embedded(Side.INNOVATION, {**WOUND_DRESSING, "name": "Second dressing"})

    with_snapshot = Libraries(encoder_folder=encoder_folder, snapshot_folder=settings.snapshot_folder)
    from_rows = Libraries(encoder_folder=encoder_folder, snapshot_folder=settings.home / "none")

    with database.reading() as session:
        for text in ("attention test", "wound gel", "care home residents drink"):
            vector = libraries.encoder.encode([text])[0]
            answers = [each.view(session, Side.INNOVATION, SYSTEM).dense(vector, 10) for each in (with_snapshot, from_rows, libraries)]
            assert answers[0] == answers[1] == answers[2]
            assert {each.id for each in answers[0]} == {str(kept), str(changed), str(added)}
            words = [each.view(session, Side.INNOVATION, SYSTEM).lexical(text, 10) for each in (with_snapshot, from_rows)]
            assert [each.id for each in words[0]] == [each.id for each in words[1]]
        assert with_snapshot.lag(session) == 3
        assert with_snapshot.degraded == ""


def seal(database):
    with database.transaction() as session:
        delivering.seal(session, at=now())


def test_dense_answers_are_those_of_brute_force(database, libraries, embedded):
    ids = [embedded(Side.INNOVATION, each) for each in (ADHD_TEST, WOUND_DRESSING, CARE_HOME)]
    query = libraries.encoder.encode(["people wait for a test"])[0]

    with database.reading() as session:
        view = libraries.view(session, Side.INNOVATION, SYSTEM)
        encoded = view.fetch([str(each) for each in ids])
        reference = sorted(((float(np.dot(each.pooled, query)), key) for key, each in encoded.items()), reverse=True)
        assert [each.id for each in view.dense(query, 10)] == [key for _, key in reference]


def test_a_damaged_snapshot_is_noticed_and_the_rows_answer(database, libraries, embedded, settings, encoder_folder):
    innovation_id = embedded(Side.INNOVATION, ADHD_TEST)
    with database.reading() as session:
        indexing.write_snapshot(session, libraries, at=now())
    (file,) = settings.snapshot_folder.rglob("innovation.faiss")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))

    fresh = Libraries(encoder_folder=encoder_folder, snapshot_folder=settings.snapshot_folder)

    with database.reading() as session:
        assert found_by_meaning(session, fresh, "attention test") == [str(innovation_id)]
    assert "damaged" in fresh.degraded


def test_a_snapshot_of_another_database_is_never_read(database, libraries, embedded, settings, encoder_folder):
    embedded(Side.INNOVATION, ADHD_TEST)
    with database.reading() as session:
        indexing.write_snapshot(session, libraries, at=now())
    seal(database)

    with database.reading() as session:
        assert libraries.snapshots_of(session).name != "new"
        fresh = Libraries(encoder_folder=encoder_folder, snapshot_folder=settings.snapshot_folder)
        assert len(found_by_meaning(session, fresh, "attention test")) == 1


def test_a_session_that_began_earlier_does_not_put_the_clock_back(database, libraries, embedded, hub):
    innovation_id = embedded(Side.INNOVATION, ADHD_TEST)
    with database.reading() as earlier:
        assert len(found_by_meaning(earlier, libraries, "attention test")) == 1
        with database.transaction() as session:
            intake.withdraw(session, Side.INNOVATION, innovation_id, actor=hub, at=now())
        seal(database)
        with database.reading() as later:
            assert found_by_meaning(later, libraries, "attention test") == []
        assert found_by_meaning(earlier, libraries, "attention test") == []
        with database.reading() as later:
            assert found_by_meaning(later, libraries, "attention test") == []


def test_nobody_finds_what_they_may_not_read(database, libraries, embedded, person):
    own = person(Role.INNOVATOR, organisation="Small Firm Ltd", shown_as="Founder")
    partner = person(Role.PLACE, place="LDS", shown_as="Leeds place lead")
    mine = embedded(Side.INNOVATION, {**WOUND_DRESSING, "visibility": "hub_only"}, actor=own)
    shared = embedded(Side.INNOVATION, ADHD_TEST)

    with database.reading() as session:
        assert set(found_by_meaning(session, libraries, "test")) == {str(mine), str(shared)}
        assert found_by_meaning(session, libraries, "test", actor=own) == [str(mine)]
        assert found_by_meaning(session, libraries, "test", actor=partner) == [str(shared)]
        assert found_by_meaning(session, libraries, "test", actor=ANONYMOUS) == []


def test_without_an_encoder_or_a_ranker_the_service_says_so(database, tmp_path, said, encoder_folder):
    need_id = said(Side.NEED, ADHD_NEED)
    bare = Libraries(encoder_folder=tmp_path / "none", snapshot_folder=tmp_path)

    with database.reading() as session, pytest.raises(RankingUnavailable, match="matching encoder export"):
        indexing.embed(session, bare, [(Side.NEED, need_id)])
    with pytest.raises(RankingUnavailable):
        Libraries(encoder_folder=encoder_folder, snapshot_folder=tmp_path, ranker_path=tmp_path / "no.json").ranker  # noqa: B018


def test_a_fetch_beyond_what_is_kept_in_memory_still_answers(database, libraries, embedded, monkeypatch):
    monkeypatch.setattr("api.services.library.KEPT_DOCUMENTS", 0)
    innovation_id = embedded(Side.INNOVATION, ADHD_TEST)
    seal(database)
    with database.reading() as session:
        indexing.write_snapshot(session, libraries, at=now())
        view = libraries.view(session, Side.INNOVATION, SYSTEM)

        assert list(view.fetch([str(innovation_id), str(uuid4())])) == [str(innovation_id)]


def test_a_document_whose_vectors_are_lost_is_left_out_and_not_made_up(database, libraries, embedded):
    innovation_id = embedded(Side.INNOVATION, ADHD_TEST)
    with database.transaction() as session:
        session.query(Vector).delete()

    with database.reading() as session:
        assert libraries.encoded(session, Side.INNOVATION, [str(innovation_id)]) == {}


def test_a_text_that_is_known_is_not_encoded_again(database, libraries, embedded):
    first, second = embedded(Side.INNOVATION, ADHD_TEST), embedded(Side.INNOVATION, ADHD_TEST)

    with database.reading() as session:
        both = libraries.encoded(session, Side.INNOVATION, [str(first), str(second)])
        assert session.query(Vector).count() == len(both[str(first)].passages)
    assert np.array_equal(both[str(first)].pooled, both[str(second)].pooled)


def test_another_encoder_embeds_anew_and_what_was_proposed_stays(database, libraries, embedded, runner):
    innovation_id = embedded(Side.INNOVATION, ADHD_TEST)
    runner.run_due()
    with database.transaction() as session:
        documents.find(session, Side.INNOVATION, innovation_id).embedded_encoder = "an-older-encoder"

    assert embed(database, libraries, Side.INNOVATION, innovation_id)

    with database.reading() as session:
        assert "propose" not in jobs.counts(session)
        assert documents.find(session, Side.INNOVATION, innovation_id).embedded_encoder == libraries.encoder.id
