import pytest

from bench.judged_sets import DATA
from bench.unseen_part import FOLDERS, SPLIT, unseen_lines


@pytest.mark.parametrize("name", FOLDERS)
def test_the_split_holds_the_part_that_nothing_was_fitted_on(name):
    assert (DATA / name / "qrels" / f"{SPLIT}.tsv").read_text() == "".join(unseen_lines(DATA / name))
