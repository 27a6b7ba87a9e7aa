"""Needs that align: like ones with the reason, groups over all open needs, joint needs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.matches import MatchOut, QuoteOut, match_out
from api.schemas.needs import EXAMPLE, NeedRef
from api.services.advising import Advice, AdviceKind
from api.services.aligning import Alignment, Alignments, Member, Reason, Similar
from api.services.content import NeedContent, Strict
from api.services.joint_matching import JointMatches
from models.actors import Actor
from models.joint_needs import MOST_MEMBERS, AlignmentDismissal, AlignmentProposal, JointNeed, Scale
from models.needs import Need

_NEED_ID, _OTHER_ID = "0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11", "7c2f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a12"
_NAMED: dict[str, Any] = {"id": _OTHER_ID, "title": "Years of waiting for adult ADHD assessment", "places": ["BDC"]}
_QUOTE: dict[str, Any] = {"field": "problem", "start": 0, "end": 36, "text": "Adults wait years for an assessment."}
_REASON: dict[str, Any] = {
    "concepts": ["adhd"],
    "codes": ["Mental health"],
    "quotes": [_QUOTE, _QUOTE],
    "differs": ["Other metrics. The first need: Weeks from referral to decision. The second need: People waiting."],
    "apart": [],
}
_ADVICE: dict[str, Any] = {
    "kind": "no_metric",
    "field": "metric",
    "quote": None,
    "says": "Say how you would know: something that can be counted or timed.",
}
_SCALE: dict[str, Any] = {"voices": 2, "places": ["BDC", "LDS"], "people": {"at_least": 0, "at_most": 20000, "not_told": 0}}


class SimilarIn(Strict):
    """A need that is not stored."""

    model_config = ConfigDict(json_schema_extra={"example": {"content": EXAMPLE, "limit": 5}})

    content: NeedContent
    limit: int = Field(default=10, ge=1, le=50)


class ReasonOut(BaseModel):
    """Why two needs are taken for one: what both speak of, and in what they differ."""

    concepts: list[str] = Field(description="What both texts speak of, whatever their words; the most telling first.")
    codes: list[str] = Field(description="Labels of the codes that people chose for both.")
    quotes: list[QuoteOut] = Field(description="The nearest words of both, the first need's first; empty when neither says enough.")
    differs: list[str] = Field(description="In what they differ though they may be one.")
    apart: list[str] = Field(description="What bars them from being one: other ages, places of care, conditions or direction.")

    @classmethod
    def of(cls, told: Reason) -> "ReasonOut":
        """The reason as it is shown; the likeness, which means nothing by itself, is not."""
        quotes = [QuoteOut(field=each.field, start=each.start, end=each.end, text=each.text) for each in told.quotes or ()]
        return cls(concepts=list(told.concepts), codes=list(told.codes), quotes=quotes, differs=list(told.differs), apart=list(told.apart))


class SimilarNeedOut(BaseModel):
    """Another need that is like one's own."""

    need: NeedRef
    joint_need: UUID | None = Field(description="The joint need that it is in.")
    may_join: bool = Field(description="Alike enough to be one; an own text is joined once it is stored and open.")
    reason: ReasonOut


class SimilarNeedsOut(BaseModel):
    """Other places' needs that you may read and that are like this one, likest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"similar": [{"need": _NAMED, "joint_need": None, "may_join": True, "reason": _REASON}]}}
    )

    similar: list[SimilarNeedOut]

    @classmethod
    def of(cls, found: Sequence[Similar]) -> "SimilarNeedsOut":
        """What was found."""
        return cls(
            similar=[
                SimilarNeedOut(
                    need=NeedRef.model_validate(each.need),
                    joint_need=each.joint_need_id,
                    may_join=each.may_join,
                    reason=ReasonOut.of(each.agreement),
                )
                for each in found
            ]
        )


class AdviceOut(BaseModel):
    """One thing to look at again in a need; it never blocks."""

    kind: AdviceKind
    field: str = Field(description="The field to write in.")
    quote: QuoteOut | None = Field(description="The words that it is about; null where something is missing.")
    says: str = Field(description="What to do, in plain English.")

    @classmethod
    def of(cls, told: Advice) -> "AdviceOut":
        """The advice as it is shown."""
        quote = told.quote
        shown = QuoteOut(field=quote.field, start=quote.start, end=quote.end, text=quote.text) if quote else None
        return cls(kind=told.kind, field=told.field, quote=shown, says=told.says)


class AdvisedOut(BaseModel):
    """What whoever writes a need might look at again; empty when nothing strikes."""

    model_config = ConfigDict(json_schema_extra={"example": {"advice": [_ADVICE]}})

    advice: list[AdviceOut]

    @classmethod
    def of(cls, told: Sequence[Advice]) -> "AdvisedOut":
        """All of it."""
        return cls(advice=[AdviceOut.of(each) for each in told])


class WrittenOut(SimilarNeedsOut):
    """What is shown to whoever writes a need, before it is stored: other places' like needs, and advice."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"similar": [{"need": _NAMED, "joint_need": None, "may_join": True, "reason": _REASON}], "advice": [_ADVICE]}
        }
    )

    advice: list[AdviceOut] = Field(description="What you might look at again; it never blocks.")

    @classmethod
    def told(cls, found: Sequence[Similar], advice: Sequence[Advice]) -> "WrittenOut":
        """Both."""
        return cls(similar=SimilarNeedsOut.of(found).similar, advice=AdvisedOut.of(advice).advice)


class PeopleOut(BaseModel):
    """How many people needs are about, in bounds."""

    model_config = ConfigDict(from_attributes=True)

    at_least: int
    at_most: int | None = Field(description="Null when one is open-ended, or does not say.")
    not_told: int = Field(description="Needs that do not say how many.")


class ScaleOut(BaseModel):
    """How many speak with one voice each, for which places and people; a need of all of West Yorkshire is one voice."""

    model_config = ConfigDict(from_attributes=True)

    voices: int
    places: list[str]
    people: PeopleOut


class MemberOut(BaseModel):
    """A need of a group."""

    need: NeedRef
    joint_need: UUID | None
    proposed_at: datetime | None = Field(description="When the Hub proposed to its owners to join the first of the group.")
    reason: ReasonOut | None = Field(description="Why it is taken for one with the first of the group; null for that one.")

    @classmethod
    def of(cls, member: Member) -> "MemberOut":
        """The member with its reason."""
        return cls(
            need=NeedRef.model_validate(member.need),
            joint_need=member.joint_need_id,
            proposed_at=member.proposed_at,
            reason=ReasonOut.of(member.agreement) if member.agreement else None,
        )


class AlignmentOut(BaseModel):
    """Needs that may be one, or are."""

    is_joint: bool = Field(description="All of them are one joint need already.")
    scale: ScaleOut
    members: list[MemberOut] = Field(description="The one that is likest to the others first.")

    @classmethod
    def of(cls, found: Alignment) -> "AlignmentOut":
        """The group."""
        members = [MemberOut.of(member) for member in found.members]
        return cls(is_joint=found.is_joint, scale=ScaleOut.model_validate(found.scale), members=members)


class DismissalOut(BaseModel):
    """Two needs of which the Hub said that they are not one; it counts until one of them reads otherwise."""

    model_config = ConfigDict(from_attributes=True)

    one_id: UUID
    other_id: UUID
    dismissed_at: datetime


class AlignmentsOut(BaseModel):
    """The groups over all open needs, those with most voices first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "needs": 44,
                "unread": 0,
                "total": 1,
                "groups": [
                    {
                        "is_joint": False,
                        "scale": _SCALE,
                        "members": [
                            {"need": _NAMED | {"id": _NEED_ID}, "joint_need": None, "proposed_at": None, "reason": None},
                            {"need": _NAMED, "joint_need": None, "proposed_at": "2026-11-02T09:00:00Z", "reason": _REASON},
                        ],
                    }
                ],
                "dismissed": [{"one_id": _NEED_ID, "other_id": _OTHER_ID, "dismissed_at": "2026-11-02T09:00:00Z"}],
            }
        }
    )

    needs: int = Field(description="Open needs that were compared.")
    unread: int = Field(description="Open needs that are not embedded yet, and come in later.")
    total: int = Field(description="Groups that there are.")
    groups: list[AlignmentOut]
    dismissed: list[DismissalOut]

    @classmethod
    def of(cls, found: Alignments, dismissed: Sequence[AlignmentDismissal], *, limit: int) -> "AlignmentsOut":
        """At most so many groups, and all that was dismissed."""
        return cls(
            needs=found.needs,
            unread=found.unread,
            total=len(found.groups),
            groups=[AlignmentOut.of(each) for each in found.groups[:limit]],
            dismissed=[DismissalOut.model_validate(row) for row in dismissed],
        )


NeedIds = Annotated[list[UUID], Field(max_length=MOST_MEMBERS)]


class DismissIn(Strict):
    """Needs of which no two are one."""

    model_config = ConfigDict(json_schema_extra={"example": {"need_ids": [_NEED_ID, _OTHER_ID]}})

    need_ids: Annotated[NeedIds, Field(min_length=2)]


class DismissedOut(BaseModel):
    """The pairs that are kept apart."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"dismissed": [{"one_id": _NEED_ID, "other_id": _OTHER_ID, "dismissed_at": "2026-11-02T09:00:00Z"}]}}
    )

    dismissed: list[DismissalOut]


class ProposeIn(Strict):
    """Needs whose owners are asked to join another one."""

    model_config = ConfigDict(json_schema_extra={"example": {"with_need_id": _NEED_ID, "need_ids": [_OTHER_ID]}})

    with_need_id: UUID
    need_ids: Annotated[NeedIds, Field(min_length=1)]


class ProposedOut(BaseModel):
    """A need whose owners were asked to join another one."""

    model_config = ConfigDict(from_attributes=True)

    need_id: UUID
    with_need_id: UUID
    proposed_at: datetime


class ProposedAllOut(BaseModel):
    """What was proposed; those who own the needs are told by mail."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"proposed": [{"need_id": _OTHER_ID, "with_need_id": _NEED_ID, "proposed_at": "2026-11-02T09:00:00Z"}]}
        }
    )

    proposed: list[ProposedOut]

    @classmethod
    def of(cls, rows: Sequence[AlignmentProposal]) -> "ProposedAllOut":
        """What was proposed."""
        return cls(proposed=[ProposedOut.model_validate(row) for row in rows])


class JoinIn(Strict):
    """One's own need."""

    model_config = ConfigDict(json_schema_extra={"example": {"need_id": _OTHER_ID}})

    need_id: UUID


class JointMemberOut(BaseModel):
    """A need of a joint need, with its own words and metric."""

    need: NeedRef
    population: str
    metric: str
    joined_at: datetime

    @classmethod
    def of(cls, need: Need, joined_at: datetime) -> "JointMemberOut":
        """The need, since when it is in."""
        return cls(need=NeedRef.model_validate(need), population=need.population, metric=need.metric, joined_at=joined_at)


_JOINT: dict[str, Any] = {
    "id": "5a0c8a39-0a4e-4c36-9c53-4a3f0f2f7f10",
    "version": 2,
    "in_force": True,
    "created_at": "2026-11-02T09:00:00Z",
    "scale": _SCALE,
    "members": [
        {
            "need": _NAMED,
            "population": "Adults referred for an ADHD assessment",
            "metric": "People waiting",
            "joined_at": "2026-11-02T09:00:00Z",
        }
    ],
}


class JointNeedOut(BaseModel):
    """A joint need with those of its members that you may read."""

    model_config = ConfigDict(json_schema_extra={"example": _JOINT})

    id: UUID
    version: int
    in_force: bool = Field(description="False when it was dissolved, because fewer than two members were left.")
    created_at: datetime
    scale: ScaleOut
    members: list[JointMemberOut]

    @classmethod
    def of(cls, joint: JointNeed, shown: Sequence[Need]) -> "JointNeedOut":
        """The joint need with these members."""
        since = {row.need_id: row.joined_at for row in joint.present}
        return cls(
            id=joint.id,
            version=joint.version,
            in_force=joint.in_force,
            created_at=joint.created_at,
            scale=ScaleOut.model_validate(Scale.of(shown)),
            members=[JointMemberOut.of(need, since[need.id]) for need in shown],
        )


class JointMatchOut(BaseModel):
    """A candidate with the member whose wording it answers best."""

    answers: NeedRef
    match: MatchOut


class JointMatchesOut(BaseModel):
    """The one list of a joint need: each innovation once, most probable first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"id": _JOINT["id"], "ranker": "pairs-1", "nothing_fits": True, "candidates": 107, "matches": []}}
    )

    id: UUID
    ranker: str
    nothing_fits: bool = Field(description="No candidate reaches the band 'possible' for any member.")
    candidates: int = Field(description="How many innovations were open to whoever asked.")
    matches: list[JointMatchOut]

    @classmethod
    def of(cls, found: JointMatches, actor: Actor) -> "JointMatchesOut":
        """The list as far as the actor may know it."""
        shown = [
            JointMatchOut(answers=NeedRef.model_validate(each.member), match=match_out(rank, each.match, actor))
            for rank, each in enumerate(found.matches, start=1)
        ]
        return cls(id=found.joint.id, ranker=found.ranker, nothing_fits=found.nothing_fits, candidates=found.candidate_count, matches=shown)
