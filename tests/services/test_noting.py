"""Notes on submissions, and views of lists: kept for those whose they are, and gone with what they are about."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.services import erasing, keeping_views, noting
from api.services.noting import NoteEmpty
from models.actors import SYSTEM, NotAllowed
from models.people import Role
from models.queries import events, saved_views
from models.queries import submission_notes as rows
from models.queries.documents import NotFound
from models.saved_views import MOST_VIEWS, SavedView, ViewRefused
from tests import factories
from tests.triage import ARCHIVE, MONDAY, actor, conclude, officer, submission

pytestmark = pytest.mark.both


def write(session, row, by, text="They call back on Thursday."):
    return noting.write(session, row.id, text, actor=by, at=MONDAY)


def save(session, by, name="Mine", query="assigned=me", path="/triage"):
    return keeping_views.save(session, path=path, name=name, query=query, actor=by, at=MONDAY)


def told(session, subject_id):
    session.flush()
    return [event.kind for event in events.of_subject(session, subject_id)]


# Notes


def test_a_note_says_who_wrote_it_and_when_and_its_event_says_none_of_it(session, row, by):
    note = write(session, row, by)

    assert (note.written_by_name, note.written_at) == ("Hub triage officer", MONDAY)
    (event,) = events.of_subject(session, row.innovation_id)
    assert (event.kind, event.data["note"]) == ("submission.noted", str(note.id))
    assert "Thursday" not in str(event.data)


def test_the_same_words_twice_are_one_note(session, row, by):
    first = write(session, row, by)

    assert write(session, row, by) is first
    assert write(session, row, officer(session, name="Second officer")) is not first
    assert len(noting.notes(session, row.id, actor=by)) == 2
    assert rows.counts(session, [row.id, submission(session).id]) == {row.id: 2}


def test_a_closed_submission_can_still_be_noted_on(session, row, by):
    conclude(session, row, ARCHIVE, by)

    assert write(session, row, by).text


def test_an_empty_note_is_refused(session, row, by):
    with pytest.raises(NoteEmpty):
        write(session, row, by, "")


def test_any_of_the_staff_deletes_a_note(session, row, by):
    note = write(session, row, by)

    noting.delete(session, row.id, note.id, actor=officer(session, name="Second officer"), at=MONDAY)

    assert noting.notes(session, row.id, actor=by) == []
    assert "submission.note_deleted" in told(session, row.innovation_id)
    with pytest.raises(NotFound, match="Somebody may have deleted it"):
        noting.delete(session, row.id, note.id, actor=by, at=MONDAY)


def test_nobody_else_reads_or_writes_notes(session, row, founder):
    for somebody in (actor(founder), officer(session, Role.BOARD)):
        with pytest.raises(NotAllowed):
            noting.notes(session, row.id, actor=somebody)
        with pytest.raises((NotAllowed, NotFound)):
            write(session, row, somebody)


def test_the_notes_go_with_the_innovation(session, row, by):
    write(session, row, by)

    erasing.delete_innovation(session, row.innovation_id, actor=by, at=MONDAY)

    assert rows.of_submission(session, row.id) == []


# Views


def test_a_view_is_kept_by_its_filters_alone_and_has_one_address(session, by):
    row = save(session, by, " My  own ", "state=&q=falls+at+home&assigned=me&after=x")

    assert (row.name, row.address) == ("My own", "/triage?assigned=me&q=falls+at+home")
    assert save(session, by, "All", "").address == "/triage"
    assert [each.name for each in saved_views.of_list(session, by, "/triage")] == ["All", "My own"]
    assert saved_views.of_list(session, by, "/proposals") == []


def test_the_same_view_twice_is_one_and_another_under_its_name_is_refused(session, by):
    row = save(session, by)

    assert save(session, by) is row
    with pytest.raises(ViewRefused, match="You have a view of that name"):
        save(session, by, query="overdue=yes")
    assert told(session, row.id) == ["view.saved"]
    assert save(session, officer(session)).id != row.id


def test_of_two_at_once_one_is_kept(session, by):
    row = save(session, by)
    again = SavedView(id=uuid4(), person_id=row.person_id, path=row.path, name=row.name, query="", saved_at=MONDAY)

    assert not saved_views.add(session, again)
    assert saved_views.count(session, row.person_id) == 1


@pytest.mark.parametrize(("name", "query"), [("", ""), ("x" * 61, ""), ("Long", f"q={'x' * 1000}")])
def test_a_view_without_a_name_or_that_is_too_long_is_refused(session, by, name, query):
    with pytest.raises(ViewRefused):
        save(session, by, name, query)


def test_nobody_keeps_views_without_end(session, by):
    for number in range(MOST_VIEWS):
        save(session, by, f"View {number}")

    with pytest.raises(ViewRefused, match="Delete one"):
        save(session, by, "One more")


def test_a_view_is_its_owners_to_delete(session, by):
    row = save(session, by)

    with pytest.raises(NotFound):
        keeping_views.delete(session, row.id, actor=officer(session), at=MONDAY)
    keeping_views.delete(session, row.id, actor=by, at=MONDAY + timedelta(hours=1))

    assert told(session, row.id) == ["view.deleted", "view.saved"]


def test_views_and_names_go_with_the_person_and_are_told_to_them_before(session, row):
    person = factories.make_person(session, Role.HUB, name="Quentin Unterschied")
    by = actor(person)
    save(session, by)
    note = write(session, row, by)

    held = erasing.export(session, person.id)
    erasing.erase_person(session, person.id, actor=SYSTEM, at=MONDAY)
    session.refresh(note)

    assert (held["saved_view"][0]["query"], held["submission_note"][0]["text"]) == ("assigned=me", "They call back on Thursday.")
    assert saved_views.of_list(session, by, "/triage") == []
    assert note.written_by_name == "somebody who has left"
