"""How far innovations come: each step counts the innovations of one time that reached it, whenever they did."""

from datetime import timedelta

import pytest

from api.services import merging, reporting
from api.services.reporting import Period, ReportName
from models.people import Role
from models.pipeline import PipelineStage
from models.working_days import day_of
from tests import boards, factories, place_answers, triage
from tests.factories import NOW
from tests.merges import staff

pytestmark = pytest.mark.both
WEEK = timedelta(days=7)


@pytest.fixture
def counted(database, person):
    """Step -> (innovations, share) of a time."""
    board = person(Role.BOARD, shown_as="Board member")

    def read(first=None, last=None):
        with database.reading() as session:
            report = reporting.report(session, ReportName.FUNNEL, Period(first, last), actor=board, at=NOW + 10 * WEEK)
        return {row["step"]: (row["innovations"], row["share"]) for row in report.rows}

    return read


def test_each_step_counts_the_innovations_that_came_so_far(make, counted):
    make(boards.some_months, NOW)

    assert counted() == {
        "handed in": (3, 1.0),
        "given an outcome": (3, 1.0),
        "shown for a need": (3, 1.0),
        "confirmed for a need": (2, 0.667),
        "introduced to a place": (2, 0.667),
        "piloted in a place": (1, 0.333),
        "adopted in a place": (1, 0.333),
    }


def test_an_innovation_belongs_to_the_time_in_which_it_came_first(make, counted):
    began = NOW - 8 * WEEK
    make(boards.some_months, NOW)

    assert counted(day_of(began), day_of(began))["adopted in a place"] == (1, 0.333)
    assert set(counted(day_of(began + WEEK)).values()) == {(0, None)}


def test_what_was_merged_is_one(make, counted, database):
    first = make(triage.submission, name="Night sensor")
    again = make(triage.submission, name="Sensor for the night")
    with database.transaction() as session:
        by = staff(session)
        merging.merge(session, again.innovation_id, into_id=first.innovation_id, actor=by, at=NOW)
    proposal = make(place_answers.announced, make(factories.make_need), first.innovation)
    with database.transaction() as session:
        boards.stand_in(session, proposal, "LDS", PipelineStage.INTRODUCED, at=NOW, by=staff(session))

    assert (counted()["handed in"], counted()["introduced to a place"]) == ((1, 1.0), (1, 1.0))
