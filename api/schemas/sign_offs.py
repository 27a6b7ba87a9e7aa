"""Who writes a need together, and who signs it off."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.examples import example_of
from api.services.content import Short, Strict, Text, Title
from models.sign_offs import NeedShare, SignOff, SignOffVerdict

_NEED = "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11"


class ShareIn(Strict):
    """With whom to write a need together."""

    model_config = ConfigDict(json_schema_extra={"example": {"email": "colleague@example.org"}})

    email: Annotated[str, Field(max_length=320, description="They get a link by which they change its words, without an account.")]


class ShareOut(BaseModel):
    """Somebody with whom a need is written."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "b3f1c9a2-3f4e-4b6f-9f0a-6a9b8f4f2d22",
                "need_id": _NEED,
                "email": "colleague@example.org",
                "made_at": "2026-11-02T09:00:00Z",
                "made_by": "Place lead of Leeds",
                "expires_at": "2026-12-02T09:00:00Z",
                "ended_at": None,
                "used_at": None,
            }
        }
    )

    id: UUID
    need_id: UUID
    email: str
    made_at: datetime
    made_by: str
    expires_at: datetime
    ended_at: datetime | None = Field(description="When the link was taken back.")
    used_at: datetime | None = Field(description="When the words were last changed by it.")

    @classmethod
    def of(cls, row: NeedShare) -> "ShareOut":
        """The share of a row."""
        derived: dict[str, Any] = {"email": row.address, "made_by": row.made_by_name}
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields if name not in derived} | derived)


class SharesOut(BaseModel):
    """With whom a need is, or was, written, the latest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [example_of(ShareOut)]}})

    items: list[ShareOut]


class CoAuthoredIn(Strict):
    """The words of a need as a co-author leaves them."""

    title: Title
    population: Text = ""
    problem: Text = ""
    desired_outcome: Text = ""
    metric: Text = ""
    consequence_for_patients: Text = ""
    consequence_for_staff: Text = ""
    current_practice: Text = ""
    involvement: Text = ""


class SignOffAskIn(Strict):
    """Whom to ask to sign a need off."""

    model_config = ConfigDict(json_schema_extra={"example": {"person_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10"}})

    person_id: UUID = Field(description="Somebody of one of the need's places; `may_be_asked` names them.")


class SignOffIn(Strict):
    """What a place lead says."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"verdict": "signed"}, {"verdict": "sent_back", "note": "Say how many people wait."}]}
    )

    verdict: SignOffVerdict
    note: Annotated[Short, Field(description="What has to change, where it is sent back; no patient details.")] = ""
    revision: int | None = Field(default=None, ge=1, le=2**31 - 1, description="Of the need's words that were read, if you name them.")


class SignOffOut(BaseModel):
    """That a place lead was asked, and the answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "f5b1c9a2-3f4e-4b6f-9f0a-6a9b8f4f2d11",
                "version": 2,
                "need_id": _NEED,
                "person": "Place lead of Leeds",
                "asked_at": "2026-11-02T09:00:00Z",
                "asked_by": "Place officer",
                "verdict": "signed",
                "answered_at": "2026-11-03T09:00:00Z",
                "revision": 1,
                "need_revision": 1,
                "is_of_this_text": True,
                "note": "",
            }
        }
    )

    id: UUID
    version: int = Field(description="Counts every change; the ETag.")
    need_id: UUID
    person: str
    asked_at: datetime
    asked_by: str
    verdict: SignOffVerdict | None = Field(description="Null while it waits for an answer.")
    answered_at: datetime | None
    revision: int | None = Field(description="Of the words that were read.")
    need_revision: int = Field(description="Of the words as they stand.")
    is_of_this_text: bool = Field(description="False once the words changed after the answer, and while there is none.")
    note: str

    @classmethod
    def of(cls, row: SignOff) -> "SignOffOut":
        """The sign-off of a row."""
        derived: dict[str, Any] = {"person": row.person.name, "asked_by": row.asked_by_name, "need_revision": row.need.revision}
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields if name not in derived} | derived)


class PersonRef(BaseModel):
    """Somebody by name."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str


class SignOffsOut(BaseModel):
    """Who was asked to sign a need off, the latest first, and who may be."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [example_of(SignOffOut)],
                "may_be_asked": [{"id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10", "name": "Place lead of Leeds"}],
            }
        }
    )

    items: list[SignOffOut]
    may_be_asked: list[PersonRef]
