from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from api.services import accounts, calling, digesting, watching
from api.services.writing import Entry
from models.actors import SYSTEM, NotAllowed
from models.documents import Side, StaleVersion, Visibility
from models.innovations import InnovationStatus
from models.jobs import JobRow
from models.keys import Scope
from models.mail import Frequency, MailPreference
from models.needs import NeedStatus
from models.people import Role
from models.proposals import ProposalState
from models.queries import documents, people, watches
from models.queries.documents import NotFound
from models.queries.places import UnknownPlace
from models.watches import MOST_WATCHES, SubjectKind, Watch, Watched, WatchEmpty, WatchHit, WatchKind, WatchRefused
from tests import factories
from tests.calls import AT, events_of, mails, need, publish, rows_of, somebody, watch
from tests.walk import ADHD_NEED, ADHD_TEST, WOUND_DRESSING

pytestmark = pytest.mark.both
__all__ = ["need", "somebody"]
TEXT = {"kind": WatchKind.TEXT, "value": "ADHD assessment"}
DAY = timedelta(days=1)


def begin(database, actor, *, kind=WatchKind.TEXT, what=Watched.NEEDS, value="falls at home", at=AT):
    with database.transaction() as session:
        return watching.begin(session, kind=kind, what=what, value=value, actor=actor, at=at)


def embedded(database, need_id):
    """As if a job had read the need."""
    with database.transaction() as session:
        row = documents.find(session, Side.NEED, need_id)
        row.embedded_revision = row.revision
    return need_id


def look(database, libraries, subject_id, kind=SubjectKind.NEED, *, at=AT):
    with database.transaction() as session:
        return watching.look(session, libraries, kind, subject_id, at=at)


def digest(database, actor, *, since=AT - DAY, until=AT + DAY):
    with database.reading() as session:
        return watching.digest_of(session, actor.person_id, since=since, until=until)


def titles(found):
    return [item.title for item in found.items] if found else []


def test_everybody_who_signs_in_may_watch_needs_and_those_who_may_read_them_innovations(database, somebody):
    for actor in (somebody(None), somebody(Role.INNOVATOR), somebody(Role.BOARD)):
        assert begin(database, actor).what is Watched.NEEDS
        with pytest.raises(NotAllowed, match="watched by places and the Hub"):
            begin(database, actor, what=Watched.INNOVATIONS)
    for actor in (somebody(Role.PLACE), somebody(Role.HUB), somebody(Role.LEAD)):
        assert begin(database, actor, what=Watched.INNOVATIONS).what is Watched.INNOVATIONS
    assert {event.data["what"] for event in events_of(database, "watch.begun")} == {"needs", "innovations"}


def test_a_machine_has_no_watches(database, somebody):
    with database.transaction() as session:
        key = factories.make_key(session, Role.HUB, {Scope.READ, Scope.WRITE, Scope.DECIDE})
    with database.reading() as session:
        machine = accounts.actor_of_key(session, key, at=AT)

    with pytest.raises(NotAllowed):
        begin(database, machine)
    with pytest.raises(NotAllowed):
        begin(database, SYSTEM)
    with database.reading() as session:
        assert watches.page(session, machine, after=None, limit=1).rows == []


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"value": ""}, WatchEmpty),
        ({"value": " … !? "}, WatchEmpty),
        ({"kind": WatchKind.PLACE, "value": "XXX"}, UnknownPlace),
        ({"kind": WatchKind.PLACE, "value": "leeds"}, UnknownPlace),
    ],
)
def test_a_watch_that_says_nothing_is_refused(database, somebody, said, error):
    with pytest.raises(error):
        begin(database, somebody(), **said)


def test_the_same_is_watched_once_and_no_more_than_fifty(database, somebody):
    actor, other = somebody(), somebody()
    first = begin(database, actor, value="Falls at  HOME")
    with pytest.raises(WatchRefused, match="already") as refused:
        begin(database, actor, value="falls at home")
    assert refused.value.details["watch"] == str(first.id)
    begin(database, actor, kind=WatchKind.THEME)
    begin(database, other)
    for number in range(MOST_WATCHES - 2):
        watch(database, actor, kind=WatchKind.TEXT, value=f"subject {number}")

    with pytest.raises(WatchRefused, match="the most"):
        begin(database, actor, value="one more")


def test_a_watch_is_muted_and_ended_by_its_own_person_only(database, somebody):
    actor, other = somebody(), somebody()
    row = begin(database, actor)

    with database.transaction() as session:
        with pytest.raises(NotFound):
            watching.mute(session, row.id, True, actor=other, at=AT)
        with pytest.raises(StaleVersion):
            watching.mute(session, row.id, True, actor=actor, at=AT, version=7)
        for _ in range(2):
            assert watching.mute(session, row.id, True, actor=actor, at=AT).version == 2
        with pytest.raises(NotFound):
            watching.end(session, row.id, actor=other, at=AT)
        watching.end(session, row.id, actor=actor, at=AT)

    assert rows_of(database, Watch) == []
    assert len(events_of(database, "watch.changed")) == len(events_of(database, "watch.ended")) == 1


def test_a_new_need_is_found_by_theme_and_by_place_whatever_the_case(database, libraries, need, somebody):
    by_theme = watch(database, somebody(), kind=WatchKind.THEME, value="ageing WELL")
    by_place = watch(database, somebody(), value="WAK")
    watch(database, somebody(), kind=WatchKind.THEME, value="Stroke")
    watch(database, somebody(), value="LDS")
    watch(database, somebody(), value="WAK", what=Watched.INNOVATIONS)
    watch(database, somebody(), value="WAK", muted=True)
    watch(database, somebody(active=False), value="WAK")
    watch(database, somebody(), value="WAK", created_at=AT + DAY)

    subject = embedded(database, need(places=("WAK",), theme="Ageing well", opened_at=AT))

    assert look(database, libraries, subject) == 2
    assert look(database, libraries, subject) == 0
    assert {hit.watch_id for hit in rows_of(database, WatchHit)} == {by_theme.id, by_place.id}
    assert {hit.subject for hit in rows_of(database, WatchHit)} == {(SubjectKind.NEED, subject)}


def test_what_a_watcher_may_not_read_is_not_found_for_them(database, libraries, need, somebody):
    leeds, wakefield, board = somebody(Role.PLACE), somebody(Role.PLACE, place="WAK"), somebody(Role.BOARD)
    own, *_ = [watch(database, actor) for actor in (leeds, wakefield, board, somebody(None))]

    subject = embedded(database, need(visibility=Visibility.HUB_ONLY))

    assert look(database, libraries, subject) == 1
    assert [hit.watch_id for hit in rows_of(database, WatchHit)] == [own.id]


@pytest.mark.parametrize("values", [{"status": NeedStatus.DRAFT}, {"status": NeedStatus.WITHDRAWN}, {"live": False}])
def test_what_is_not_open_is_not_found(database, libraries, need, somebody, values):
    watch(database, somebody(Role.LEAD))

    assert look(database, libraries, embedded(database, need(**values))) == 0
    assert look(database, libraries, need()) == 0  # not embedded yet


def test_a_text_finds_what_the_matching_finds_to_fit(database, libraries, said, runner, somebody):
    asks, offers = watch(database, somebody(), **TEXT), watch(database, somebody(), **TEXT, what=Watched.INNOVATIONS)
    watch(database, somebody(), kind=WatchKind.TEXT, value="robotic surgery of the knee")
    said(Side.NEED, ADHD_NEED)
    said(Side.INNOVATION, ADHD_TEST)
    said(Side.INNOVATION, WOUND_DRESSING)

    runner.run_due()
    runner.sweep()
    runner.run_due()

    found = {(hit.watch_id, hit.subject[0]) for hit in rows_of(database, WatchHit)}
    assert found == {(asks.id, SubjectKind.NEED), (offers.id, SubjectKind.INNOVATION)}
    assert len(rows_of(database, WatchHit)) == 2


def test_an_innovation_is_found_by_theme_and_place_of_the_needs_that_it_may_answer(database, libraries, need, somebody):
    wanted = [watch(database, somebody(Role.PLACE), what=Watched.INNOVATIONS)]
    wanted.append(watch(database, somebody(), what=Watched.INNOVATIONS, kind=WatchKind.THEME, value="Neurodiversity"))
    watch(database, somebody(), what=Watched.INNOVATIONS, value="WAK")
    subjects = {}
    with database.transaction() as session:
        for state in (ProposalState.OPEN, ProposalState.REJECTED):
            asked = factories.make_need(session, theme="Neurodiversity")
            values = {"embedded_revision": 1, "proposed_revision": 1, "submitted_at": AT}
            subjects[state] = factories.make_innovation(session, **values).id
            factories.make_proposal(session, asked, documents.find(session, Side.INNOVATION, subjects[state]), state=state)

    assert look(database, libraries, subjects[ProposalState.OPEN], SubjectKind.INNOVATION) == 2
    assert look(database, libraries, subjects[ProposalState.REJECTED], SubjectKind.INNOVATION) == 0
    assert {hit.watch_id for hit in rows_of(database, WatchHit)} == {row.id for row in wanted}


@pytest.mark.parametrize(("kind", "value"), [(WatchKind.PLACE, "WAK"), (WatchKind.THEME, "Neurodiversity")], ids=str)
def test_what_a_need_that_a_watcher_may_not_read_is_about_finds_nothing_for_them(database, libraries, somebody, kind, value):
    watch(database, somebody(Role.PLACE), what=Watched.INNOVATIONS, kind=kind, value=value)
    told = [
        watch(database, actor, what=Watched.INNOVATIONS, kind=kind, value=value)
        for actor in (somebody(), somebody(Role.PLACE, place="WAK"))
    ]
    with database.transaction() as session:
        hidden = factories.make_need(session, places=("WAK",), theme="Neurodiversity", visibility=Visibility.HUB_ONLY)
        subject = factories.make_innovation(session, embedded_revision=1, proposed_revision=1, submitted_at=AT)
        factories.make_proposal(session, hidden, subject)

    look(database, libraries, subject.id, SubjectKind.INNOVATION)

    assert {hit.watch_id for hit in rows_of(database, WatchHit)} == {row.id for row in told}


def test_innovations_are_found_only_for_those_who_still_may_watch_them(database, libraries, somebody):
    innovator = somebody(Role.INNOVATOR)
    watch(database, innovator, **TEXT, what=Watched.INNOVATIONS)  # begun when they were of a place too
    with database.transaction() as session:
        own = factories.make_innovation(session, embedded_revision=1, proposed_revision=1, submitted_at=AT).id

    assert look(database, libraries, own, SubjectKind.INNOVATION) == 0


def test_the_sweep_finds_what_was_not_looked_at_and_what_changed_since(database, libraries, need, somebody, runner):
    def owed():
        with database.reading() as session:
            return [watches.to_look_at(session, kind, 10) for kind in SubjectKind]

    old, subject = embedded(database, need(opened_at=AT - 60 * DAY)), embedded(database, need(opened_at=AT))
    assert owed() == [[], [], []]  # nobody watches
    watch(database, somebody())
    assert owed() == [[subject], [], []]

    look(database, libraries, subject)
    assert owed() == [[], [], []]
    with database.transaction() as session:
        documents.find(session, Side.NEED, subject).version += 1
    assert owed() == [[subject], [], []]

    call = publish(database, old)
    assert owed() == [[subject], [call.id], []]
    assert {row.name for row in rows_of(database, JobRow) if row.arguments.get("kind") == "call"} == {"notice"}
    runner.run_due()
    assert owed() == [[subject], [], []]


def test_a_watch_that_ends_while_something_is_found_for_it_is_left_out(database, libraries, need, somebody):
    actor = somebody()
    row, subject = watch(database, actor), embedded(database, need())
    with database.reading() as session:
        found = watching.find(session, libraries, SubjectKind.NEED, subject)
    with database.transaction() as session:
        watching.end(session, row.id, actor=actor, at=AT)

    with database.transaction() as session:
        assert watching.keep(session, found, at=AT) == 0


def test_two_processes_that_look_at_the_same_keep_it_once(database, libraries, need, somebody):
    watch(database, somebody())
    subject = embedded(database, need())
    with database.reading() as session:
        found = watching.find(session, libraries, SubjectKind.NEED, subject)

    def keep(_):
        with database.transaction() as session:
            return watching.keep(session, found, at=AT)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(keep, range(4))) == [0, 0, 0, 1]


def test_a_digest_tells_what_was_found_once_with_where_and_why(database, libraries, need, somebody):
    actor = somebody(Role.PLACE)
    for said in ({}, {"kind": WatchKind.THEME, "value": "Ageing well"}):
        watch(database, actor, **said)
    subject = embedded(database, need(title="Falls", theme="Ageing well"))
    look(database, libraries, subject)

    found = digest(database, actor)

    assert [(item.kind, item.title, item.who, item.path, set(item.why)) for item in found.items] == [
        (SubjectKind.NEED, "Falls", "Leeds", f"/needs/{subject}", {"LDS", "Ageing well"})
    ]
    (section,) = found.sections
    assert (section.heading, len(section.entries)) == ("New needs", 1)
    assert isinstance(section.entries[0], Entry)
    assert section.entries[0].text.startswith("Falls (Leeds). You watch: ")

    with database.transaction() as session:
        watching.told(session, found, at=AT)
    assert digest(database, actor) is None
    assert {hit.told_at for hit in rows_of(database, WatchHit)} == {AT}


def test_a_need_and_the_call_for_it_are_told_as_one(database, libraries, need, somebody):
    actor = somebody()
    watch(database, actor)
    subject = embedded(database, need(title="Falls"))
    look(database, libraries, subject)
    call = publish(database, subject)
    look(database, libraries, call.id, SubjectKind.CALL)

    found = digest(database, actor)

    assert titles(found) == ["WYC-2026-0001: Falls"]
    assert len(found.hit_ids) == 2
    with database.transaction() as session:
        calling.close(session, call.reference, actor=SYSTEM, at=AT)
    assert titles(digest(database, actor)) == ["Falls"]
    assert look(database, libraries, call.id, SubjectKind.CALL) == 0


def test_an_innovation_is_told_with_who_offers_it(database, libraries, somebody):
    actor = somebody()
    watch(database, actor, **TEXT, what=Watched.INNOVATIONS)
    with database.transaction() as session:
        ready = {"embedded_revision": 1, "proposed_revision": 1, "submitted_at": AT}
        for supplier in ("Example supplier", None):
            row = factories.make_innovation(session, supplier=supplier, **ready)
            watches.keep_hits(session, SubjectKind.INNOVATION, row.id, [session.query(Watch.id).scalar()], at=AT)
        archived = factories.make_innovation(session, status=InnovationStatus.ARCHIVED, **ready)
        watches.keep_hits(session, SubjectKind.INNOVATION, archived.id, [session.query(Watch.id).scalar()], at=AT)

    found = digest(database, actor)

    assert {item.who for item in found.items} == {"Example supplier", ""}
    assert {item.path.split("/")[1] for item in found.items} == {"innovations"}
    assert {entry.text.count("(") for entry in found.sections[0].entries} == {0, 1}


def test_a_digest_holds_only_what_its_reader_may_read_when_it_is_written(database, libraries, need, somebody):
    actor = somebody(Role.PLACE)
    watch(database, actor)
    subject = embedded(database, need(visibility=Visibility.PARTNERS, places=("LDS", "WAK")))
    look(database, libraries, subject)
    assert titles(digest(database, actor))

    with database.transaction() as session:
        accounts.revoke(session, people.by_id(session, actor.person_id), Role.PLACE, at=AT, actor=SYSTEM)
    assert digest(database, actor) is None

    with database.transaction() as session:
        accounts.grant(session, people.by_id(session, actor.person_id), Role.BOARD, at=AT, actor=SYSTEM)
    assert titles(digest(database, actor))
    with database.transaction() as session:
        documents.find(session, Side.NEED, subject).move_to(NeedStatus.CLOSED, at=AT)
    assert digest(database, actor) is None

    with database.transaction() as session:
        accounts.deactivate(session, people.by_id(session, actor.person_id), at=AT, actor=SYSTEM)
    assert digest(database, actor) is None


def test_a_digest_goes_back_a_day_for_what_was_committed_late_and_no_further(database, libraries, need, somebody):
    actor = somebody()
    row = watch(database, actor)
    look(database, libraries, embedded(database, need()), at=AT)

    assert digest(database, actor, since=AT + timedelta(hours=23), until=AT + 3 * DAY) is not None
    assert digest(database, actor, since=AT + timedelta(hours=25), until=AT + 3 * DAY) is None
    assert digest(database, actor, since=AT - DAY, until=AT - timedelta(hours=1)) is None
    with database.transaction() as session:
        watching.mute(session, row.id, True, actor=actor, at=AT)
    assert digest(database, actor) is None


def test_what_was_found_leaves_in_one_mail(database, libraries, need, somebody):
    actor = somebody()
    watch(database, actor)
    with database.transaction() as session:
        session.add(MailPreference(person_id=actor.person_id, digest=Frequency.DAILY, digested_until=AT - 5 * DAY))
    look(database, libraries, embedded(database, need(title="Falls")))

    for at in (AT, AT + timedelta(minutes=1), AT + DAY):
        with database.transaction() as session:
            digesting.send(session, actor.person_id, at=at)

    (mail,) = mails(database)
    assert "Falls (Leeds). You watch: LDS." in mail.body


def test_nothing_is_kept_of_the_watches_of_who_leaves(database, libraries, need, somebody):
    actor, other = somebody(), somebody()
    for each in (actor, other):
        watch(database, each)
    look(database, libraries, embedded(database, need()))

    with database.transaction() as session:
        watching.forget(session, actor.person_id)

    assert {row.person_id for row in rows_of(database, Watch)} == {other.person_id}
    assert len(rows_of(database, WatchHit)) == 1
