import pytest

from api.services.records.cells import UNANSWERED, decoded, guard, read_labelled, read_listed, unguard, write_labelled, write_listed
from api.services.records.schema import shipped_schema

QUESTIONS = shipped_schema().questions
CATEGORIES = QUESTIONS["INNOVATION_DESCRIPTION", "categories"]
NAME = QUESTIONS["INNOVATION_DESCRIPTION", "name"]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "  =1", "\u200b=1", "'=1", "'''@x"])
def test_what_a_spreadsheet_would_run_is_guarded_and_comes_back(text):
    assert (guard(text), unguard(guard(text))) == (f"'{text}", text)


@pytest.mark.parametrize("text", ["", "plain", "'quoted'", "''twice", "a=1"])
def test_what_no_spreadsheet_runs_stays_as_it_is(text):
    assert (guard(text), unguard(text)) == (text, text)


@pytest.mark.parametrize(
    ("cell", "text"), [('say \\"hi\\"', 'say "hi"'), ('"hi"', "hi"), ("c:\\x", "c:\\x"), ("12", "12"), ('a "b', 'a "b'), ('["a"]', '["a"]')]
)
def test_a_text_is_decoded_as_the_national_service_encodes_it(cell, text):
    assert decoded(cell) == text


@pytest.mark.parametrize("cell", ["", " ", "undefined", "null"])
def test_an_empty_cell_is_no_answer(cell):
    assert read_listed(cell, CATEGORIES) is UNANSWERED
    assert read_labelled(cell, NAME) is UNANSWERED


def test_codes_are_read_from_a_list_a_label_or_plain_words():
    read = [read_listed(cell, CATEGORIES) for cell in ('["AI", "Medical device", 3]', "Medical device", '"AI"', "Something")]

    assert read == [["AI", "MEDICAL_DEVICE", 3], ["MEDICAL_DEVICE"], ["AI"], ["Something"]]


def test_what_plain_cells_would_change_is_written_exactly():
    assert write_labelled("undefined", NAME) == 'json:"undefined"'
    assert write_labelled(["Medical device"], CATEGORIES) == 'json:["Medical device"]'
    assert write_labelled({"a": 1}, None) == 'json:{"a": 1}'
    assert write_listed(7, NAME) == "json:7"
    assert (read_labelled("json:not", NAME), read_listed("json:not", NAME)) == ("json:not", "json:not")
