"""Innovations that may be the same as another, as staff are shown them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.innovations import InnovationRef, LikenessBand
from api.schemas.matches import QuoteOut
from api.services.likening import Duplicate
from models.innovations import InnovationStatus


class DuplicateOut(BaseModel):
    """One innovation that may be the same, with the words that both texts hold."""

    innovation: InnovationRef
    status: InnovationStatus
    likeness: LikenessBand
    share: float = Field(description="Of the shorter text's pairs of near words, how many the other holds too, in [0, 1].")
    same_supplier: bool | None = Field(description="Null when one of the suppliers is not known.")
    newer: bool = Field(description="Whether it came in after the innovation that was asked about.")
    created_at: datetime
    here: QuoteOut = Field(description="The words in the innovation that was asked about.")
    there: QuoteOut = Field(description="The same, or nearly, in the other one.")

    @classmethod
    def of(cls, found: Duplicate) -> "DuplicateOut":
        """The answer of one comparison."""
        likeness = found.likeness
        return cls(
            innovation=InnovationRef.of(found.innovation),
            status=found.innovation.status,
            likeness=LikenessBand.of(found),
            share=round(likeness.share, 3),
            same_supplier=found.same_supplier,
            newer=found.newer,
            created_at=found.innovation.created_at,
            here=QuoteOut.model_validate(likeness.here, from_attributes=True),
            there=QuoteOut.model_validate(likeness.there, from_attributes=True),
        )


class DuplicatesOut(BaseModel):
    """Innovations that may be the same, most alike first; see POST /api/v1/innovations/{innovation_id}/merge."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "innovation_id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
                "duplicates": [
                    {
                        "innovation": {
                            "id": "0d1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a12",
                            "name": "Attention test by computer",
                            "supplier": "Example supplier",
                        },
                        "status": "submitted",
                        "likeness": "nearly_the_same",
                        "share": 0.82,
                        "same_supplier": True,
                        "newer": True,
                        "created_at": "2026-11-02T09:00:00Z",
                        "here": {"field": "how_it_works", "start": 0, "end": 30, "text": "A twenty-minute computer test "},
                        "there": {"field": "how_it_works", "start": 0, "end": 30, "text": "A twenty-minute computer test "},
                    }
                ],
            }
        }
    )

    innovation_id: UUID
    duplicates: list[DuplicateOut]
