"""The API under Schemathesis: to every kind of value at every operation it answers what its description says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzzing import SEED, Service, assert_well, fuzz, running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("fuzzed"), encoder_folder) as service:
        yield service


def test_every_operation_answers_every_kind_of_value_as_described(service):
    run = fuzz(service, "hub", examples=2, seed=SEED)

    assert_well(service, run, least=3500)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("asker", ["anonymous", "innovator", "place", "pipeline"])
def test_those_who_may_less_are_answered_as_described_too(service, asker):
    run = fuzz(service, asker, examples=1, seed=SEED, phases=("coverage",))

    assert_well(service, run, least=3000)
