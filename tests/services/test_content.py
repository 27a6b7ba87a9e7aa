import pytest
from pydantic import ValidationError

from api.services.codes import allowed, code_lists, labels
from api.services.content import InnovationContent, NeedContent, host_of, shown_title, warnings_of
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
        "943\u00a0476\u00a05919",
        "943\u200b 476 5919",
        "943\u2009476\u20145919",
        "NHS number\n943\n476\n5919",
        "NHS number 943/476/5919",
        f"His NHS number was {VALID_NHS_NUMBER}",
        f"NHS number of the patient, as the ward wrote it: {VALID_NHS_NUMBER}",
        "\uff19\uff14\uff13 \uff14\uff17\uff16 \uff15\uff19\uff11\uff19",
        "\u0669\u0664\u0663 \u0664\u0667\u0666 \u0665\u0669\u0661\u0669",
        "AB\u00a012\u00a034\u00a056\u00a0C",
        "AB-12-34-56-C",
    ],
)
def test_a_patient_identifier_is_refused_and_not_echoed(text):
    with pytest.raises(ValidationError) as refusal:
        need(problem=text)

    assert kinds(refusal.value) == {"patient_identifier"}
    assert VALID_NHS_NUMBER not in refusal.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    "text", ["Call 0113 496 0000", "943 476 5918", "943 476 59190", "NHS number: not known", "1234567890", "AB123456", "ICD 123 456 7890"]
)
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


@pytest.mark.parametrize("title", ["", "   ", "\u200b\u202e", "\u3164", "\u2800\ufe0f", "x" * 301, "\ufb2c" * 300])
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


@pytest.mark.parametrize("address", ["https://[bad", "http://[::1", "https://", "https:///path", "https://?#x"])
def test_a_web_address_without_a_host_is_refused(address):
    with pytest.raises(ValidationError) as refusal:
        need(source_url=address)

    assert kinds(refusal.value) == {"web_address"}
    assert host_of(address) == ""


@pytest.mark.parametrize("text", ["\u200b", "\u3164 \n", "\ufeff"])
def test_what_nobody_can_see_says_nothing(text):
    assert (need(problem=text).problem, need(theme=text).theme) == ("", None)
    for body in ({"external_ids": [{"system": text, "id": "1"}]}, {"external_ids": [{"system": "a", "id": text}]}):
        with pytest.raises(ValidationError) as refusal:
            InnovationContent.model_validate({"name": "A", **body})
        assert kinds(refusal.value) == {"string_too_short"}


def test_length_is_measured_as_it_is_stored():
    with pytest.raises(ValidationError) as refusal:
        InnovationContent.model_validate({"name": "\ufb2c" * 101, "supplier": "\ufb2c" * 101, "consent_by": "\ufb2c" * 200})

    assert [(error["loc"], error["type"]) for error in refusal.value.errors()] == [
        (("name",), "string_too_long"),
        (("supplier",), "string_too_long"),
        (("consent_by",), "string_too_long"),
    ]


@pytest.mark.parametrize("consent_at", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "1899-12-31T23:59:59Z"])
def test_a_time_lies_in_our_years(consent_at):
    with pytest.raises(ValidationError) as refusal:
        InnovationContent.model_validate({"name": "A", "consent_by": "B", "consent_at": consent_at})

    assert kinds(refusal.value) == {"time_out_of_range"}


@pytest.mark.parametrize("number", [0, 1e10, True, "0", " -1.5 ", "1_000"])
def test_a_number_is_no_time(number):
    with pytest.raises(ValidationError) as moment:
        InnovationContent.model_validate({"name": "A", "consent_by": "B", "consent_at": number})
    with pytest.raises(ValidationError) as day:
        need(by_when=number)

    assert kinds(moment.value) == kinds(day.value) == {"date_is_a_number"}


@pytest.mark.parametrize("by_when", ["1899-12-31", "2201-01-01"])
def test_a_day_lies_in_our_years(by_when):
    with pytest.raises(ValidationError) as refusal:
        need(by_when=by_when)

    assert kinds(refusal.value) & {"greater_than_equal", "less_than_equal"}


def test_an_external_id_is_given_once():
    ids = [{"system": "a", "id": "e\u0301"}, {"system": "a", "id": "\u00e9 "}]

    with pytest.raises(ValidationError) as refusal:
        InnovationContent.model_validate({"name": "A", "external_ids": ids})

    assert kinds(refusal.value) == {"entry_twice"}


def test_the_code_lists_are_those_of_the_rows():
    assert allowed("kinds") == set(InnovationKind)
    assert allowed("stages") == set(Stage)
    assert allowed("reason_codes") == set(ReasonCode)
    assert allowed("criterion_kinds") == set(CriterionKind)
    assert labels("care_settings")["PRIMARY_CARE"]
    assert "about" in code_lists()
