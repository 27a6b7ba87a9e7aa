"""A long collection is the last one that looks through what it looked through; afterwards all is as Python has it."""

import gc

import pytest

from api import pauses
from api.pauses import short_pauses
from api.settings import Settings
from tests.serving import served


@pytest.mark.parametrize(("long_seconds", "frozen"), [(0.0, True), (60.0, False)])
def test_what_survives_a_long_collection_is_set_aside_until_the_end(monkeypatch, long_seconds, frozen):
    monkeypatch.setattr(pauses, "LONG_SECONDS", long_seconds)
    gc.unfreeze()  # what a server of other tests in this process has set aside
    before = list(gc.callbacks)

    with short_pauses():
        gc.collect()
        assert (gc.get_freeze_count() > 0) is frozen

    assert (gc.get_freeze_count(), gc.callbacks) == (0, before)


def test_what_survives_a_short_look_at_the_young_is_not_set_aside(monkeypatch):
    monkeypatch.setattr(pauses, "LONG_SECONDS", 0.0)
    gc.unfreeze()

    gc.disable()
    try:
        with short_pauses():
            gc.collect(0)
            gc.collect(1)
            assert gc.get_freeze_count() == 0
    finally:
        gc.enable()


def test_it_is_on_while_the_service_runs(tmp_path):
    before = len(gc.callbacks)
    with served(Settings(home=tmp_path)):
        during = len(gc.callbacks)

    assert (during, len(gc.callbacks)) == (before + 1, before)
