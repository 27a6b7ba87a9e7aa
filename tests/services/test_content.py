import pytest
from pydantic import ValidationError

from api.services.codes import allowed, code_lists, labels
from api.services.content import InnovationContent, NeedContent, shown_title, warnings_of
from api.services.privacy import looks_like_identifier, patient_identifier
from models.decisions import ReasonCode
from models.innovations import InnovationKind, Stage
from models.needs import CriterionKind
from tests.walk import ADHD_NEED

VALID_NHS_NUMBER = "9434765919"  # the specimen number of the NHS data dictionary


def need(**values):
    return NeedContent.model_validate({**ADHD_NEED, **values})


def kinds(error: ValidationError) -> set[str]:
    return {each["type"] for each in error.errors()}


@pytest.mark.parametrize(
    "text",
    [
        "Seen under 943 476 5919 in May.",
        "943-476-5919",
        f"NHS number: {VALID_NHS_NUMBER}",
        f"nhs no {VALID_NHS_NUMBER}",
        "NHS number is 943 4765919",
        "His NI is QQ 12 34 56 C".replace("QQ", "AB"),
    ],
)
def test_a_patient_identifier_is_refused_and_not_echoed(text):
    with pytest.raises(ValidationError) as refusal:
        need(problem=text)

    assert kinds(refusal.value) == {"patient_identifier"}
    assert VALID_NHS_NUMBER not in refusal.value.errors()[0]["msg"]


@pytest.mark.parametrize("text", ["Call 0113 496 0000", "943 476 5918", "1234567890", "AB123456", "ICD 123 456 7890"])
def test_other_numbers_are_left_alone(text):
    assert patient_identifier(text) is None


def test_a_bare_ten_digit_number_only_warns():
    assert looks_like_identifier(f"Row {VALID_NHS_NUMBER}")
    assert warnings_of(need(problem=f"Row {VALID_NHS_NUMBER} of the list")) != []
    assert warnings_of(need()) == []


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\ud800b", "a\x85b"])
def test_control_characters_and_lone_surrogates_are_refused(text):
    with pytest.raises(ValidationError) as refusal:
        need(problem=text)
    assert kinds(refusal.value) & {"control_character", "string_unicode"}


def test_text_is_composed_and_lines_end_plainly():
    assert need(problem="Cafe\u0301\r\nopen\rlate ").problem == "Café\nopen\nlate"


@pytest.mark.parametrize("title", ["", "   ", "\u200b\u202e", "x" * 301])
def test_a_title_can_be_read(title):
    with pytest.raises(ValidationError):
        need(title=title)


def test_a_title_is_one_line_without_what_hides_or_turns_text():
    assert shown_title("Falls\u202e in\u200b \n wards") == "Falls in wards"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"care_settings": ["MOON"]}, "unknown_code"),
        ({"patients_range": "MANY"}, "unknown_code"),
        ({"source_url": "javascript:alert(1)"}, "web_address"),
        ({"criteria": [{"kind": "dtac", "value": "yes"}]}, "criterion_value"),
        ({"criteria": [{"kind": "other"}]}, "criterion_value"),
        ({"criteria": [{"kind": "minimum_stage", "value": "SOON"}]}, "criterion_value"),
        ({"criteria": [{"kind": "care_setting", "value": "MOON"}]}, "criterion_value"),
        ({"colour": "red"}, "extra_forbidden"),
        ({"places": []}, "too_short"),
    ],
)
def test_what_is_not_of_the_lists_is_refused(values, kind):
    with pytest.raises(ValidationError) as refusal:
        need(**values)
    assert kinds(refusal.value) == {kind}


def test_absent_words_are_empty_words():
    content = need(problem=None, source_url=None, patients_range=None, care_settings=["PRIMARY_CARE", "PRIMARY_CARE"])

    assert (content.problem, content.source_url, content.patients_range) == ("", "", None)
    assert content.care_settings == ["PRIMARY_CARE"]


def test_names_beside_the_texts_are_cleaned_and_refused_alike():
    assert need(theme=" Cafe\u0301 ").theme == "Café"
    assert need(theme="  ").theme is None
    assert need(theme=None).theme is None
    for body in ({"name": "A", "supplier": f"NHS number {VALID_NHS_NUMBER}"}, {"name": "A", "supplier": "A\x00"}):
        with pytest.raises(ValidationError):
            InnovationContent.model_validate(body)


def test_a_web_address_of_the_web_is_taken():
    assert InnovationContent(name="A", website="https://example.org/a").website == "https://example.org/a"


def test_the_code_lists_are_those_of_the_rows():
    assert allowed("kinds") == set(InnovationKind)
    assert allowed("stages") == set(Stage)
    assert allowed("reason_codes") == set(ReasonCode)
    assert allowed("criterion_kinds") == set(CriterionKind)
    assert labels("care_settings")["PRIMARY_CARE"]
    assert "about" in code_lists()
