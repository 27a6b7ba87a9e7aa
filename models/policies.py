"""Who may do what: every action of the product as one policy; `queries.visibility` turns those for reading into SQL."""

from typing import Final

from models.documents import Visibility
from models.events import PIPELINE_KINDS
from models.grants import Grant, Party, Policy, Relation
from models.innovations import SEARCHABLE_STATUSES
from models.keys import Scope
from models.needs import NeedStatus
from models.people import Role
from models.place_answers import QuestionState
from models.proposals import ProposalState

_PARTNERS: Final = (Role.PLACE, Role.PIPELINE, Role.BOARD)
_TO_PARTNERS: Final = frozenset({Visibility.PUBLIC, Visibility.PARTNERS})
_SHOWN: Final = frozenset({NeedStatus.OPEN, NeedStatus.MET, NeedStatus.CLOSED})
_IN_FORCE: Final = frozenset(ProposalState) - {ProposalState.SUPERSEDED}
_MATCHING: Final = tuple(Grant(role) for role in (Role.INNOVATOR, Role.PLACE, Role.PIPELINE, Role.HUB))
_OF_PLACES: Final = (Grant(Role.PLACE, Relation.OWNER), Grant(Role.HUB))
_OF_OFFERERS: Final = (Grant(Role.INNOVATOR, Relation.OWNER), Grant(Role.PIPELINE, Relation.AUTHOR), Grant(Role.HUB))
_NOT_YOUR_NEED: Final = "Only who owns this need, or the Hub, may change it."
_NOT_YOUR_INNOVATION: Final = "Only who owns this innovation, or the Hub, may change it."

# Signing in, health and documentation: who asks makes no difference, and is not looked up.
SERVICE_MEET: Final = Policy("service.meet", Scope.READ, (Grant(Party.ANYBODY),))
# The start page, places, organisations and code lists.
REFERENCE_READ: Final = Policy("reference.read", Scope.READ, (Grant(Party.ANYBODY),))
SELF_READ: Final = Policy("self.read", Scope.READ, (Grant(Party.KNOWN),))
SELF_EXPORT: Final = Policy("self.export", Scope.READ, (Grant(Party.PERSON),))
SELF_DELETE: Final = Policy("self.delete", Scope.WRITE, (Grant(Party.PERSON),))
# Whoever acts in one role goes on holding the others, and may act in them again.
SELF_CHOOSE_ROLE: Final = Policy("self.choose_role", Scope.WRITE, (Grant(Party.PERSON),))
SESSION_END: Final = Policy("session.end", Scope.READ, (Grant(Party.KNOWN),))

# A draft is for those whose need it is; others whom it concerns read it once it is open.
NEED_READ: Final = Policy(
    "need.read",
    Scope.READ,
    (
        Grant(Party.ANYBODY, states=_SHOWN, visibilities=frozenset({Visibility.PUBLIC})),
        *(Grant(role, states=_SHOWN, visibilities=_TO_PARTNERS) for role in _PARTNERS),
        Grant(Role.PLACE, Relation.OWNER),
        Grant(Role.PLACE, Relation.CONCERNED, states=_SHOWN),
        Grant(Role.PIPELINE, Relation.HANDED_ON),
        Grant(Role.HUB),
    ),
)
NEED_CREATE: Final = Policy(
    "need.create",
    Scope.WRITE,
    (Grant(Role.PLACE, Relation.CONCERNED), Grant(Role.HUB)),
    refusal="A need must concern your own place. Add it to the places.",
)
NEED_CHANGE: Final = Policy("need.change", Scope.WRITE, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_SUBMIT: Final = Policy("need.submit", Scope.WRITE, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_WITHDRAW: Final = Policy("need.withdraw", Scope.WRITE, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_MEET: Final = Policy("need.meet", Scope.WRITE, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_CLOSE: Final = Policy("need.close", Scope.WRITE, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_RENEW: Final = Policy("need.renew", Scope.WRITE, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_SUGGEST_CODES: Final = Policy("need.suggest_codes", Scope.READ, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_SHARE: Final = Policy("need.share", Scope.WRITE, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_ADVICE: Final = Policy("need.advice", Scope.READ, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
NEED_MATCH: Final = Policy("need.match", Scope.READ, _MATCHING, sees=NEED_READ)

# Whoever may read a need may join it, with a need of their own; the Hub does it for needs that no place owns.
NEED_BE_JOINED: Final = Policy("need.be_joined", Scope.WRITE, (Grant(Role.PLACE), Grant(Role.HUB)), sees=NEED_READ)
NEED_JOIN: Final = Policy(
    "need.join",
    Scope.WRITE,
    (Grant(Role.PLACE, Relation.OWNER), Grant(Role.HUB, Relation.UNOWNED)),
    sees=NEED_READ,
    refusal="Only who owns a need joins it with others. Propose it to them.",
)
NEED_LEAVE: Final = Policy("need.leave", Scope.WRITE, NEED_JOIN.grants, sees=NEED_READ, refusal="Only who owns a need takes it out again.")
NEED_SIMILAR: Final = Policy("need.similar", Scope.READ, (Grant(Role.PLACE), Grant(Role.HUB)), sees=NEED_READ)
NEED_READ_JOINT: Final = Policy("need.read_joint", Scope.READ, (*(Grant(role) for role in _PARTNERS), Grant(Role.HUB)), sees=NEED_READ)
NEED_READ_PRECEDENTS: Final = Policy(
    "need.read_precedents", Scope.READ, (Grant(Role.PLACE), Grant(Role.BOARD), Grant(Role.HUB)), sees=NEED_READ
)
# The author of a sign-off is the place lead who is named in it.
SIGN_OFF_READ: Final = Policy(
    "sign_off.read", Scope.READ, (Grant(Role.PLACE, Relation.AUTHOR), Grant(Role.PLACE, Relation.OWNER), Grant(Role.HUB))
)
SIGN_OFF_GIVE: Final = Policy(
    "sign_off.give",
    Scope.DECIDE,
    (Grant(Role.PLACE, Relation.AUTHOR),),
    sees=SIGN_OFF_READ,
    refusal="Only whoever was asked signs a need off.",
)
TEXT_SIMILAR: Final = Policy("text.similar", Scope.READ, (Grant(Role.PLACE), Grant(Role.HUB)))
JOINT_NEED_READ: Final = Policy(
    "joint_need.read",
    Scope.READ,
    (*(Grant(role, visibilities=_TO_PARTNERS) for role in _PARTNERS), Grant(Role.PLACE, Relation.CONCERNED), Grant(Role.HUB)),
)
JOINT_NEED_JOIN: Final = Policy("joint_need.join", Scope.WRITE, (Grant(Role.PLACE), Grant(Role.HUB)), sees=JOINT_NEED_READ)
JOINT_NEED_MATCH: Final = Policy(
    "joint_need.match", Scope.READ, (Grant(Role.PLACE), Grant(Role.PIPELINE), Grant(Role.HUB)), sees=JOINT_NEED_READ
)
ALIGNMENT_READ: Final = Policy("alignment.read", Scope.READ, (Grant(Role.HUB),))
ALIGNMENT_DISMISS: Final = Policy("alignment.dismiss", Scope.DECIDE, (Grant(Role.HUB),))
ALIGNMENT_PROPOSE: Final = Policy("alignment.propose", Scope.WRITE, (Grant(Role.HUB),))

# What was handed in without consent is for those who offer it and the Hub, whatever its visibility says.
INNOVATION_READ: Final = Policy(
    "innovation.read",
    Scope.READ,
    (
        *(Grant(role, states=SEARCHABLE_STATUSES, visibilities=_TO_PARTNERS, consented=True) for role in _PARTNERS),
        Grant(Role.PIPELINE, Relation.HANDED_ON),
        *_OF_OFFERERS,
    ),
)
INNOVATION_CREATE: Final = Policy("innovation.create", Scope.WRITE, (Grant(Role.INNOVATOR), Grant(Role.PIPELINE), Grant(Role.HUB)))
INNOVATION_CREATE_FOR: Final = Policy(
    "innovation.create_for_another",
    Scope.WRITE,
    (Grant(Role.PIPELINE), Grant(Role.HUB)),
    refusal="The supplier is your own organisation. Leave the field out.",
)
INNOVATION_GIVE: Final = Policy(
    "innovation.give_to_another",
    Scope.WRITE,
    (Grant(Role.HUB),),
    refusal="Only the Hub may say that another organisation offers this. Leave the supplier out.",
)
INNOVATION_CHANGE: Final = Policy("innovation.change", Scope.WRITE, _OF_OFFERERS, sees=INNOVATION_READ, refusal=_NOT_YOUR_INNOVATION)
INNOVATION_SUBMIT: Final = Policy("innovation.submit", Scope.WRITE, _OF_OFFERERS, sees=INNOVATION_READ, refusal=_NOT_YOUR_INNOVATION)
INNOVATION_WITHDRAW: Final = Policy("innovation.withdraw", Scope.WRITE, _OF_OFFERERS, sees=INNOVATION_READ, refusal=_NOT_YOUR_INNOVATION)
INNOVATION_DELETE: Final = Policy(
    "innovation.delete",
    Scope.WRITE,
    (Grant(Role.INNOVATOR, Relation.OWNER), Grant(Role.HUB)),
    sees=INNOVATION_READ,
    refusal=_NOT_YOUR_INNOVATION,
)
INNOVATION_READ_CONSENT: Final = Policy(
    "innovation.read_consent", Scope.READ, (Grant(Role.INNOVATOR, Relation.OWNER), Grant(Role.HUB)), sees=INNOVATION_READ
)
# The whole national record, with names and addresses of the national service in it.
INNOVATION_READ_RECORD: Final = Policy(
    "innovation.read_record",
    Scope.READ,
    _OF_OFFERERS,
    sees=INNOVATION_READ,
    refusal="Only who owns this innovation, or the Hub, reads its national record.",
)
INNOVATION_SUGGEST_CODES: Final = Policy(
    "innovation.suggest_codes", Scope.READ, _OF_OFFERERS, sees=INNOVATION_READ, refusal=_NOT_YOUR_INNOVATION
)
# How far it has come in which place: partners of what they may read, innovators of their own.
INNOVATION_READ_UPTAKE: Final = Policy(
    "innovation.read_uptake",
    Scope.READ,
    (Grant(Role.INNOVATOR, Relation.OWNER), *(Grant(role) for role in _PARTNERS), Grant(Role.HUB)),
    sees=INNOVATION_READ,
)
INNOVATION_READ_DUPLICATES: Final = Policy("innovation.read_duplicates", Scope.READ, (Grant(Role.HUB),), sees=INNOVATION_READ)
INNOVATION_MERGE: Final = Policy("innovation.merge", Scope.WRITE, (Grant(Role.HUB, but_not=Relation.OFFERER),), sees=INNOVATION_READ)
INNOVATION_READ_HISTORY: Final = Policy("innovation.read_history", Scope.READ, (Grant(Role.HUB),), sees=INNOVATION_READ)
INNOVATION_READ_ROUTES: Final = Policy("innovation.read_routes", Scope.READ, _OF_OFFERERS, sees=INNOVATION_READ)
INNOVATION_MATCH: Final = Policy("innovation.match", Scope.READ, _MATCHING, sees=INNOVATION_READ)

TEXT_MATCH: Final = Policy("text.match", Scope.READ, _MATCHING)
TEXT_SUGGEST_CODES: Final = Policy("text.suggest_codes", Scope.READ, _MATCHING)
MATCH_READ_PROBABILITY: Final = Policy("match.read_probability", Scope.READ, tuple(Grant(role) for role in (*_PARTNERS, Role.HUB)))
MATCH_READ_FLAGS: Final = Policy("match.read_flags", Scope.READ, (Grant(Role.HUB),))

PROPOSAL_READ: Final = Policy(
    "proposal.read",
    Scope.READ,
    (
        Grant(Role.PLACE, Relation.CONCERNED, states=_IN_FORCE),
        Grant(Role.PLACE, Relation.ASKED, states=frozenset({ProposalState.CONFIRMED})),
        Grant(Role.PIPELINE, Relation.HANDED_ON),
        Grant(Role.HUB),
    ),
)
PROPOSAL_DECIDE: Final = Policy("proposal.decide", Scope.DECIDE, (Grant(Role.HUB, but_not=Relation.OFFERER),), sees=PROPOSAL_READ)
PROPOSAL_SKIP: Final = Policy("proposal.skip", Scope.DECIDE, (Grant(Role.HUB),), sees=PROPOSAL_READ)
PROPOSAL_UNDO: Final = Policy("proposal.undo", Scope.DECIDE, (Grant(Role.HUB),), sees=PROPOSAL_READ)

PROPOSAL_STAGE: Final = Policy(
    "proposal.stage",
    Scope.WRITE,
    (
        Grant(Role.PLACE, Relation.CONCERNED, but_not=Relation.OFFERER),
        Grant(Role.PLACE, Relation.ASKED, but_not=Relation.OFFERER),
        Grant(Role.PIPELINE, Relation.HANDED_ON),
        Grant(Role.HUB, but_not=Relation.OFFERER),
    ),
    sees=PROPOSAL_READ,
    refusal="A place says how far a match has come with itself. Name your own place.",
)

# A place answers for itself; the Hub for a place that told it, or for West Yorkshire as one voice.
PLACE_ANSWER_READ: Final = Policy(
    "place_answer.read",
    Scope.READ,
    (Grant(Role.PLACE, Relation.OWNER, states=frozenset(QuestionState) - {QuestionState.HELD}), Grant(Role.HUB)),
)
PLACE_ANSWER_GIVE: Final = Policy(
    "place_answer.give",
    Scope.DECIDE,
    (Grant(Role.PLACE, Relation.OWNER, but_not=Relation.OFFERER), Grant(Role.HUB, but_not=Relation.OFFERER)),
    sees=PLACE_ANSWER_READ,
)

SUBMISSION_READ: Final = Policy("submission.read", Scope.READ, (Grant(Role.HUB),))
SUBMISSION_TAKE: Final = Policy("submission.take", Scope.DECIDE, (Grant(Role.HUB),), sees=SUBMISSION_READ)
SUBMISSION_DECIDE: Final = Policy("submission.decide", Scope.DECIDE, (Grant(Role.HUB, but_not=Relation.OFFERER),), sees=SUBMISSION_READ)
# What staff note for each other is for nobody else, whoever offers the innovation.
SUBMISSION_READ_NOTES: Final = Policy("submission.read_notes", Scope.READ, (Grant(Role.HUB),), sees=SUBMISSION_READ)
SUBMISSION_NOTE: Final = Policy("submission.note", Scope.WRITE, (Grant(Role.HUB),), sees=SUBMISSION_READ)
# A view is a list with its filters: it shows nothing that the list does not show.
VIEW_READ: Final = Policy("view.read", Scope.READ, (Grant(Party.PERSON, Relation.AUTHOR),))
VIEW_SAVE: Final = Policy("view.save", Scope.WRITE, (Grant(Party.PERSON),))
VIEW_DELETE: Final = Policy("view.delete", Scope.WRITE, (Grant(Party.PERSON, Relation.AUTHOR),), sees=VIEW_READ)
# A submission is answered by those who offer the innovation; the Hub writes down what it was told by telephone.
SUBMISSION_ANSWER: Final = Policy("submission.answer", Scope.WRITE, _OF_OFFERERS, sees=INNOVATION_READ, refusal=_NOT_YOUR_INNOVATION)
INNOVATION_READ_STATUS: Final = Policy(
    "innovation.read_status",
    Scope.READ,
    _OF_OFFERERS,
    sees=INNOVATION_READ,
    refusal="Only who owns this innovation, or the Hub, follows it.",
)

# The bodies that help are public knowledge; where offers are mailed to is for the Hub alone.
BODY_READ: Final = Policy("body.read", Scope.READ, (Grant(Party.KNOWN),))
BODY_READ_ADDRESS: Final = Policy("body.read_address", Scope.READ, (Grant(Role.HUB),))
BODY_MANAGE: Final = Policy("body.manage", Scope.WRITE, (Grant(Role.LEAD),))
# The pipeline has the referrals to the health innovation network, which runs it.
REFERRAL_READ: Final = Policy(
    "referral.read", Scope.READ, (Grant(Role.INNOVATOR, Relation.OWNER), Grant(Role.PIPELINE, Relation.HANDED_ON), Grant(Role.HUB))
)
REFERRAL_OFFER: Final = Policy("referral.offer", Scope.WRITE, (Grant(Role.HUB),), sees=INNOVATION_READ)
REFERRAL_ANSWER: Final = Policy(
    "referral.answer",
    Scope.WRITE,
    (Grant(Role.PIPELINE, Relation.HANDED_ON), Grant(Role.HUB)),
    sees=REFERRAL_READ,
    refusal="The body that was asked answers, by the link in its mail, or the Hub for it.",
)
REFERRAL_CLOSE: Final = Policy("referral.close", Scope.WRITE, (Grant(Role.HUB),), sees=REFERRAL_READ)

# What nothing answers is told to those who may do something about it; everybody else reads the calls.
UNMET_READ: Final = Policy("unmet.read", Scope.READ, (*(Grant(role) for role in _PARTNERS), Grant(Role.HUB)))
# A call says what its need says, to those who may read that.
CALL_READ: Final = Policy("call.read", Scope.READ, NEED_READ.grants)
CALL_PUBLISH: Final = Policy("call.publish", Scope.WRITE, _OF_PLACES, sees=NEED_READ, refusal=_NOT_YOUR_NEED)
CALL_CLOSE: Final = Policy("call.close", Scope.WRITE, _OF_PLACES, sees=CALL_READ, refusal=_NOT_YOUR_NEED)
CALL_READ_CANDIDATES: Final = Policy(
    "call.read_candidates",
    Scope.READ,
    (Grant(Role.PLACE, Relation.CONCERNED), Grant(Role.HUB)),
    sees=CALL_READ,
    refusal="What comes in for a call is for the places whose need it is, and the Hub.",
)
# Watches are people's own; what others offer is watched by those who may read it.
WATCH_READ: Final = Policy("watch.read", Scope.READ, (Grant(Party.PERSON, Relation.AUTHOR),))
WATCH_CREATE: Final = Policy("watch.create", Scope.WRITE, (Grant(Party.PERSON),))
WATCH_CREATE_FOR_INNOVATIONS: Final = Policy(
    "watch.create_for_innovations",
    Scope.WRITE,
    (Grant(Role.PLACE), Grant(Role.HUB)),
    refusal="New innovations are watched by places and the Hub. Watch needs instead.",
)
WATCH_CHANGE: Final = Policy("watch.change", Scope.WRITE, (Grant(Party.PERSON, Relation.AUTHOR),), sees=WATCH_READ)
WATCH_END: Final = Policy("watch.end", Scope.WRITE, (Grant(Party.PERSON, Relation.AUTHOR),), sees=WATCH_READ)
OWN_NEEDS_READ: Final = Policy("own_needs.read", Scope.READ, (Grant(Role.INNOVATOR),))

EVENT_READ: Final = Policy("event.read", Scope.EVENTS, (Grant(Role.PIPELINE, states=PIPELINE_KINDS), Grant(Role.HUB)))
ACTIVITY_READ: Final = Policy("activity.read", Scope.EVENTS, (Grant(Role.HUB),))  # the page names who did it

IMPORT_START: Final = Policy("import.start", Scope.IMPORT, (Grant(Role.PLACE), Grant(Role.PIPELINE), Grant(Role.HUB)))
NEED_IMPORT: Final = Policy("need.import", Scope.IMPORT, NEED_CREATE.grants)
INNOVATION_IMPORT: Final = Policy("innovation.import", Scope.IMPORT, INNOVATION_CREATE_FOR.grants)
IMPORT_READ: Final = Policy(
    "import.read",
    Scope.IMPORT,
    (Grant(Role.PLACE, Relation.AUTHOR), Grant(Role.PIPELINE, Relation.AUTHOR), Grant(Role.HUB)),
)

# The five answers are for everybody; who has an account makes no difference to what is said.
FRONT_DOOR_ASK: Final = Policy("front_door.ask", Scope.READ, (Grant(Party.ANYBODY),))
FRONT_DOOR_SAVE: Final = Policy("front_door.save", Scope.WRITE, (Grant(Party.ANYBODY),))
LINK_ASK: Final = Policy("link.ask", Scope.WRITE, (Grant(Party.ANYBODY),))
LINK_OPEN: Final = Policy("link.open", Scope.WRITE, (Grant(Party.ANYBODY),))
_OF_INVITERS: Final = (Grant(Role.INNOVATOR, Relation.OWNER), Grant(Role.PLACE, Relation.OWNER), Grant(Role.LEAD))
INVITATION_READ: Final = Policy("invitation.read", Scope.READ, _OF_INVITERS)
INVITATION_CREATE: Final = Policy(
    "invitation.create",
    Scope.WRITE,
    _OF_INVITERS,
    refusal="You may invite people to your own organisation or place. Ask the Hub lead for other roles.",
)
INVITATION_TAKE_BACK: Final = Policy("invitation.take_back", Scope.WRITE, _OF_INVITERS, sees=INVITATION_READ)

# What a mail says is for staff to see when it did not arrive; who opens a link in it is not.
MAIL_READ: Final = Policy("mail.read", Scope.READ, (Grant(Role.HUB),))
MAIL_SEND: Final = Policy("mail.send_again", Scope.WRITE, (Grant(Role.LEAD),))
MAIL_BOUNCE: Final = Policy("mail.bounce", Scope.WRITE, (Grant(Role.LEAD),))
# The link in a mail says whose mail it is.
MAIL_UNSUBSCRIBE: Final = Policy("mail.unsubscribe", Scope.WRITE, (Grant(Party.ANYBODY),))
MAIL_PREFERENCE_READ: Final = Policy("mail_preference.read", Scope.READ, (Grant(Party.PERSON),))
MAIL_PREFERENCE_CHANGE: Final = Policy("mail_preference.change", Scope.WRITE, (Grant(Party.PERSON),))

JOB_READ: Final = Policy("job.read", Scope.READ, (Grant(Role.HUB),))
JOB_RETRY: Final = Policy("job.retry", Scope.WRITE, (Grant(Role.LEAD),))
METRICS_READ: Final = Policy("metrics.read", Scope.METRICS, (Grant(Role.PIPELINE), Grant(Role.BOARD), Grant(Role.HUB)))
REPORT_READ: Final = Policy("report.read", Scope.READ, (Grant(Role.BOARD), Grant(Role.HUB)))
RANKER_READ: Final = Policy("ranker.read", Scope.READ, (Grant(Role.LEAD),))
RANKER_MANAGE: Final = Policy("ranker.manage", Scope.WRITE, (Grant(Role.LEAD),))
AUDIT_READ: Final = Policy("audit.read", Scope.EVENTS, (Grant(Role.LEAD),))
ORGANISATION_DESCRIBE: Final = Policy(
    "organisation.describe",
    Scope.WRITE,
    (Grant(Role.INNOVATOR, Relation.OWNER), Grant(Role.HUB)),
    refusal="Only its own people, or the Hub, may say how large an organisation is and where it is at home.",
)
ORGANISATION_CONFIRM: Final = Policy("organisation.confirm", Scope.WRITE, (Grant(Role.HUB),))
ACCOUNT_READ: Final = Policy("account.read", Scope.READ, (Grant(Role.LEAD),))
KEY_READ: Final = Policy("key.read", Scope.READ, (Grant(Role.LEAD),))
ACCOUNT_MANAGE: Final = Policy("account.manage", Scope.WRITE, (Grant(Role.LEAD),))
KEY_MANAGE: Final = Policy("key.manage", Scope.WRITE, (Grant(Role.LEAD),))

POLICIES: Final = {policy.name: policy for policy in tuple(globals().values()) if isinstance(policy, Policy)}
