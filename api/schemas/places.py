"""Places, organisations and code lists."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from models.organisations import OrganisationKind


def _keys_of(places: list[object]) -> list[object]:
    return [getattr(place, "key", place) for place in places]


PlaceList = Annotated[list[str], BeforeValidator(_keys_of)]  # places, or their keys, as keys


class PlaceCodeOut(BaseModel):
    """An ODS code with the days on which it was in force; null is not known, or not ended."""

    model_config = ConfigDict(from_attributes=True)

    ods_code: str
    valid_from: date | None
    valid_to: date | None
    successor: str | None
    verified: bool


class PlaceOut(BaseModel):
    """One of the five places."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "key": "LDS",
                "name": "Leeds",
                "partnership": "Leeds Health and Care Partnership",
                "ons_code": "E38000225",
                "ods_codes": [{"ods_code": "15F", "valid_from": None, "valid_to": None, "successor": None, "verified": True}],
            }
        },
    )

    key: str = Field(description="How the API names the place.")
    name: str
    partnership: str
    ons_code: str | None
    ods_codes: list[PlaceCodeOut]


class OrganisationOut(BaseModel):
    """A body that may own needs."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "name": "Leeds Teaching Hospitals NHS Trust",
                "kind": "NHS_TRUST",
                "ods_code": "RR8",
                "town": "Leeds",
                "places": ["LDS"],
            }
        },
    )

    name: str
    kind: OrganisationKind
    ods_code: str | None
    town: str | None
    places: PlaceList


class Code(BaseModel):
    """One value that a coded field may have."""

    value: str
    label: str
    parent: str | None = None


class CodeLists(BaseModel):
    """The values of every coded field, with their English labels."""

    care_settings: list[Code]
    areas: list[Code]
    categories: list[Code]
    main_purpose: list[Code]
    diseases_conditions_impact: list[Code]
    key_health_inequalities: list[Code]
    patients_range: list[Code]
    standards: list[Code]
    has_met: list[Code]
    evidence_submit_types: list[Code]
    evidence_types: list[Code]
    kinds: list[Code]
    stages: list[Code]
    said_by: list[Code]
    reason_codes: list[Code]
    criterion_kinds: list[Code]
