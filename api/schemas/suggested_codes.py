"""Codes that a text tells, for a person to accept."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.innovations import EXAMPLE as INNOVATION_EXAMPLE
from api.schemas.matches import QuoteOut
from api.schemas.needs import EXAMPLE as NEED_EXAMPLE
from api.services.codes import labels
from api.services.content import InnovationContent, NeedContent, Strict
from api.services.suggesting import Suggested
from models.documents import Side


class NeedToCode(Strict):
    """A need that is not stored."""

    side: Literal["need"]
    content: NeedContent


class InnovationToCode(Strict):
    """An innovation that is not stored."""

    side: Literal["innovation"]
    content: InnovationContent


SuggestedCodesIn = Annotated[NeedToCode | InnovationToCode, Field(discriminator="side")]
SUGGESTED_CODES_IN_EXAMPLES: list[Any] = [
    {"side": "need", "content": NEED_EXAMPLE},
    {"side": "innovation", "content": INNOVATION_EXAMPLE},
]


class SuggestedCodeOut(BaseModel):
    """One code, how likely a person would choose it, and the words of the text that tell it."""

    facet: Literal["care_settings", "areas", "diseases_conditions_impact", "key_health_inequalities"] = Field(
        description="The coded field; send the code in it to accept."
    )
    code: str
    label: str
    confidence: float = Field(ge=0, le=1)
    chosen: bool = Field(description="The document has it already.")
    evidence: list[QuoteOut]


class SuggestedCodesOut(BaseModel):
    """Suggestions by field, the surest first. Until somebody accepts them they count for less than chosen codes."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "side": "need",
                "id": "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11",
                "suggestions": [
                    {
                        "facet": "diseases_conditions_impact",
                        "code": "RESPIRATORY_CONDITIONS_ASTHMA",
                        "label": "Respiratory conditions - Asthma",
                        "confidence": 0.87,
                        "chosen": False,
                        "evidence": [{"field": "problem", "start": 0, "end": 6, "text": "Asthma"}],
                    }
                ],
            }
        }
    )

    side: Side
    id: UUID | None = Field(description="The document; null for a text that is not stored.")
    suggestions: list[SuggestedCodeOut]

    @classmethod
    def of(cls, found: Suggested) -> "SuggestedCodesOut":
        """The suggestions with their labels."""
        return cls.model_validate(
            {
                "side": found.side,
                "id": found.id,
                "suggestions": [
                    {
                        "facet": each.facet.value,
                        "code": each.code,
                        "label": labels(each.facet.value).get(each.code, each.code),
                        "confidence": each.confidence,
                        "chosen": each.code in found.chosen[each.facet.value],
                        "evidence": [{"field": q.field, "start": q.start, "end": q.end, "text": q.text} for q in each.evidence],
                    }
                    for each in found.suggestions
                ],
            }
        )
