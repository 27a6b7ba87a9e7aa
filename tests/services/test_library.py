"""Two processes share one folder of snapshots: each takes over what the other wrote, and answers like the rows all the while."""

from itertools import count
from types import MappingProxyType
from uuid import uuid4

import numpy as np
import pytest

from api.services import delivering, erasing, indexing, intake, library
from api.services.library import Libraries
from api.services.proposing import encoded_of
from api.services.recording import record
from matcher import snapshot
from matcher.types import Document
from matcher.types import Side as MatcherSide
from models.actors import SYSTEM
from models.documents import Side
from models.events import Event
from models.queries import documents
from tests.services.test_indexing import CARE_HOME, embed, found_by_meaning, found_by_words
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING, now

pytestmark = pytest.mark.both

QUERIES = ("attention test", "wound gel of honey", "care home residents drink")


@pytest.fixture
def embedded(database, libraries, said):
    def take(content, side=Side.INNOVATION):
        document_id = said(side, content)
        assert embed(database, libraries, side, document_id)
        return document_id

    return take


@pytest.fixture
def another(libraries, opened, encoder_folder):
    """`another()`: a process that has just started beside this one."""

    def start(folder=libraries.snapshot_folder):
        made = Libraries(encoder_folder=encoder_folder, snapshot_folder=folder)
        made._encoder, made._ranker = opened
        return made

    return start


def seal(database):
    with database.transaction() as session:
        delivering.seal(session, at=now())


def write(database, libraries):
    seal(database)
    with database.reading() as session:
        return indexing.write_snapshot(session, libraries, at=now())


def shelf_of(libraries):
    return libraries._shelves[Side.INNOVATION]


def assert_alike(session, *processes):
    """All of them give one answer, by meaning and by words; returns the documents that any query found."""
    found = set()
    for text in QUERIES:
        vector = processes[0].encoder.encode([text])[0]
        views = [each.view(session, Side.INNOVATION, SYSTEM) for each in processes]
        dense = [view.dense(vector, 10) for view in views]
        lexical = [[each.id for each in view.lexical(text, 10)] for view in views]
        assert all(each == dense[0] for each in dense)
        assert all(each == lexical[0] for each in lexical)
        found |= {each.id for each in dense[0]}
    return found


def test_a_snapshot_that_another_process_wrote_is_taken_over(database, libraries, embedded, another, hub, tmp_path):
    kept, changed, withdrawn = (embedded(each) for each in (ADHD_TEST, WOUND_DRESSING, CARE_HOME))
    first = write(database, libraries)
    reader, rows = another(), another(tmp_path / "none")
    with database.reading() as session:
        assert_alike(session, reader, rows)
        assert shelf_of(reader).snapshot == first
    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, changed, {"how_it_works": "A gel of honey for wounds."}, actor=hub, at=now())
        intake.withdraw(session, Side.INNOVATION, withdrawn, actor=hub, at=now())
    embed(database, libraries, Side.INNOVATION, changed)
    added = embedded({**WOUND_DRESSING, "name": "Second dressing"})
    seal(database)
    with database.reading() as session:
        assert assert_alike(session, reader, rows) == {str(kept), str(changed), str(added)}
        assert set(shelf_of(reader).delta) == {str(changed), str(added)}
        assert libraries.lag(session) == reader.lag(session) == 3

    second = write(database, libraries)

    with database.reading() as session:
        assert assert_alike(session, reader, rows, another()) == {str(kept), str(changed), str(added)}
        shelf = shelf_of(reader)
        assert (shelf.snapshot, shelf.delta, shelf.gone, shelf.fresh) == (second, {}, set(), None)
        assert reader.lag(session) == 0
        assert reader.newest(session).name == second
        assert found_by_words(session, reader, "honey") == [str(changed)]
        assert reader.degraded == ""


def test_what_is_not_sealed_when_the_snapshot_is_written_is_counted_and_read_again(database, libraries, embedded, another):
    embedded(ADHD_TEST)
    write(database, libraries)
    reader = another()
    with database.reading() as session:
        assert reader.lag(session) == 0
    late = embedded(WOUND_DRESSING)
    with database.reading() as session:
        indexing.write_snapshot(session, libraries, at=now())
        assert reader.lag(session) == 1
        assert str(late) in found_by_meaning(session, reader, "dressing for wounds")
        assert set(shelf_of(reader).delta) == {str(late)}


def test_without_a_snapshot_every_change_counts(database, libraries, embedded):
    embedded(ADHD_TEST)
    embedded(ADHD_NEED, Side.NEED)

    with database.reading() as session:
        assert (libraries.newest(session), libraries.check_snapshot(session), libraries.lag(session)) == (None, "", 2)


def test_what_was_known_before_the_first_snapshot_came_and_is_not_in_it_is_found_on(database, libraries, embedded, another, tmp_path):
    embedded(ADHD_TEST)
    write(database, libraries)
    later = embedded(WOUND_DRESSING)
    seal(database)
    reader = another(tmp_path / "none")  # opens the rows, with what the snapshot does not hold
    with database.reading() as session:
        reader.view(session, Side.INNOVATION, SYSTEM)
    reader.snapshot_folder = libraries.snapshot_folder  # and finds the snapshot, as if it had just been written

    with database.reading() as session:
        found = assert_alike(session, reader, another(tmp_path / "nor here"))

    assert str(later) in found


def test_an_event_that_changes_no_word_leaves_a_document_as_it_is_held(database, libraries, embedded, hub):
    told_of, changed = (embedded(each) for each in (ADHD_TEST, WOUND_DRESSING))

    def held():
        with database.reading() as session:
            found = libraries.view(session, Side.INNOVATION, SYSTEM).fetch([str(told_of), str(changed)])
        return found[str(told_of)], found[str(changed)]

    before = held()
    with database.transaction() as session:
        event = Event.of("submission.taken", subject_kind="innovation", subject_id=told_of, actor=hub.name, at=now())
        record(session, event, at=now())
    told = held()
    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, changed, {"how_it_works": "A gel of honey for wounds."}, actor=hub, at=now())
    assert embed(database, libraries, Side.INNOVATION, changed)
    after = held()

    assert [one is other for one, other in zip(before, told, strict=True)] == [True, True]
    assert [one is other for one, other in zip(told, after, strict=True)] == [True, False]


def test_a_document_in_memory_is_given_to_those_who_may_see_it_as_it_is(database, libraries, embedded, hub):
    changed, never_seen = embedded(WOUND_DRESSING), uuid4()
    with database.reading() as earlier:
        assert libraries.held(earlier, Side.INNOVATION, changed) is None  # this process has not looked for any yet
        libraries.view(earlier, Side.INNOVATION, SYSTEM)
        before = libraries.held(earlier, Side.INNOVATION, changed)
        with database.transaction() as session:
            intake.change(session, Side.INNOVATION, changed, {"how_it_works": "A gel of honey."}, actor=hub, at=now())
        assert embed(database, libraries, Side.INNOVATION, changed)
        seal(database)
        with database.reading() as later:
            after = libraries.held(later, Side.INNOVATION, changed)
            assert libraries.held(later, Side.INNOVATION, never_seen) is None
        assert libraries.held(earlier, Side.INNOVATION, changed) is None  # it would be told what it may not know yet

    works = [each.document.fields["how_it_works"] for each in (before, after)]
    assert works == [WOUND_DRESSING["how_it_works"], "A gel of honey."]


def test_a_draft_is_encoded_anew_when_it_says_something_else_and_few_are_kept(libraries, monkeypatch):
    monkeypatch.setattr(library, "KEPT_DRAFTS", 1)

    def draft(name, text):
        return Document(id=name, side=MatcherSide.NEED, fields=MappingProxyType({"problem": text}))

    first, again = (libraries.encode(draft("one", "People fall at home.")) for _ in range(2))
    changed = libraries.encode(draft("one", "People wait for wound care."))
    libraries.encode(draft("other", "Letters are lost."))
    forgotten = libraries.encode(draft("one", "People wait for wound care."))

    assert (again is first, changed is first, forgotten is changed) == (True, False, False)
    assert np.array_equal(forgotten.pooled, changed.pooled)


def test_what_was_encoded_of_a_draft_is_gone_when_the_draft_is(database, libraries, hub, said, embedded):
    embedded(WOUND_DRESSING)
    draft = said(Side.INNOVATION, ADHD_TEST, submit=False)

    def remembered():
        with database.reading() as session:
            libraries.view(session, Side.INNOVATION, SYSTEM)
        return str(draft) in libraries._encoded

    with database.reading() as session:
        row = documents.find(session, Side.INNOVATION, draft)
        encoded_of(session, libraries, Side.INNOVATION, row)
    before = str(draft) in libraries._encoded
    with database.transaction() as session:
        erasing.delete_innovation(session, draft, actor=hub, at=now())

    assert (before, remembered()) == (True, False)


def test_a_session_that_began_before_the_snapshot_answers_as_it_sees_and_leaves_it_to_later_ones(
    database, libraries, embedded, another, hub
):
    old, gone = embedded(ADHD_TEST), embedded(CARE_HOME)
    first, reader = write(database, libraries), another()
    with database.reading() as earlier:
        assert set(found_by_meaning(earlier, reader, "test")) == {str(old), str(gone)}
        with database.transaction() as session:
            intake.withdraw(session, Side.INNOVATION, gone, actor=hub, at=now())
        late = embedded(WOUND_DRESSING)
        second = write(database, libraries)

        assert set(found_by_meaning(earlier, reader, "test")) == {str(old), str(gone)}
        assert shelf_of(reader).snapshot == first
        with database.reading() as later:
            assert set(found_by_meaning(later, reader, "test")) == {str(old), str(late)}
        assert shelf_of(reader).snapshot == second
        assert found_by_meaning(earlier, reader, "test") == [str(old)]
        assert found_by_words(earlier, reader, "silver foam") == []
        with database.reading() as later:
            assert set(found_by_meaning(later, reader, "test")) == {str(old), str(late)}


def test_what_an_earlier_session_read_of_a_text_is_not_told_to_later_ones(database, libraries, embedded, another, hub):
    changed = embedded(WOUND_DRESSING)
    write(database, libraries)
    reader = another()
    with database.reading() as earlier:
        view = reader.view(earlier, Side.INNOVATION, SYSTEM)
        with database.transaction() as session:
            intake.change(session, Side.INNOVATION, changed, {"how_it_works": "A gel of honey."}, actor=hub, at=now())
        embed(database, libraries, Side.INNOVATION, changed)
        write(database, libraries)
        with database.reading() as later:
            reader.view(later, Side.INNOVATION, SYSTEM)
        assert view.fetch([str(changed)])[str(changed)].document.fields["how_it_works"] == WOUND_DRESSING["how_it_works"]

        with database.reading() as later:
            fetched = reader.view(later, Side.INNOVATION, SYSTEM).fetch([str(changed)])
    assert fetched[str(changed)].document.fields["how_it_works"] == "A gel of honey."


def test_a_snapshot_of_less_than_is_known_already_is_taken_over_without_harm(database, libraries, embedded, another, tmp_path):
    embedded(ADHD_TEST)
    seal(database)
    with database.reading() as earlier:
        libraries.view(earlier, Side.INNOVATION, SYSTEM)
        late = embedded(WOUND_DRESSING)
        write(database, libraries)
        reader, rows = another(), another(tmp_path / "none")
        with database.reading() as session:
            assert_alike(session, reader, rows)
        slow = indexing.write_snapshot(earlier, libraries, at=now())  # by a process that had begun earlier

    with database.reading() as session:
        assert str(late) in assert_alike(session, reader, rows)
        assert shelf_of(reader).snapshot == slow


def test_an_index_of_words_that_carries_too_much_of_the_past_is_made_anew(database, libraries, embedded, another, hub, monkeypatch):
    monkeypatch.setattr(library, "MOST_SPENT", 2)
    changed = embedded(WOUND_DRESSING)
    write(database, libraries)
    reader, words = another(), count()

    def change():
        said = {"how_it_works": f"A gel of honey, number {next(words)}."}
        with database.transaction() as session:
            intake.change(session, Side.INNOVATION, changed, said, actor=hub, at=now())
        embed(database, libraries, Side.INNOVATION, changed)
        with database.reading() as session:
            assert found_by_words(session, reader, "honey") == [str(changed)]

    change()
    write(database, libraries)
    with database.reading() as session:
        found_by_words(session, reader, "honey")
    assert shelf_of(reader).words.spent > 0
    while shelf_of(reader).words.spent <= 3:
        change()
    write(database, libraries)

    with database.reading() as session:
        assert found_by_words(session, reader, "honey") == [str(changed)]
    assert shelf_of(reader).words.spent == 0


def test_processes_that_start_while_snapshots_are_written_open_a_sound_one(database, libraries, embedded, another, monkeypatch):
    embedded(ADHD_TEST)
    write(database, libraries)
    opened, real = [], snapshot.open_sealed

    def overtaken(folder):
        """Newer ones are written, and this one is pruned, between the pointer and the files that it names."""
        if not opened:
            opened.append(folder)
            for _ in range(snapshot.KEPT + 1):
                with database.reading() as session:
                    indexing.write_snapshot(session, libraries, at=now())
        return real(folder)

    monkeypatch.setattr(snapshot, "open_sealed", overtaken)
    reader = another()

    with database.reading() as session:
        assert len(found_by_meaning(session, reader, "attention test")) == 1
        assert not opened[0].exists()
        assert (reader.degraded, shelf_of(reader).snapshot) == ("", reader.newest(session).name)


def test_a_damaged_snapshot_is_looked_at_once(database, libraries, embedded, another, monkeypatch):
    embedded(ADHD_TEST)
    write(database, libraries)
    (path,) = libraries.snapshot_folder.rglob("need.faiss")
    path.write_bytes(path.read_bytes()[:-1])
    looked, real = [], snapshot.open_sealed
    monkeypatch.setattr(snapshot, "open_sealed", lambda folder: looked.append(folder) or real(folder))
    reader = another()

    with database.reading() as session:
        for _ in range(3):
            assert "damaged" in reader.check_snapshot(session)
            assert np.size(found_by_meaning(session, reader, "attention test")) == 1

    assert len(looked) == 1
