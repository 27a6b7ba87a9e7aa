import pytest

from matcher.metadata import read_metadata
from matcher.types import Facet, Facts


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"description": 3}, "description holds 3, which is no str"),
        ({"careSettings": {}}, "care_settings holds {}, which is no list"),
        ({"careSettings": [3]}, "care_settings holds 3, which is no str"),
        ({"stage": "IV"}, "stage holds 'IV', which is not known"),
        ({"stage": 4}, "stage holds 4, which is no str"),
        ({"criteria": "Inclusion: adults"}, "criteria holds 'Inclusion: adults', which is no dict"),
        ({"criteria": [{"kind": "cheap"}]}, "criteria holds {'kind': 'cheap'}, which is not known"),
        ({"criteria": [{"kind": "minimum_stage", "value": "LATE"}]}, "which is not known"),
        ({"standards": [{"has_met": "YES"}]}, "which is no str"),
        ({"evidences": [{"evidenceType": 3}]}, "which is no str"),
        ({"deployed": "yes"}, "deployed holds 'yes', which is no bool"),
    ],
)
def test_what_nobody_can_read_is_left_out_and_told(metadata, told):
    found = read_metadata(metadata)

    assert len(found.unread) == 1
    assert found.unread[0].endswith(told)
    assert (found.texts, found.criteria, found.facts) == ({}, (), Facts())
    assert not any(found.codes.values())


def test_one_bad_entry_leaves_the_others_of_its_list():
    found = read_metadata({"areas": ["PATIENT_SAFETY", None, " "], "standards": [{"type": "DTAC"}, "CE"], "stage": "READY"})

    assert found.codes[Facet.AREAS] == {"PATIENT_SAFETY"}
    assert found.facts.standards == {"DTAC": ""}
    assert len(found.unread) == 2


def test_other_peoples_metadata_state_nothing():
    assert read_metadata({"authors": ["1"], "year": 2010, "cited_by": [], "url": "x", "stage": None}).unread == ()
