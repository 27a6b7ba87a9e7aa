"""What a training says of its own figures, and that of two under one name only the first is kept."""

import pytest

from api.services import learning
from api.services.learning import FEW_NEEDS, Gathered, NameRefused
from api.services.library import trained_file
from models.queries import ranker_versions
from tests.rankers import decide, trained


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
