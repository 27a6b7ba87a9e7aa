"""Bodies that help innovators, and which of them may help with one innovation."""

from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.schemas.pages import PageQuery
from api.schemas.stored import as_changes, at_least_one
from api.services.content import BodyContent, Title
from api.services.signposting import Route
from models.actors import Actor
from models.innovations import InnovationKind, Stage
from models.policies import BODY_READ_ADDRESS
from models.referrals import BodyKind, EvidenceAsked, Geography, SupportBody

EXAMPLE: dict[str, Any] = {
    "name": "Regional innovation network",
    "kind": "health_innovation_network",
    "helps_with": "Finding a first site, planning an evaluation, and spreading what works",
    "stages": ["EVALUATION", "ADOPTION", "SPREAD"],
    "kinds": [],
    "categories": [],
    "areas": [],
    "evidence": "any",
    "geography": "yorkshire_and_humber",
    "places": [],
    "contact_email": "front.door@example.org",
    "contact_url": "https://www.example.org/contact",
    "source_url": "https://www.example.org/what-we-do",
    "verified": True,
    "active": True,
}


class BodyIn(BodyContent):
    """A new body that helps innovators."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})


class BodyPatch(BodyContent):
    """What is to be changed of a body; fields that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra=as_changes({"active": False}))

    name: Title = ""
    kind: BodyKind = BodyKind.NHS_SERVICE

    _something = model_validator(mode="after")(at_least_one)


class BodyRef(BaseModel):
    """A body named, with where it says how to reach it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    kind: BodyKind
    contact_url: str


class BodyOut(BaseModel):
    """A body that helps innovators; an empty list of a criterion means all of that sort."""

    model_config = ConfigDict(
        json_schema_extra={"example": EXAMPLE | {"id": "7d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a77", "key": None, "version": 1}}
    )

    id: UUID
    key: str | None = Field(description="The key of a body that came with the software.")
    version: int = Field(description="Counts every change; the ETag.")
    name: str
    kind: BodyKind
    helps_with: str
    stages: list[Stage]
    kinds: list[InnovationKind]
    categories: list[str]
    areas: list[str]
    evidence: EvidenceAsked
    geography: Geography
    places: list[str]
    contact_email: str | None = Field(description="Where offers are mailed to; for the Hub only.")
    contact_url: str
    source_url: str
    verified: bool = Field(description="Whether somebody read the source when the row was written.")
    active: bool = Field(description="Whether it is asked; one that is not is kept for what was referred to it.")

    @classmethod
    def of(cls, row: SupportBody, actor: Actor) -> Self:
        """The body of a row, as far as the actor may know it."""
        told = {name: getattr(row, name) for name in cls.model_fields if name != "contact_email"}
        return cls(**told, contact_email=row.contact_email if BODY_READ_ADDRESS.admits(actor) else None)


class BodiesQuery(PageQuery):
    """Which bodies are listed."""

    kind: BodyKind | None = None
    active: bool = Field(default=True, description="Send false for those that are asked no more.")


class RouteOut(BaseModel):
    """A body that may help, and why."""

    body: BodyRef
    reason: str = Field(description="What fits, in plain words.")
    unknown: list[str] = Field(description="What would make it surer, if it were said.")

    @classmethod
    def of(cls, route: Route) -> Self:
        """The answer of the rules."""
        return cls(body=BodyRef.model_validate(route.body), reason=route.reason, unknown=list(route.unknown))


class RoutesOut(BaseModel):
    """The bodies that may help with an innovation, best first; none is an answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "innovation_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
                "routes": [
                    {
                        "body": {
                            "id": "7d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a77",
                            "name": "Regional innovation network",
                            "kind": "health_innovation_network",
                            "contact_url": "https://www.example.org/contact",
                        },
                        "reason": "Works with what is being tested; yours is being tested. Serves Yorkshire and the Humber.",
                        "unknown": [],
                    }
                ],
                "says": "1 body may help.",
            }
        }
    )

    innovation_id: UUID
    routes: list[RouteOut]
    says: str
