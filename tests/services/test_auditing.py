"""A history that was altered is found out; one that was not is left alone."""

from collections import Counter
from datetime import timedelta
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from api.services import auditing
from api.services.auditing import Verification
from api.services.heads import KeptHead
from models.events import Event
from models.queries import chain, events
from tests.tampering import NOW, tampering, write_history

EVENTS = 60


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    """The same choices in every run."""
    return Random(request.node.name)  # noqa: S311 -- for tests


@pytest.fixture
def history(session: Session, random: Random) -> Session:
    """A sealed history, in a database that takes it back."""
    write_history(session, EVENTS, random)
    return session


def found_in(session: Session, *kept: KeptHead) -> Verification:
    return auditing.verify(session, kept, at=NOW)


def kept_at(session: Session, position: int) -> KeptHead:
    return KeptHead(date=NOW.date(), position=position, hash=chain.hash_at(session, position), chain_id=events.chain_id(session))


def tamper(session: Session, random: Random, times: int) -> Counter[str]:
    """Alter the history that often, each time in the next way and from the sound one; returns what was not found."""
    kept, missed = [kept_at(session, EVENTS // 2), kept_at(session, EVENTS)], Counter[str]()
    for number in range(times):
        with tampering(session, random) as tamperer:
            ways = [*tamperer.ways().items(), ("rewrite", tamperer.rewrite)]
            name, alter = ways[number % len(ways)]
            alter()
            if found_in(session, *(kept if name == "rewrite" else [])).well:
                missed[name] += 1
    return missed


@pytest.mark.both
def test_sixty_tamperings_are_all_found(history: Session, random: Random) -> None:
    assert found_in(history).well

    missed = tamper(history, random, 60)

    assert not missed
    assert found_in(history).well


@pytest.mark.long
@pytest.mark.both
def test_five_hundred_tamperings_are_all_found(history: Session, random: Random) -> None:
    assert not tamper(history, random, 500)


def plainly(found: Verification) -> list[tuple[int, str]]:
    return [(each.position, each.said) for each in found.findings]


def test_what_is_wrong_is_told_plainly_and_where(history: Session, random: Random) -> None:
    told = {
        "DELETE FROM event WHERE position = 7": [(7, "Event 7 is missing.")],
        "DELETE FROM event WHERE position IN (7, 8, 9)": [(7, "Events 7 to 9 are missing.")],
        "DELETE FROM event WHERE position > 58": [
            (58, "The chain ends at event 58, and its head says 60: the events after 58 were cut off.")
        ],
        "UPDATE event SET actor = 'another' WHERE position = 7": [(7, "Event 7 is not as it was sealed.")],
        "UPDATE event SET position = 0 WHERE position = 7": [
            (0, "An event stands at position 0, where none belongs."),
            (0, "Event 0 is not as it was sealed."),
            (1, "Event 1 was sealed after another event than the one that stands before it."),
            (7, "Event 7 is missing."),
        ],
        "DELETE FROM chain_head": [(60, "The row that says where the chain ends is missing.")],
        "UPDATE chain_head SET position = 59": [(60, "The chain ends at event 60, and its head says 59.")],
        "UPDATE chain_head SET hash = 'another'": [(60, "Event 60 is not the one that the head of the chain names.")],
    }
    for statement, said in told.items():
        with tampering(history, random) as tamperer:
            tamperer.sql(statement)
            assert plainly(found_in(history)) == said, statement


@pytest.mark.parametrize(
    "value",
    [
        "id = upper(id)",
        "id = 'none'",
        "subject_id = 7",
        'data = \'{"revision": 1, "revision": 2}\'',
        "data = '{'",
        "data = x'00'",
        f"data = '{'[' * 100_000}'",
        "recorded_at = 'yesterday'",
        "recorded_at = '2026-11-02T09:00:07.000000'",
        "actor = x'ff'",
    ],
)
def test_a_value_that_cannot_be_read_is_found_where_the_database_takes_anything(history: Session, random: Random, value: str) -> None:
    with tampering(history, random) as tamperer:
        tamperer.sql("PRAGMA ignore_check_constraints = ON")
        tamperer.sql(f"UPDATE event SET {value.replace(':', chr(92) + ':')} WHERE position = 7")  # noqa: S608 -- our own values

        assert plainly(found_in(history)) == [(7, "Event 7 holds a value that cannot be read.")]


def test_a_position_that_is_no_number_is_found(history: Session, random: Random) -> None:
    with tampering(history, random) as tamperer:
        tamperer.sql("UPDATE event SET position = 'seven' WHERE position = 7")

        assert (EVENTS + 1, "After event 60 stands one whose position is no number.") in plainly(found_in(history))


@pytest.mark.both
def test_a_time_that_never_comes_is_found(history: Session, random: Random) -> None:
    forever = "'infinity'" if history.get_bind().dialect.name == "postgresql" else "'9999-99-99 00\\:00\\:00.000000'"
    with tampering(history, random) as tamperer:
        tamperer.sql(f"UPDATE event SET recorded_at = {forever} WHERE position = 7")  # noqa: S608 -- our own values

        assert [each.what for each in found_in(history).findings] == ["altered"]


@pytest.mark.both
def test_a_history_written_anew_as_a_whole_is_found_by_a_kept_head_alone(history: Session, random: Random) -> None:
    early, late = kept_at(history, 5), kept_at(history, EVENTS)
    with tampering(history, random) as tamperer:
        tamperer.set(9, "actor", "somebody else")
        tamperer.rehash(9, head_too=True)

        assert found_in(history).well
        assert found_in(history, early).well
        assert plainly(found_in(history, early, late)) == [
            (EVENTS, "Event 60 is not the one whose hash was kept on 02 November 2026: it, or what was before it, is new.")
        ]


def test_another_history_is_told_from_this_one(history: Session, random: Random) -> None:
    kept = kept_at(history, 1)
    with tampering(history, random) as tamperer:
        tamperer.set(1, "actor", "somebody else")
        tamperer.rehash(1, head_too=True)

        assert plainly(found_in(history, kept))[0][1].endswith("The first event of that history was another one, too.")


def test_a_tail_cut_off_with_the_head_set_back_is_found_by_a_kept_head(history: Session, random: Random) -> None:
    kept = [kept_at(history, 30), kept_at(history, 40)]
    with tampering(history, random) as tamperer:
        tamperer.sql("DELETE FROM event WHERE position > 30")
        tamperer.rehash(30, head_too=True)

        assert plainly(found_in(history, *kept)) == [(40, "Event 40 was kept on 02 November 2026. The chain ends at event 30.")]


def test_a_kept_event_that_is_gone_from_the_middle_is_told_of_both(history: Session, random: Random) -> None:
    kept = kept_at(history, 30)
    with tampering(history, random) as tamperer:
        tamperer.sql("DELETE FROM event WHERE position = 30")

        assert plainly(found_in(history, kept)) == [
            (30, "Event 30 is missing."),
            (30, "Event 30 was kept on 02 November 2026. It is not there."),
        ]


def test_after_a_cut_the_chain_goes_on_where_it_was_and_the_gap_stays(
    history: Session, random: Random, capsys: pytest.CaptureFixture[str]
) -> None:
    with tampering(history, random) as tamperer:
        tamperer.sql("DELETE FROM event WHERE position > 50")
        write_history(history, 3, random)

        assert plainly(found_in(history)) == [(51, "Events 51 to 60 are missing.")]
        assert "chain.head_disagrees" in "".join(capsys.readouterr())


@pytest.mark.parametrize("doing", ["UPDATE chain_head SET position = 3", "DELETE FROM chain_head"])
def test_no_position_is_given_twice_after_the_head_was_set_back(history: Session, random: Random, doing: str) -> None:
    with tampering(history, random) as tamperer:
        tamperer.sql(doing)
        write_history(history, 3, random)

        assert found_in(history).well
        assert events.head(history)[0] == EVENTS + 3


def test_of_very_many_things_that_are_wrong_the_first_are_told_and_all_counted(history: Session, random: Random) -> None:
    with tampering(history, random) as tamperer:
        tamperer.sql("UPDATE event SET actor = 'another', hash = actor")

        found = found_in(history)

    assert (len(found.findings), found.count) == (auditing.MOST_TOLD, 2 * EVENTS)


def test_what_waits_to_be_sealed_is_counted_and_told_when_it_waits_long(history: Session) -> None:
    history.add(Event.of("need.changed", subject_kind="need", subject_id=uuid4(), actor="system", at=NOW))
    history.flush()

    soon, late = (auditing.verify(history, [kept_at(history, 5)], at=NOW + timedelta(minutes=minutes)) for minutes in (1, 11))

    assert (soon.well, soon.unsealed, soon.warnings) == (True, 1, [])
    assert (late.well, late.unsealed, late.warnings) == (
        True,
        1,
        ["1 events have waited for more than 10 minutes to be sealed. Start the service."],
    )


def test_a_long_history_is_told_of_while_it_is_read(history: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 25)
    told: list[int] = []

    auditing.verify(history, [], at=NOW, on_progress=told.append)

    assert told == [25, 50]
