"""What happened, in words: every kind of event, what each is about, and where that is shown."""

from collections.abc import Mapping
from typing import Final

from api.pages import wording

KINDS: Final[Mapping[str, str]] = {
    **wording.EVENTS,
    "alignment.dismissed": "Group of like needs put aside",
    "alignment.proposed": "Joining proposed to owners",
    "audit.head_kept": "End of the chain kept",
    "body.added": "Body that helps added",
    "body.changed": "Body that helps changed",
    "call.closed": "Call closed",
    "call.published": "Call published",
    "feedback.given": "Feedback on a letter",
    "front_door.saved": "Answers kept at the front door",
    "innovation.deleted": "Innovation deleted",
    "innovation.erased": "Innovation erased",
    "mail.bounced": "Mail came back",
    "mail.sent_again": "Mail sent again",
    "need.joined": "Need joined with others",
    "need.left": "Need taken out of a joint one",
    "need.met": "Need met",
    "need.renewed": "Need renewed",
    "organisation.confirmed": "Organisation confirmed",
    "organisation.described": "Size and home of an organisation kept",
    "person.erased": "Account erased",
    "person.invited": "Somebody invited",
    "person.link_asked": "Link to sign in asked for",
    "person.link_sent": "Link to sign in sent",
    "person.mail_stopped": "Mail about what is new stopped",
    "person.mail_wanted": "Mail about what is new wanted",
    "person.reopened": "Account opened again",
    "person.uninvited": "Invitation taken back",
    "place.answered": "Place answered",
    "place.asked": "Place asked",
    "place.held": "Place told of an innovation that it knows",
    "proposal.lapsed": "Match lapsed",
    "ranker.activated": "Ranker put to work",
    "ranker.rolled_back": "Ranker gone back from",
    "ranker.trained": "Ranker trained",
    "stage.changed": "Stage of a match changed",
    "submission.answered": "Question answered",
    "submission.asked": "Question asked",
    "submission.given_back": "Submission given back",
    "submission.outcome": "Outcome of a submission",
    "submission.taken": "Submission taken",
    "submission.undone": "Outcome taken back",
    "watch.begun": "Watch begun",
    "watch.changed": "Watch changed",
    "watch.ended": "Watch ended",
}
# what an event is about -> (what that is called, where it is shown, empty for what has no page)
SUBJECTS: Final[Mapping[str, tuple[str, str]]] = {
    "need": ("Need", "/needs"),
    "innovation": ("Innovation", "/innovations"),
    "proposal": ("Match", "/proposals"),
    "submission": ("Submission", "/triage"),
    "person": ("Person", "/people"),
    "organisation": ("Organisation", "/organisations"),
    "body": ("Body that helps", "/bodies"),
    "message": ("Mail", "/mail"),
    "invitation": ("Invitation", ""),
    "key": ("Key", ""),
    "ranker": ("Ranker", ""),
    "job": ("Work that failed", ""),
    "import": ("File brought in", ""),
}


def happened(kind: str) -> str:
    """What happened; a kind without words of its own is shown as it is called."""
    return KINDS.get(kind, kind.replace(".", " ").replace("_", " ").capitalize())
