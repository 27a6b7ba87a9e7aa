"""Rows as the rules see them."""

from functools import singledispatch
from uuid import UUID

from models.calls import Call
from models.documents import Visibility
from models.grants import Subject
from models.imports import ImportBatch
from models.innovations import Innovation
from models.joint_needs import JointNeed
from models.links import Invitation
from models.needs import Need
from models.place_answers import PlaceAnswer, QuestionState
from models.policies import INNOVATION_READ
from models.proposals import Proposal
from models.referrals import BodyKind, Referral
from models.saved_views import SavedView
from models.sign_offs import SignOff
from models.triage import Submission
from models.watches import Watch


@singledispatch
def subject_of(row: object) -> Subject:
    """What the rules ask of a row; of a need or an innovation not whether it was handed on, which only a query knows."""
    raise TypeError(f"No policy is about a {type(row).__name__}.")


@subject_of.register
def _(row: Need) -> Subject:
    places = frozenset(place.id for place in row.places)
    return Subject(
        owners=places if row.owner_place_id is None else frozenset({row.owner_place_id}),
        concerned=places,
        created_by=row.created_by,
        state=row.status,
        visibility=row.visibility,
        live=row.live,
        owned=row.owner_place_id is not None,
    )


@subject_of.register
def _(row: JointNeed) -> Subject:
    members = [each.need for each in row.present]
    return Subject(
        concerned=frozenset(place.id for need in members for place in need.places),
        visibility=min((need.visibility for need in members), key=list(Visibility).index, default=Visibility.HUB_ONLY),
        live=all(need.live for need in members),
    )


@subject_of.register
def _(row: Innovation) -> Subject:
    return Subject(
        owners=frozenset({row.supplier_id} if row.supplier_id else ()),
        offered_by=frozenset({row.supplier_id} if row.supplier_id else ()),
        created_by=row.created_by,
        state=row.status,
        visibility=row.visibility,
        consented=row.consent_at is not None,
        live=row.live,
    )


@subject_of.register
def _(row: Proposal) -> Subject:
    as_judged = row.innovation_revision == row.innovation.revision
    return Subject(
        concerned=subject_of(row.need).concerned if as_judged else frozenset(),
        asked=frozenset().union(*(_asked(each, row) for each in row.place_answers if each.shows_the_match)),
        offered_by=subject_of(row.innovation).offered_by,
        state=row.state,
        handed_on=row.handed_on,
        behind=(INNOVATION_READ, subject_of(row.innovation)),
    )


@subject_of.register
def _(row: Referral) -> Subject:
    return Subject(
        owners=subject_of(row.innovation).owners,
        state=row.state,
        handed_on=row.body.kind is BodyKind.HEALTH_INNOVATION_NETWORK,
        live=row.innovation.live,
    )


@subject_of.register
def _(row: Submission) -> Subject:
    return subject_of(row.innovation)


@subject_of.register
def _(row: Invitation) -> Subject:
    return Subject(owners=frozenset(each for each in (row.place_id, row.organisation_id) if each is not None))


@subject_of.register
def _(row: ImportBatch) -> Subject:
    return Subject(created_by=row.created_by, state=row.status)


@subject_of.register
def _(row: Call) -> Subject:
    return subject_of(row.need)


@subject_of.register
def _(row: Watch) -> Subject:
    return Subject(created_by=f"person:{row.person_id}")


@subject_of.register
def _(row: SavedView) -> Subject:
    return Subject(created_by=f"person:{row.person_id}")


@subject_of.register
def _(row: PlaceAnswer) -> Subject:
    return Subject(
        owners=frozenset({row.place_id} if row.place_id else ()),
        offered_by=subject_of(row.proposal.innovation).offered_by,
        state=row.state if row.is_put else QuestionState.HELD,
    )


@subject_of.register
def _(row: SignOff) -> Subject:
    return Subject(owners=subject_of(row.need).owners, created_by=f"person:{row.person_id}", live=row.need.live)


def _asked(row: PlaceAnswer, proposal: Proposal) -> frozenset[UUID]:
    """The places to which a question shows its match; the one to West Yorkshire shows it to all whom the need names."""
    return frozenset({row.place_id}) if row.place_id is not None else subject_of(proposal.need).concerned
