"""A match as somebody sees it who may read it: today's texts, or where those are hidden from them, what was judged.

Of an innovation that was deleted there is nothing but what stands in its place.
"""

from models.actors import Actor
from models.grants import Policy
from models.innovations import Innovation, Stage
from models.needs import CriterionKind, Need, NeedCriterion
from models.people import Role
from models.policies import INNOVATION_READ, NEED_READ
from models.proposals import Proposal
from models.subjects import subject_of


def need_shown(proposal: Proposal, actor: Actor) -> Need:
    """The need of a match: today's row for who may read it, else one that is never stored and says what was judged."""
    return proposal.need if _reads_today(NEED_READ, proposal.need, proposal, actor) else _need_as_judged(proposal)


def innovation_shown(proposal: Proposal, actor: Actor) -> Innovation:
    """The innovation of a match, likewise."""
    return proposal.innovation if _reads_today(INNOVATION_READ, proposal.innovation, proposal, actor) else _innovation_as_judged(proposal)


def _reads_today(policy: Policy, row: Need | Innovation, proposal: Proposal, actor: Actor) -> bool:
    """By the policy of the row, or because it was handed on to the pipeline."""
    return policy.allows(actor, subject_of(row)) or (proposal.handed_on and Role.PIPELINE in actor.roles)


def _need_as_judged(proposal: Proposal) -> Need:
    content = proposal.need_as_judged.content
    row = Need(
        id=proposal.need_id,
        revision=proposal.need_revision,
        status=proposal.need.status,
        said_by=[],
        illustrative=[],
        source="",
        source_url="",
        places=list(proposal.need.places),
        **content["fields"],
        **content["codes"],
    )
    row.criteria = [
        NeedCriterion(position=number, kind=CriterionKind(item["kind"]), value=item["value"])
        for number, item in enumerate(content["criteria"])
    ]
    return row


def _innovation_as_judged(proposal: Proposal) -> Innovation:
    today = proposal.innovation
    content = proposal.innovation_as_judged.content if today.erased_at is None else today.content()
    facts = content["facts"]
    return Innovation(
        id=proposal.innovation_id,
        revision=proposal.innovation_revision,
        status=today.status,
        supplier=today.supplier,
        stage=Stage(facts["stage"]) if facts["stage"] else None,
        stage_source="",
        standards=[{"type": kind, "has_met": met} for kind, met in facts["standards"].items()],
        evidences=[{"submit_type": kind, "evidence_type": None, "summary": "", "dated_on": None} for kind in facts["evidence_types"]],
        requires_smartphone=facts["requires_smartphone"],
        integrates_with=list(facts["integrates_with"]),
        deployed=facts["deployed"],
        website="",
        illustrative=[],
        source="",
        source_url="",
        **content["fields"],
        **content["codes"],
    )
