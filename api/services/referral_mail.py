"""What is written about a referral: to the body that is asked, to the innovator at each step, to the Hub where it must act."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from api.services import links, mailing
from api.services.codes import labels
from api.services.mailing import Recipient
from api.services.signposting import STAGE_WORDS
from models.actors import Actor
from models.clocks import OVERDUE_AFTER, Clock, Due
from models.documents import Visibility
from models.innovations import Innovation
from models.links import LinkPurpose
from models.people import Person, Role
from models.policies import INNOVATION_READ
from models.queries import recipients, referrals
from models.referrals import DeclineCode, Referral, ReferralOutcome, ReferralState
from models.subjects import subject_of
from models.working_days import add_working_days, day_of

ANSWERABLE_FOR: Final = timedelta(days=60)
"""How long a link in a mail to a body works; each reminder has a new one."""
MOST_PASSED_ON: Final = 1500
"""Characters of one text of the innovation that a mail holds."""
DECLINED_WORDS: Final = {
    DeclineCode.NOT_OUR_REMIT: "it is not what they do",
    DeclineCode.OUTSIDE_OUR_AREA: "they do not work in that area",
    DeclineCode.TOO_EARLY: "it is too early for them",
    DeclineCode.TOO_LATE: "it is further on than what they help with",
    DeclineCode.EVIDENCE_TOO_WEAK: "they need more evidence that it works",
    DeclineCode.NO_CAPACITY: "they have no time for it now",
    DeclineCode.KNOWN_ALREADY: "they know it already",
    DeclineCode.OTHER: "they gave a reason of their own",
}
ENDED_WORDS: Final = {
    ReferralOutcome.HELPED: "They have helped",
    ReferralOutcome.ADVISED_ONLY: "They gave advice, and do no more",
    ReferralOutcome.NO_CONTACT: "The two of you did not get in touch",
    ReferralOutcome.REFERRED_ON: "We now ask somebody else",
    ReferralOutcome.TAKEN_BACK: "We took the offer back",
    ReferralOutcome.INNOVATION_GONE: "The innovation was withdrawn",
    ReferralOutcome.OTHER: "It ended for another reason",
}


def passed_on(innovation: Innovation) -> dict[str, str]:
    """What a body is told of an innovation, by heading: its text only where its owner agreed and lets partners read it.

    Of any other it is told kind and stage, so that the body can say whether it helps with such things.
    """
    told = {"Kind": labels("kinds")[innovation.kind.value]}
    if innovation.stage is not None:
        told["How far it has come"] = STAGE_WORDS[innovation.stage]
    if _may_be_told(innovation):
        told |= {
            "Name": innovation.name,
            "Offered by": innovation.supplier.name if innovation.supplier else "",
            "The problem it tackles": _cut(innovation.problems_tackled),
            "How it works": _cut(innovation.how_it_works),
            "Website": innovation.website,
        }
    return {heading: text for heading, text in told.items() if text}


def name_for_body(innovation: Innovation) -> str:
    """What an innovation is called before a body, which may not always know its name."""
    return innovation.name if _may_be_told(innovation) else "An innovation offered to the NHS in West Yorkshire"


def is_named_to(reader: Actor, innovation: Innovation) -> bool:
    """Whether whoever reads a referral is told whose innovation it is about: as its body is, or as they may read it themselves."""
    return _may_be_told(innovation) or INNOVATION_READ.allows(reader, subject_of(innovation))


def ask(session: Session, row: Referral, *, at: datetime) -> None:
    """Mail the offer to the body; the Hub is told at once of a body that has no address."""
    if row.body.contact_email:
        _to_body(session, row, "referral_asked_link", at=at, once="offered")
    else:
        _to_hub(session, row, "referral_waiting", at=at, once="no-address", days=0)


def chase(session: Session, clock: Clock, due: Due, *, at: datetime) -> None:
    """Remind the body, and tell the Hub when it is overdue, or when the body has no address to be reminded at."""
    row = referrals.of_clock(session, clock.subject_id)
    if row is None or row.state is not ReferralState.OFFERED:
        return
    if row.body.contact_email:
        _to_body(session, row, "referral_reminder_link", at=at, once=due)
    if due is Due.OVERDUE or not row.body.contact_email:
        _to_hub(session, row, "referral_waiting", at=at, once=due, days=clock.working_days(at))


def tell_answer(session: Session, row: Referral, *, at: datetime) -> None:
    """Tell the innovator what the body says, and the Hub to see to what was declined."""
    if row.state is ReferralState.ACCEPTED:
        tell_innovator(session, row, "referral_accepted", at=at)
        return
    tell_innovator(session, row, "referral_declined", at=at)
    _to_hub(session, row, "referral_declined_hub", at=at, once="declined")


def tell_end(session: Session, row: Referral, *, was_open: bool, at: datetime) -> None:
    """Tell the innovator how it ended, and a body that had it that it is asked no more; what they were told before is not told again."""
    if row.outcome not in {ReferralOutcome.INNOVATION_GONE, ReferralOutcome.REFERRED_ON}:
        tell_innovator(session, row, "referral_closed", at=at)
    if was_open and row.body.contact_email:
        mailing.post(
            session,
            "referral_ended",
            Recipient(row.body.contact_email, row.body.name),
            once_key=f"referral:{row.id}:body:ended",
            at=at,
            body=row.body.name,
            innovation=name_for_body(row.innovation),
            offered_on=day_of(row.created_at),
        )


def tell_innovator(session: Session, row: Referral, template: str, *, at: datetime) -> None:
    """Tell everybody who offers the innovation where it is, whose turn it is, and what to do."""
    last = row.steps[-1]
    for person in innovators_of(session, row.innovation):
        mailing.post(
            session,
            template,
            mailing.to_person(person),
            once_key=f"referral:{row.id}:{last.ordinal}:{person.id}",
            at=at,
            name=person.name,
            innovation=row.innovation.name,
            innovation_id=str(row.innovation_id),
            body=row.body.name,
            body_url=row.body.contact_url,
            reason=row.reason,
            passed_on=passed_on(row.innovation),
            answer_by=_answer_by(row),
            why=_why(row),
            note=last.note,
        )


def _why(row: Referral) -> str:
    if row.state is ReferralState.DECLINED and row.decline_code is not None:
        return DECLINED_WORDS[row.decline_code]
    return ENDED_WORDS[row.outcome] if row.outcome is not None else ""


def _to_body(session: Session, row: Referral, template: str, *, at: datetime, once: str) -> None:
    to = Recipient(row.body.contact_email, row.body.name)
    token = links.make(session, LinkPurpose.REFERRAL, subject_id=row.id, at=at, valid_for=ANSWERABLE_FOR, address=to.address)
    mailing.post(
        session,
        template,
        to,
        once_key=f"referral:{row.id}:body:{once}",
        at=at,
        body=row.body.name,
        innovation=name_for_body(row.innovation),
        passed_on=passed_on(row.innovation),
        reason=row.reason,
        offered_on=day_of(row.created_at),
        answer_by=_answer_by(row),
        path=f"/referrals/{token}",
    )


def _to_hub(session: Session, row: Referral, template: str, *, at: datetime, once: str, **values: Any) -> None:  # noqa: ANN401 -- what a mail says
    for person in recipients.hub_staff(session):
        mailing.post(
            session,
            template,
            mailing.to_person(person),
            once_key=f"referral:{row.id}:hub:{once}:{person.id}",
            at=at,
            name=person.name,
            innovation=row.innovation.name,
            innovation_id=str(row.innovation_id),
            body=row.body.name,
            body_url=row.body.contact_url,
            has_address=bool(row.body.contact_email),
            why=_why(row),
            note=row.steps[-1].note,
            **values,
        )


def innovators_of(session: Session, innovation: Innovation) -> Sequence[Person]:
    """Whom it is told to; the Hub's own staff, who typed it in, know."""
    found = recipients.of_innovation(session, innovation)
    return [person for person in found if not {grant.role for grant in person.grants} & {Role.HUB, Role.LEAD}]


def _answer_by(row: Referral) -> date:
    return add_working_days(day_of(row.created_at), OVERDUE_AFTER)


def _may_be_told(innovation: Innovation) -> bool:
    return innovation.visibility is not Visibility.HUB_ONLY and not innovation.held


def _cut(text: str) -> str:
    return text if len(text) <= MOST_PASSED_ON else f"{text[:MOST_PASSED_ON].rsplit(maxsplit=1)[0]}…"
