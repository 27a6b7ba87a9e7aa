"""The API under Schemathesis: every role is answered as described, in single requests and in sequences of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzzing import ASKERS, BROWSER, SEED, Service, assert_well, fuzz, running

PHASES = ("examples", "fuzzing", "stateful")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("fuzzed"), encoder_folder) as service:
        yield service


@pytest.mark.parametrize("asker", ["anonymous", "innovator", BROWSER])
def test_who_asks_is_answered_as_described(service, asker):
    run = fuzz(service, asker, examples=2, seed=SEED, phases=PHASES)

    assert_well(service, run, least=160)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("asker", ASKERS)
def test_every_role_is_answered_as_described_however_long_it_asks(service, asker):
    run = fuzz(service, asker, examples=25, seed=SEED + 1, phases=PHASES)

    assert_well(service, run, least=600)
