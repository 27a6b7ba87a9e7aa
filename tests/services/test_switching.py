from pathlib import Path

import numpy as np
import pytest

from api.services import indexing, switching
from api.services.faults import Fault
from api.services.library import Libraries
from api.settings import EncoderChoice, Settings
from matcher.encoding import load_encoder
from matcher.exporting import export
from matcher.sources import resolve_source
from matcher.types import Side as MatcherSide
from models.actors import SYSTEM
from models.documents import Side
from models.passages import Vector
from models.queries import documents, passages
from tests.matcher.networks import make_static_source
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING, now

pytestmark = pytest.mark.both
SILENT = {**WOUND_DRESSING, "name": "?!", "problems_tackled": "", "how_it_works": ""}


@pytest.fixture(scope="module")
def other_folder(tmp_path_factory):
    """Another encoder than the one in use, with a prompt for each side."""
    folder = tmp_path_factory.mktemp("other")
    source = resolve_source(str(make_static_source(folder / "static").folder), prompts={"query": "who: ", "document": "home: "})
    return export(folder / "exported", source=source)


@pytest.fixture
def other(other_folder):
    return load_encoder(other_folder)


@pytest.fixture
def embedded(database, libraries, said):
    def take(side, content):
        document_id = said(side, content)
        embed(database, libraries, side, document_id)
        return document_id

    return take


def embed(database, libraries, side, document_id):
    with database.reading() as session:
        found = indexing.embed(session, libraries, [(side, document_id)])
    with database.transaction() as session:
        return [indexing.keep(session, embedding, at=now()) for embedding in found]


def encode_all(database, other):
    with database.reading() as session:
        beside = switching.encode_beside(session, other, switching.documents_in_use(session))
    with database.transaction() as session:
        switching.keep_beside(session, other, beside)
    return beside


def state(database, encoder_id, need_id):
    """What the encoder in use has stored of a need: passages, vectors, and who embedded it."""
    with database.reading() as session:
        (kept,) = passages.of_documents(session, Side.NEED, [need_id]).values()
        vectors = passages.vectors(session, encoder_id, {each.text_hash for each in kept})
        return [(each.text_hash, each.text) for each in kept], vectors, documents.find(session, Side.NEED, need_id).embedded_encoder


def test_another_encoder_encodes_beside_and_leaves_the_one_in_use_alone(database, libraries, embedded, other):
    need_id = embedded(Side.NEED, ADHD_NEED)
    embedded(Side.INNOVATION, ADHD_TEST)
    before = state(database, libraries.encoder.id, need_id)

    beside = encode_all(database, other)

    assert state(database, libraries.encoder.id, need_id) == before
    assert {each.document.side for each in beside.documents} == set(MatcherSide)
    assert {len(data) for data in beside.fresh.values()} == {4 * other.dimension}
    with database.reading() as session:
        assert session.query(Vector).filter_by(encoder_id=other.id).count() == len(beside.fresh) > 0


def test_what_was_encoded_before_a_kill_is_not_encoded_again(database, libraries, embedded, other):
    embedded(Side.NEED, ADHD_NEED)
    embedded(Side.INNOVATION, ADHD_TEST)
    first = encode_all(database, other)

    second = encode_all(database, other)

    assert second.fresh == {}
    for one, again in zip(first.documents, second.documents, strict=True):
        np.testing.assert_array_equal(one.vectors, again.vectors)


def test_a_document_is_taken_over_without_encoding_and_back_again(database, libraries, embedded, other_folder, other, settings):
    need_id = embedded(Side.NEED, ADHD_NEED)
    before = state(database, libraries.encoder.id, need_id)
    encode_all(database, other)
    switched = Libraries(encoder_folder=other_folder, snapshot_folder=settings.snapshot_folder)

    assert embed(database, switched, Side.NEED, need_id) == [True]

    with database.reading() as session:
        assert session.query(Vector).filter_by(encoder_id=other.id).count() == len(state(database, other.id, need_id)[1])
        assert list(switched.view(session, Side.NEED, SYSTEM).fetch([str(need_id)])) == [str(need_id)]
    assert embed(database, libraries, Side.NEED, need_id) == [True]
    assert state(database, libraries.encoder.id, need_id) == before


def test_the_overlap_is_told_for_each_side_by_vectors_and_by_the_ranker(database, libraries, embedded, other, said):
    embedded(Side.NEED, ADHD_NEED)
    for content in (ADHD_TEST, WOUND_DRESSING):
        embedded(Side.INNOVATION, content)
    said(Side.INNOVATION, {**WOUND_DRESSING, "name": "Not encoded yet"})
    said(Side.INNOVATION, SILENT)
    beside = encode_all(database, other)
    ids = {side: [each.document.id for each in found] for side, found in switching.by_side(beside.documents).items()}

    with database.reading() as session:
        before = switching.encoded_before(session, libraries, ids)
    overlaps = switching.overlaps(before, switching.by_side(beside.documents), rankers=(libraries.ranker, libraries.ranker))

    assert [(each.asking, each.system, each.asked) for each in overlaps] == [
        (MatcherSide.NEED, "dense", 1),
        (MatcherSide.NEED, "matching", 1),
        (MatcherSide.INNOVATION, "dense", 2),
        (MatcherSide.INNOVATION, "matching", 2),
    ]
    assert {(each.mean, each.least) for each in overlaps} == {(1.0, 1.0)}  # fewer than ten stand in every list
    assert {each.same_first for each in overlaps if each.asking is MatcherSide.INNOVATION} == {1.0}


def test_a_side_without_documents_has_no_lists(database, libraries, embedded, other):
    embedded(Side.NEED, ADHD_NEED)
    encoded = switching.by_side(encode_all(database, other).documents)

    assert switching.overlaps(encoded, encoded, rankers=(libraries.ranker, libraries.ranker)) == []


def both(libraries, other):
    return switching.Judging(libraries.encoder, libraries.ranker), switching.Judging(other, libraries.ranker)


def test_a_folder_of_judged_texts_is_measured_under_either_encoder(libraries, other, tmp_path):
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text('{"_id": "i1", "text": "A test of attention"}\n{"_id": "i2", "text": "A foam dressing"}\n')
    (tmp_path / "queries.jsonl").write_text('{"_id": "n1", "text": "ADHD assessment"}\n{"_id": "n2", "text": "Wounds that do not heal"}\n')
    (tmp_path / "qrels" / "dev.tsv").write_text("n1\ti1\t3\nn2\ti2\t2\n")

    found = switching.quality_of(tmp_path, *both(libraries, other), on_progress=lambda *_: None)

    assert [(each.dataset, each.asking, each.system, each.queries) for each in found] == [
        (tmp_path.name, MatcherSide.NEED, "dense", 2),
        (tmp_path.name, MatcherSide.NEED, "matching", 2),
    ]
    for each in found:
        assert each.difference == pytest.approx(each.after - each.before)
        assert each.interval[0] <= each.difference <= each.interval[1]


def test_a_folder_without_answers_has_no_quality_and_a_malformed_one_is_told(libraries, other, tmp_path):
    with pytest.raises(Fault, match=r"corpus\.jsonl"):
        switching.quality_of(tmp_path, *both(libraries, other), on_progress=lambda *_: None)

    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text('{"_id": "i1", "text": "A test of attention"}\n')
    (tmp_path / "queries.jsonl").write_text('{"_id": "n1", "text": "Parking"}\n')
    (tmp_path / "qrels" / "dev.tsv").write_text("n1\ti1\t0\n")

    assert switching.quality_of(tmp_path, *both(libraries, other), on_progress=lambda *_: None) == []


def test_weights_that_do_not_hold_are_doubted(libraries, other):
    assert switching.doubt(libraries.ranker, libraries.encoder.id) == ""
    assert "python -m bench.fit_ranker" in switching.doubt(libraries.ranker, other.id)


def test_a_ranker_that_is_named_is_read(libraries, tmp_path):
    assert switching.ranker_of(libraries, "").file.holds_for("all-MiniLM-L6-v2@7ffc6555e160")
    with pytest.raises(Fault, match="There is no ranker file"):
        switching.ranker_of(libraries, str(tmp_path / "none.json"))


def test_a_switch_holds_until_the_environment_says_something_else(tmp_path):
    plain = Settings(home=tmp_path)
    to = EncoderChoice(name="owner/name", query_prompt="query: ")
    with pytest.raises(Fault, match="no way back"):
        switching.way_back(plain)

    switching.switch(plain, to)

    assert plain.encoder_used == to
    assert switching.way_back(plain) == EncoderChoice(name="all-MiniLM-L6-v2")
    assert plain.encoder_folder.name.startswith("owner-name-")
    said = Settings(home=tmp_path, encoder="another")
    assert (said.encoder_used.name, said.encoder_folder.name) == ("another", "another")
    assert Settings(home=tmp_path, ranker="mine.json").ranker_path == Path("mine.json")
    switching.switch(plain, switching.way_back(plain))
    assert (plain.encoder_used.name, switching.way_back(plain)) == ("all-MiniLM-L6-v2", to)
