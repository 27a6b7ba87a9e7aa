"""What is missing is said as advice to whoever offers it, and as a fact to everybody else."""

import re

import pytest

from api.pages.matches import findings_shown, to_readers
from matcher.criteria import assess
from matcher.types import Criterion, CriterionKind, Facts, Stage, Verdict
from tests.matcher.documents import innovation

OFFERED = [
    innovation(),
    innovation(facts=Facts(requires_smartphone=True, stage=next(iter(Stage)), standards={"DTAC": "NOT_YET"}, integrates_with=["EMIS"])),
    innovation(description="It can be read from SystmOne and keeps notes safe.", staff_learning="A course of two days, or more."),
    innovation(staff_learning="Three hours of training.", patient_learning="Half a day of training."),
]
VALUES = {
    CriterionKind.MINIMUM_STAGE: list(Stage)[-1].value,
    CriterionKind.CARE_SETTING: "PRIMARY_CARE",
    CriterionKind.INTEGRATES_WITH: "SystmOne",
    CriterionKind.STAFF_LEARNING: "at most 10 minutes",
    CriterionKind.PATIENT_LEARNING: "at most 10 minutes",
    CriterionKind.OTHER: "notes are kept safe",
}


def shown(missing: str) -> str:
    finding = {
        "aspect": "problem",
        "criterion": None,
        "verdict": "unknown",
        "need_quote": None,
        "innovation_quote": None,
        "missing": missing,
    }
    return to_readers(*findings_shown([finding])).missing


ADVICE = re.compile(r"(?:^|[.;] )(?:say|ask|offer)\b", re.IGNORECASE)


@pytest.mark.parametrize("kind", CriterionKind)
def test_no_must_have_tells_a_reader_what_to_write(kind):
    asked = Criterion(kind, VALUES.get(kind, ""))
    missing = {found.missing for each in OFFERED if (found := assess(asked, each)).verdict is not Verdict.MET}

    assert missing
    assert [told for each in missing if ADVICE.search(told := shown(each))] == []


def test_the_words_of_the_need_itself_stay_as_they_are():
    asked = Criterion(CriterionKind.OTHER, "Patients can Say what they think; ask whether they mean the same. Always.")

    assert shown(assess(asked, OFFERED[0]).missing) == f"It does not say how the innovation stands to this: {asked.value}"
