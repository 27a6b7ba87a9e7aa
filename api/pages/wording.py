"""The plain English of the pages: what fields, codes, verdicts, bands and events are called."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from api.services.codes import labels
from models.decisions import Verdict as Decided
from models.documents import Readability, Side, Visibility
from models.innovations import Innovation, InnovationStatus
from models.needs import Need, NeedStatus
from models.proposals import Band, ProposalState
from models.triage import OutcomeKind, SubmissionState
from models.working_days import time_of_day

LOCAL: Final = ZoneInfo("Europe/London")

FIELDS: Final[Mapping[Side, Mapping[str, str]]] = {
    Side.NEED: {
        "title": "Title",
        "problem": "What goes wrong",
        "population": "Whose problem it is",
        "patients_range": "How many people a year",
        "consequence_for_patients": "What it means for patients",
        "consequence_for_staff": "What it means for staff",
        "current_practice": "What happens now, and why it falls short",
        "desired_outcome": "What better looks like",
        "metric": "How we would know",
        "baseline": "Where we are now",
        "target": "Where we want to be",
        "by_when": "By when",
        "said_by": "Who said so",
        "involvement": "How they were involved",
        "places": "Places",
        "care_settings": "Where care is given",
        "areas": "Areas of work",
        "diseases_conditions_impact": "Health conditions",
        "key_health_inequalities": "Health inequalities",
        "theme": "Theme",
        "owning_organisation": "Organisation that owns it",
        "criteria": "Must-haves",
        "strategic_link": "Link to plans",
        "open_to_improvement_methods": "Open to improvement methods",
        "funding": "Money",
        "decision_date": "Decision expected",
        "review_date": "Review due",
        "source": "Source",
    },
    Side.INNOVATION: {
        "name": "Name",
        "supplier": "Offered by",
        "kind": "What kind of thing it is",
        "description": "What it is",
        "problems_tackled": "The problem it tackles",
        "how_it_works": "How it works",
        "benefits": "What it brings",
        "eligibility": "Who can use it",
        "patients_range": "How many people a year",
        "current_pathway": "What people get now",
        "alternatives": "Other ways to do it",
        "evidence_summary": "What the evidence says",
        "staff_learning": "What staff must learn",
        "patient_learning": "What patients must learn",
        "care_settings": "Where it is used",
        "other_care_setting": "Other places where it is used",
        "areas": "Areas of work",
        "categories": "Categories",
        "main_purpose": "Main purpose",
        "diseases_conditions_impact": "Health conditions",
        "key_health_inequalities": "Health inequalities",
        "stage": "How far it has come",
        "stage_source": "How we know the stage",
        "standards": "Standards",
        "evidences": "Evidence",
        "requires_smartphone": "Needs a smartphone",
        "integrates_with": "Works with these systems",
        "deployed": "In use somewhere",
        "website": "Website",
        "source": "Source",
    },
}

ASPECTS: Final[Mapping[str, str]] = {
    "whole": "As a whole",
    "title": "Title",
    "problem": "The problem",
    "population": "The people",
    "outcome": "What better looks like",
    "practice": "What happens now",
    "solution": "How it works",
    "setting": "Where care is given",
    "conditions": "Health conditions",
    "evidence": "Evidence",
}

# verdict -> (word, colour of the tag)
VERDICTS: Final[Mapping[str, tuple[str, str]]] = {
    "met": ("Met", "green"),
    "partly": ("Partly met", "blue"),
    "gap": ("Gap", "orange"),
    "unknown": ("Not known", "grey"),
    "excluded": ("Ruled out", "red"),
}
BANDS: Final[Mapping[str, tuple[str, str]]] = {
    Band.STRONG: ("Strong match", "green"),
    Band.POSSIBLE: ("Possible match", "blue"),
    Band.WEAK: ("Weak match", "grey"),
}
PROPOSAL_STATES: Final[Mapping[str, tuple[str, str]]] = {
    ProposalState.OPEN: ("To decide", "blue"),
    ProposalState.DEFERRED: ("Set aside", "yellow"),
    ProposalState.CONFIRMED: ("Confirmed", "green"),
    ProposalState.REJECTED: ("Rejected", "red"),
    ProposalState.SUPERSEDED: ("Replaced", "grey"),
}
STATUSES: Final[Mapping[Side, Mapping[str, tuple[str, str]]]] = {
    Side.NEED: {
        NeedStatus.DRAFT: ("Draft", "grey"),
        NeedStatus.OPEN: ("Open", "blue"),
        NeedStatus.MET: ("Met", "green"),
        NeedStatus.CLOSED: ("Closed", "grey"),
        NeedStatus.WITHDRAWN: ("Withdrawn", "grey"),
    },
    Side.INNOVATION: {
        InnovationStatus.DRAFT: ("Draft", "grey"),
        InnovationStatus.SUBMITTED: ("Sent in", "blue"),
        InnovationStatus.IN_TRIAGE: ("Being looked at", "blue"),
        InnovationStatus.ACTIVE: ("Active", "green"),
        InnovationStatus.REFERRED: ("Passed on", "purple"),
        InnovationStatus.ARCHIVED: ("Archived", "grey"),
        InnovationStatus.WITHDRAWN: ("Withdrawn", "grey"),
    },
}
_TO_FEW: Final[dict[str, str]] = {
    Visibility.PARTNERS: "NHS partners and the Hub can read this",
    Visibility.HUB_ONLY: "Only the owner and the Hub can read this",
}
VISIBILITIES: Final[Mapping[Side, Mapping[str, str]]] = {
    Side.NEED: {Visibility.PUBLIC: "Everybody can read this", **_TO_FEW},
    # Rivals read no offers here, whatever their visibility; what is public may be told elsewhere.
    Side.INNOVATION: {Visibility.PUBLIC: "NHS partners and the Hub can read this, and may tell everybody of it", **_TO_FEW},
}
READABILITIES: Final[Mapping[str, str]] = {
    Readability.EMPTY: "There is too little text to look for matches. Add more about it.",
    Readability.UNREADABLE: "The text cannot be read as words, so we do not look for matches. Write it again in plain English.",
    Readability.FOREIGN_LANGUAGE: "The text is not in English, so we do not look for matches. Add an English version.",
}
DECISIONS: Final[Mapping[str, str]] = {
    Decided.CONFIRMED: "confirmed this match",
    Decided.REJECTED: "rejected this match",
    Decided.DEFERRED: "set this match aside",
    Decided.UNDONE: "took the decision back",
}
FLAG_KINDS: Final[Mapping[str, str]] = {
    "copied_need": "Copied from the need",
    "many_topics": "Speaks of very many subjects",
    "keyword_stuffing": "Words without sentences",
    "place_list": "A list of places",
    "hidden_text": "Hidden text",
    "instruction": "Speaks to whoever ranks",
    "near_copy": "Nearly the same as another innovation",
    "unread_text": "Not read to the end",
    "foreign_part": "Another language in part",
}
EVENTS: Final[Mapping[str, str]] = {
    "front_door.begun": "Answers begun without an account",
    "front_door.saved": "Answers sent to be claimed by mail",
    "front_door.forgotten": "Answers deleted by who typed them",
    "watch.begun": "Watch begun",
    "watch.changed": "Watch paused, or going on again",
    "watch.ended": "Watch deleted",
    "need.created": "Need written",
    "need.changed": "Need changed",
    "need.opened": "Need opened",
    "need.closed": "Need withdrawn",
    "need.embedded": "Need read for matching",
    "innovation.created": "Innovation written",
    "innovation.changed": "Innovation changed",
    "innovation.embedded": "Innovation read for matching",
    "submission.received": "Innovation sent in",
    "submission.withdrawn": "Innovation withdrawn",
    "submission.assigned": "Submission given to a colleague",
    "submission.snoozed": "Submission put off",
    "submission.woken": "Submission put off no longer",
    "submission.noted": "Note written on a submission",
    "submission.note_deleted": "Note on a submission deleted",
    "view.saved": "View of a list kept",
    "view.deleted": "View of a list deleted",
    "innovation.record_imported": "National record of an innovation brought in",
    "innovation.merged": "Innovation merged into another",
    "innovation.unmerged": "Innovation parted from another",
    "referral.offered": "Innovation offered to a body that helps",
    "referral.accepted": "Body helps",
    "referral.declined": "Body cannot help",
    "referral.closed": "Referral ended",
    "ranking.completed": "Matches looked for",
    "match.confirmed": "Confirmed match announced",
    "match.reversed": "Announced match taken back",
    "proposal.confirmed": "Match confirmed",
    "proposal.rejected": "Match rejected",
    "proposal.deferred": "Match set aside",
    "proposal.skipped": "Match skipped",
    "proposal.undone": "Decision taken back",
    "import.staged": "Import file checked",
    "import.refused": "Import file refused",
    "import.completed": "Import finished",
    "person.created": "Account opened",
    "person.role_granted": "Role given",
    "person.role_revoked": "Role taken away",
    "person.password_set": "Password changed",
    "person.deactivated": "Account closed",
    "session.begun": "Signed in",
    "session.ended": "Signed out",
    "session.role_chosen": "Role chosen to act in",
    "access.refused": "Attempt refused",
    "job.retried": "Failed job tried again",
    "database.restored": "Database restored from a backup",
    "key.created": "Key made",
    "key.revoked": "Key ended",
}


class OutcomeWords(NamedTuple):
    """An outcome on the page where it is given: what it is called, its key, what its button says, and what it means."""

    label: str
    key: str
    button: str
    means: str
    done: str


OUTCOMES: Final[Mapping[str, OutcomeWords]] = {
    OutcomeKind.ACTIVE: OutcomeWords(
        "Active", "a", "Make it active", "It goes on our list, and is compared with every new need.", "You made “{name}” active"
    ),
    OutcomeKind.ASK: OutcomeWords(
        "Ask", "q", "Ask this question", "The innovator is asked. Our clock stops until they answer.", "You asked the innovator of “{name}”"
    ),
    OutcomeKind.REFER: OutcomeWords("Refer", "f", "Refer it", "It is passed on to a body that may help.", "You referred “{name}”"),
    OutcomeKind.ARCHIVE: OutcomeWords(
        "Archive", "x", "Archive it", "We do not take it further now. The letter says why.", "You archived “{name}”"
    ),
}
SUBMISSION_STATES: Final[Mapping[str, tuple[str, str]]] = {
    SubmissionState.WAITING: ("Waits to be read", "blue"),
    SubmissionState.IN_TRIAGE: ("In triage", "blue"),
    SubmissionState.ASKED: ("Innovator was asked", "yellow"),
    SubmissionState.CLOSED: ("Has left triage", "grey"),
}


def read_by(document: Need | Innovation) -> str:
    """Who can read a document; of a draft, who will when it is open or sent in."""
    words = VISIBILITIES[document.side][document.visibility]
    if document.status is InnovationStatus.WITHDRAWN:
        return "It is withdrawn. It is in no list of matches; the Hub still sees it on its record"
    if document.status is InnovationStatus.DRAFT and document.visibility is not Visibility.HUB_ONLY:
        return f"A draft. Once it is sent in: {words}"
    if document.status is not NeedStatus.DRAFT:
        return words
    return f"When it is open: {words if words.startswith('NHS') else words[0].lower() + words[1:]}"


def flag_kind(kind: str) -> str:
    """What a flag is about, in words; a kind without words of its own is shown as it is called."""
    return FLAG_KINDS.get(kind, kind.replace("_", " ").capitalize())


def event(kind: str) -> str:
    """What happened, in words; a kind without words of its own is shown as it is called."""
    return EVENTS.get(kind, kind.replace(".", " ").replace("_", " ").capitalize())


def code(list_name: str, value: str) -> str:
    """The English label of a code; a code that the list no longer has is shown as it is."""
    return labels(list_name).get(value, value)


def criterion(row: Mapping[str, Any]) -> str:
    """A must-have in words, with its value."""
    kind, value = str(row["kind"]), str(row.get("value") or "")
    if kind == "other" and value:
        return value
    lists = {"minimum_stage": "stages", "care_setting": "care_settings"}
    shown = code(lists[kind], value) if kind in lists else value
    name = code("criterion_kinds", kind)
    return f"{name}: {shown}" if shown else name


def day(value: date) -> str:
    """A day as people write it: 3 May 2027; a time counts as its day in England."""
    shown = value.astimezone(LOCAL) if isinstance(value, datetime) else value
    return f"{shown.day} {shown:%B %Y}"


def moment(value: datetime) -> str:
    """A time as people in England write it: 3 May 2027 at 2:05pm."""
    return f"{day(value)} at {clock(value)}"


def clock(value: datetime) -> str:
    """A time of day in England: 2:05pm."""
    return time_of_day(value)


def yes_no(value: bool | None) -> str:
    """Yes, No, or nothing when it was not said."""
    return "" if value is None else ("Yes" if value else "No")
