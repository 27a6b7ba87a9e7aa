"""What may be said of a need and of an innovation: one validation for API, pages and imports."""

import re
import unicodedata
from copy import copy
from datetime import date, datetime
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator
from pydantic import Strict as PydanticStrict
from pydantic_core import PydanticCustomError, PydanticKnownError

from api.services.codes import allowed
from api.services.privacy import looks_like_identifier, patient_identifier
from models.base import FIRST_YEAR, LAST_YEAR, in_utc
from models.documents import Visibility
from models.innovations import InnovationKind, Stage
from models.needs import CriterionKind
from models.referrals import BodyKind, EvidenceAsked, Geography
from models.words import says_something, without_unseen

LONGEST_TEXT = 100_000
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def clean_text(text: str) -> str:
    """NFC with plain line ends, nothing where nothing can be seen; raises for control characters and for patient identifiers."""
    if _CONTROL.search(text):
        raise PydanticCustomError("control_character", "Remove control characters that cannot be shown.")
    if kind := patient_identifier(text):
        raise PydanticCustomError("patient_identifier", "Remove {kind}: patient details may not be kept here.", {"kind": kind})
    if not says_something(text):
        return ""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def shown_title(text: str) -> str:
    """The title as it is shown: one line, without characters that hide or turn text round."""
    return " ".join(without_unseen(text).split())


def host_of(address: str) -> str:
    """The host of a web address; empty for what is none, or names none."""
    try:
        parts = urlsplit(address)
        return parts.hostname or "" if parts.scheme in {"http", "https"} else ""
    except ValueError:  # such as a bracket that is not closed
        return ""


def _cleaned(longest: int) -> AfterValidator:
    """Clean text of bounded length, which is measured again: some characters are composed of more than was sent."""

    def check(text: str) -> str:
        cleaned = clean_text(text)
        if len(cleaned) > longest:
            raise PydanticKnownError("string_too_long", {"max_length": longest})
        return cleaned

    return AfterValidator(check)


def _title(text: str) -> str:
    if not shown_title(text):
        raise PydanticCustomError("empty_title", "Give a title that can be read.")
    return text


def _filled(text: str) -> str:
    if not text:
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return text


_NUMBER = re.compile(r"\s*[-+]?[0-9._]+\s*")


def _no_number(value: object) -> object:
    """Refuse a number, also one in quotes or in an address: it would be read as seconds since 1970, and ISO 8601 is asked for."""
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise PydanticCustomError("date_is_a_number", "Write a date such as 2026-11-02, with its time where one is asked for.")
    return value


def _in_our_years(value: datetime) -> datetime:
    try:
        return in_utc(value)
    except ValueError as error:
        raise PydanticCustomError("time_out_of_range", "{said}", {"said": str(error)}) from error


def _codes(name: str) -> AfterValidator:
    def check(values: list[str]) -> list[str]:
        for value in values:
            if value not in allowed(name):
                raise PydanticCustomError("unknown_code", "Use only codes of the list {list}; see GET /api/v1/codes.", {"list": name})
        return list(dict.fromkeys(values))

    return AfterValidator(check)


def _code(name: str) -> AfterValidator:
    def check(value: str | None) -> str | None:
        if value is not None and value not in allowed(name):
            raise PydanticCustomError("unknown_code", "Use a code of the list {list}; see GET /api/v1/codes.", {"list": name})
        return value

    return AfterValidator(check)


def _web_address(value: str) -> str:
    if value and not (re.fullmatch(r"https?://[^\s<>\"']{3,}", value) and host_of(value)):
        raise PydanticCustomError("web_address", "Give a web address that begins with https:// or http://.")
    return value


def _none_if_empty(text: str | None) -> str | None:
    return text or None


def _none_as_empty(value: Any) -> Any:  # noqa: ANN401 -- whatever JSON brought
    return "" if value is None else value


def _or_null(longest: int) -> BeforeValidator:
    """Take null for an empty text, and say so in the description."""
    return BeforeValidator(_none_as_empty, json_schema_input_type=Annotated[str, Field(max_length=longest)] | None)


Text = Annotated[str, _or_null(LONGEST_TEXT), Field(max_length=LONGEST_TEXT), _cleaned(LONGEST_TEXT)]
Title = Annotated[str, Field(min_length=1, max_length=300), _cleaned(300), AfterValidator(_title)]
Question = Annotated[str, _or_null(2000), Field(max_length=2000), _cleaned(2000)]
Short = Annotated[str, _or_null(500), Field(max_length=500), _cleaned(500)]
WebAddress = Annotated[str, _or_null(2000), Field(max_length=2000), _cleaned(2000), AfterValidator(_web_address)]
Moment = Annotated[AwareDatetime, BeforeValidator(_no_number), AfterValidator(_in_our_years)]
Day = Annotated[date, BeforeValidator(_no_number), Field(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31))]
YesOrNo = Annotated[bool, PydanticStrict()]
Codes = Annotated[list[str], Field(max_length=200)]
CareSettings = Annotated[Codes, Field(min_length=1), _codes("care_settings")]
Answer = Annotated[Text, AfterValidator(_filled)]
ShortAnswer = Annotated[Short, AfterValidator(_filled)]
PlaceKeys = Annotated[list[str], Field(min_length=1, max_length=5), AfterValidator(lambda keys: list(dict.fromkeys(keys)))]


class Strict(BaseModel):
    """A body in which an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class CriterionContent(Strict):
    """One must-have: a kind and, where the kind takes one, a value."""

    kind: CriterionKind
    value: Short = ""

    @model_validator(mode="after")
    def value_fits_kind(self) -> Self:
        """A stage is a stage, a care setting a code, and words are not empty."""
        if not self.kind.takes_value and self.value:
            raise PydanticCustomError("criterion_value", "This must-have takes no value.")
        if self.kind.takes_value and not self.value:
            raise PydanticCustomError("criterion_value", "This must-have needs a value.")
        if self.kind is CriterionKind.MINIMUM_STAGE and self.value not in set(Stage):
            raise PydanticCustomError("criterion_value", "Use one of the stages DISCOVERY to SPREAD.")
        if self.kind is CriterionKind.CARE_SETTING and self.value not in allowed("care_settings"):
            raise PydanticCustomError("criterion_value", "Use a code of the list care_settings.")
        return self


class StandardContent(Strict):
    """One standard or certification and whether it is met."""

    type: Annotated[str, _code("standards")]
    has_met: Annotated[str, _code("has_met")]


class EvidenceContent(Strict):
    """One piece of evidence."""

    submit_type: Annotated[str, _code("evidence_submit_types")]
    evidence_type: Annotated[str | None, _code("evidence_types")] = None
    summary: Text = ""
    dated_on: Day | None = None


class ExternalIdContent(Strict):
    """The key by which another system knows the innovation."""

    model_config = ConfigDict(frozen=True)

    system: Annotated[str, Field(min_length=1, max_length=60), _cleaned(60), AfterValidator(_filled)]
    id: Annotated[str, Field(min_length=1, max_length=200), _cleaned(200), AfterValidator(_filled)]


def _each_once(ids: list[ExternalIdContent]) -> list[ExternalIdContent]:
    if len(set(ids)) < len(ids):
        raise PydanticCustomError("entry_twice", "Give each external id once.")
    return ids


class NeedContent(Strict):
    """A need: whose problem it is, what goes wrong, what better looks like, how one would know; and all that a coach asks later."""

    title: Title
    problem: Text = ""
    population: Text = ""
    patients_range: Annotated[str | None, _code("patients_range")] = None
    consequence_for_patients: Text = ""
    consequence_for_staff: Text = ""
    current_practice: Text = ""
    desired_outcome: Text = ""
    metric: Text = ""
    baseline: Text = ""
    target: Text = ""
    by_when: Day | None = None
    said_by: Annotated[Codes, _codes("said_by")] = []
    involvement: Text = ""
    places: PlaceKeys
    owning_organisation: Annotated[str | None, Field(max_length=20)] = None
    care_settings: Annotated[Codes, _codes("care_settings")] = []
    areas: Annotated[Codes, _codes("areas")] = []
    diseases_conditions_impact: Annotated[Codes, _codes("diseases_conditions_impact")] = []
    key_health_inequalities: Annotated[Codes, _codes("key_health_inequalities")] = []
    criteria: Annotated[list[CriterionContent], Field(max_length=30)] = []
    strategic_link: Text = ""
    open_to_improvement_methods: YesOrNo | None = None
    funding: Text = ""
    decision_date: Day | None = None
    review_date: Day | None = None
    theme: Annotated[Annotated[str, Field(max_length=100), _cleaned(100)] | None, AfterValidator(_none_if_empty)] = None
    visibility: Visibility = Visibility.PUBLIC
    source: Text = ""
    source_url: WebAddress = ""


class InnovationContent(Strict):
    """An innovation: name, the problem it tackles, how it works, where it is used, how far it has come; and the rest."""

    name: Title
    kind: InnovationKind = InnovationKind.PRODUCT
    description: Text = ""
    problems_tackled: Text = ""
    how_it_works: Text = ""
    benefits: Text = ""
    eligibility: Text = ""
    current_pathway: Text = ""
    alternatives: Text = ""
    evidence_summary: Text = ""
    staff_learning: Text = ""
    patient_learning: Text = ""
    other_care_setting: Short = ""
    supplier: Annotated[Annotated[str, Field(max_length=300), _cleaned(300)] | None, AfterValidator(_none_if_empty)] = None
    categories: Annotated[Codes, _codes("categories")] = []
    main_category: Annotated[str | None, _code("categories")] = None
    areas: Annotated[Codes, _codes("areas")] = []
    care_settings: Annotated[Codes, _codes("care_settings")] = []
    main_purpose: Annotated[str | None, _code("main_purpose")] = None
    diseases_conditions_impact: Annotated[Codes, _codes("diseases_conditions_impact")] = []
    key_health_inequalities: Annotated[Codes, _codes("key_health_inequalities")] = []
    patients_range: Annotated[str | None, _code("patients_range")] = None
    stage: Stage | None = None
    stage_source: Short = ""
    standards: Annotated[list[StandardContent], Field(max_length=50)] = []
    evidences: Annotated[list[EvidenceContent], Field(max_length=50)] = []
    requires_smartphone: YesOrNo | None = None
    integrates_with: Annotated[list[Short], Field(max_length=50)] = []
    deployed: YesOrNo | None = None
    website: WebAddress = ""
    visibility: Visibility = Visibility.HUB_ONLY
    consent_by: Short = ""
    consent_at: Moment | None = None
    consent_scope: Short = ""
    external_ids: Annotated[list[ExternalIdContent], Field(max_length=20), AfterValidator(_each_once)] = []
    source: Text = ""
    source_url: WebAddress = ""


class BodyContent(Strict):
    """A body that helps innovators; an empty list of a criterion means all of that sort."""

    name: Title
    kind: BodyKind
    helps_with: Text = ""
    stages: Annotated[list[Stage], Field(max_length=5)] = []
    kinds: Annotated[list[InnovationKind], Field(max_length=5)] = []
    categories: Annotated[Codes, _codes("categories")] = []
    areas: Annotated[Codes, _codes("areas")] = []
    evidence: EvidenceAsked = EvidenceAsked.ANY
    geography: Geography = Geography.WEST_YORKSHIRE
    places: Annotated[list[str], Field(max_length=5), AfterValidator(lambda keys: list(dict.fromkeys(keys)))] = []
    contact_email: Short = Field(default="", description="Where offers are mailed; without one the Hub tells the body.")
    contact_url: WebAddress = ""
    source_url: WebAddress = ""
    verified: YesOrNo = Field(default=False, description="Somebody read the page of `source_url` when this was written.")
    active: YesOrNo = Field(default=True, description="False puts it out of use: it is proposed and offered nothing more.")


def _optional(content: type[BaseModel]) -> dict[str, Any]:
    """The fields of a content, none of them required; what is not named is not changed."""
    optional = {}
    for name, field in content.model_fields.items():
        changed = copy(field)
        changed.default, changed.default_factory = None, None
        optional[name] = (field.annotation, changed)
    return optional


NeedChanges: type[Strict] = create_model(
    "NeedChanges", __base__=Strict, __doc__="The fields of a need to change.", **_optional(NeedContent)
)
InnovationChanges: type[Strict] = create_model(
    "InnovationChanges", __base__=Strict, __doc__="The fields of an innovation to change.", **_optional(InnovationContent)
)


def warnings_of(content: BaseModel) -> list[str]:
    """What the writer should look at, though nothing is refused."""
    texts = [value for value in content.model_dump(exclude_unset=True).values() if isinstance(value, str)]
    if any(looks_like_identifier(text) for text in texts):
        return ["A ten-digit number in your text could be an NHS number. Remove it if it is: patient details may not be kept here."]
    return []
