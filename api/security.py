"""Who is asking, and whether they may: keys and sign-ins become actors, and every route names the one it takes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from api.browsers import COOKIE, idle_limit, session_token
from api.db import Database
from api.services import accounts
from api.services.accounts import CrossSiteRefused, KeyRefused, NotSignedIn, ScopeMissing
from api.services.limiting import Limits
from api.settings import Settings
from models import policies
from models.actors import ANONYMOUS, Actor
from models.grants import Policy
from models.people import Role

CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf_token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")

_bearer = HTTPBearer(auto_error=False, scheme_name="Key", description="A machine's key: `Authorization: Bearer mk_…`.")


class _SessionCookie(APIKeyCookie):
    """The cookie of a sign-in, under the name that it has with these settings."""

    async def __call__(self, request: HTTPConnection) -> str | None:
        """The token, None for none."""
        return session_token(request) or None


_cookie = _SessionCookie(
    name=COOKIE,
    auto_error=False,
    scheme_name="SignIn",
    description=f"The cookie of POST /api/v1/session. Changes also carry the header {CSRF_HEADER} with that answer's csrf_token.",
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request's actor; a signed-in browser's forms must carry `csrf_token`, and `held` are all roles of its person."""

    actor: Actor
    csrf_token: str = ""
    held: frozenset[Role] = frozenset()


def same_origin(request: Request) -> None:
    """Refuse a change that another site's page sent; raises CrossSiteRefused.

    Browsers say where a request comes from, and programs say nothing.
    """
    settings: Settings = request.app.state.settings
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    schemes = {"https"} if settings.secure_cookies else {"http", "https"}
    foreign = origin is not None and (not (place := _place_of(origin, schemes)) or place != request.headers.get("host"))
    if foreign or site not in (None, "same-origin", "none"):
        raise CrossSiteRefused("This came from another site. Open the page of this service and send it from there.")


def _place_of(origin: str, schemes: Collection[str]) -> str:
    """Host and port of an origin; empty for what is none, such as the `null` of a page without one."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc if parts.scheme in schemes else ""


async def _csrf_token_sent(request: Request) -> str:
    if request.method in _SAFE_METHODS or not session_token(request):
        return ""
    if (token := request.headers.get(CSRF_HEADER)) is not None:
        return token
    if request.headers.get("content-type", "").startswith(_FORM_TYPES):
        return str((await request.form()).get(CSRF_FIELD, ""))
    return ""


def visit(
    request: Request,
    csrf_token: Annotated[str, Depends(_csrf_token_sent)],
    key: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    cookie: Annotated[str | None, Security(_cookie)],
) -> Visit:
    """Who sent the request: a key before a cookie; nobody when there is neither, or the sign-in is over."""
    database: Database = request.app.state.database
    now = datetime.now(UTC)
    found = Visit(ANONYMOUS)
    if "authorization" in request.headers:
        if key is None:
            raise KeyRefused("Send the key as 'Authorization: Bearer mk_…'.")
        try:
            with database.reading() as session:
                found = Visit(accounts.actor_of_key(session, key.credentials, at=now))
        except KeyRefused:
            _count(request, ANONYMOUS)  # who guesses is nobody we know
            raise
    elif cookie:
        found = _signed_in(request, cookie, at=now)
    request.state.actor, request.state.actor_name = found.actor, found.actor.name  # for log and audit, also of what is refused below
    if found.csrf_token and request.method not in _SAFE_METHODS:
        same_origin(request)
        accounts.check_csrf_token(found.csrf_token, csrf_token)
    _count(request, found.actor)  # after the token: what another site sends in a person's name is not theirs
    return found


def _count(request: Request, actor: Actor) -> None:
    """Count the request among those of its actor; raises TooManyRequests."""
    limits: Limits = request.app.state.limits
    endpoint, address = request.scope["endpoint"], request.client.host if request.client else ""
    limits.count(actor, address=address, method=request.method, route=f"{endpoint.__module__}.{endpoint.__name__}")


def _signed_in(request: Request, token: str, *, at: datetime) -> Visit:
    """Whom a session's token signs in; a new token, when it is time for one, goes with the answer (`api.edges`)."""
    database: Database = request.app.state.database
    with database.reading() as session:
        known = accounts.actor_of_session(session, token, at=at, idle=idle_limit(request.app.state.settings))
    if known is None:
        return Visit(ANONYMOUS)
    if known.news:
        with database.transaction() as session:
            request.state.renewed = accounts.keep_alive(session, token, at=at)
    return Visit(known.actor, known.csrf_token, known.held)


CurrentVisit = Annotated[Visit, Depends(visit)]


@dataclass(frozen=True, slots=True)
class Door:
    """Lets in whom a policy admits, with a key of its scope; the service then asks the policy about the row."""

    policy: Policy

    def __call__(self, visit: CurrentVisit) -> Actor:
        """The actor; raises NotSignedIn, NotAllowed or ScopeMissing."""
        actor, scope = visit.actor, self.policy.scope
        if not actor.is_known:
            if not self.policy.admits(actor):
                raise NotSignedIn("Sign in, or send a key.")
            return actor
        self.policy.admit(actor)
        if scope not in actor.scopes:
            raise ScopeMissing(f"This key was not made to {scope}. Ask the Hub lead for one with the scope '{scope}'.")
        return actor


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """Lets everybody in without looking who it is; even a key that is none makes no difference."""

    policy: Policy

    def __call__(self) -> Actor:
        """Nobody."""
        return ANONYMOUS


Nobody = Annotated[Actor, Depends(OpenDoor(policies.SERVICE_MEET))]
Anyone = Annotated[Actor, Depends(Door(policies.REFERENCE_READ))]
SignedInActor = Annotated[Actor, Depends(Door(policies.SELF_READ))]
Leaver = Annotated[Actor, Depends(Door(policies.SESSION_END))]
NeedReader = Annotated[Actor, Depends(Door(policies.NEED_READ))]
NeedWriter = Annotated[Actor, Depends(Door(policies.NEED_CREATE))]
NeedChanger = Annotated[Actor, Depends(Door(policies.NEED_CHANGE))]
NeedSubmitter = Annotated[Actor, Depends(Door(policies.NEED_SUBMIT))]
NeedWithdrawer = Annotated[Actor, Depends(Door(policies.NEED_WITHDRAW))]
NeedMeeter = Annotated[Actor, Depends(Door(policies.NEED_MEET))]
NeedCloser = Annotated[Actor, Depends(Door(policies.NEED_CLOSE))]
NeedRenewer = Annotated[Actor, Depends(Door(policies.NEED_RENEW))]
NeedSharer = Annotated[Actor, Depends(Door(policies.NEED_SHARE))]
SignOffReader = Annotated[Actor, Depends(Door(policies.SIGN_OFF_READ))]
SignOffGiver = Annotated[Actor, Depends(Door(policies.SIGN_OFF_GIVE))]
NeedAdvised = Annotated[Actor, Depends(Door(policies.NEED_ADVICE))]
NeedMatcher = Annotated[Actor, Depends(Door(policies.NEED_MATCH))]
NeedComparer = Annotated[Actor, Depends(Door(policies.NEED_SIMILAR))]
TextComparer = Annotated[Actor, Depends(Door(policies.TEXT_SIMILAR))]
NeedJoiner = Annotated[Actor, Depends(Door(policies.NEED_BE_JOINED))]
NeedJointReader = Annotated[Actor, Depends(Door(policies.NEED_READ_JOINT))]
NeedLeaver = Annotated[Actor, Depends(Door(policies.NEED_LEAVE))]
JointNeedReader = Annotated[Actor, Depends(Door(policies.JOINT_NEED_READ))]
JointNeedJoiner = Annotated[Actor, Depends(Door(policies.JOINT_NEED_JOIN))]
JointNeedMatcher = Annotated[Actor, Depends(Door(policies.JOINT_NEED_MATCH))]
AlignmentReader = Annotated[Actor, Depends(Door(policies.ALIGNMENT_READ))]
AlignmentDismisser = Annotated[Actor, Depends(Door(policies.ALIGNMENT_DISMISS))]
AlignmentProposer = Annotated[Actor, Depends(Door(policies.ALIGNMENT_PROPOSE))]
NeedCoder = Annotated[Actor, Depends(Door(policies.NEED_SUGGEST_CODES))]
InnovationReader = Annotated[Actor, Depends(Door(policies.INNOVATION_READ))]
InnovationWriter = Annotated[Actor, Depends(Door(policies.INNOVATION_CREATE))]
InnovationChanger = Annotated[Actor, Depends(Door(policies.INNOVATION_CHANGE))]
InnovationSubmitter = Annotated[Actor, Depends(Door(policies.INNOVATION_SUBMIT))]
InnovationWithdrawer = Annotated[Actor, Depends(Door(policies.INNOVATION_WITHDRAW))]
InnovationMatcher = Annotated[Actor, Depends(Door(policies.INNOVATION_MATCH))]
RecordImporter = Annotated[Actor, Depends(Door(policies.INNOVATION_IMPORT))]
RecordReader = Annotated[Actor, Depends(Door(policies.INNOVATION_READ_RECORD))]
UptakeReader = Annotated[Actor, Depends(Door(policies.INNOVATION_READ_UPTAKE))]
InnovationComparer = Annotated[Actor, Depends(Door(policies.INNOVATION_READ_DUPLICATES))]
Merger = Annotated[Actor, Depends(Door(policies.INNOVATION_MERGE))]
HistoryReader = Annotated[Actor, Depends(Door(policies.INNOVATION_READ_HISTORY))]
RouteReader = Annotated[Actor, Depends(Door(policies.INNOVATION_READ_ROUTES))]
BodyReader = Annotated[Actor, Depends(Door(policies.BODY_READ))]
BodyKeeper = Annotated[Actor, Depends(Door(policies.BODY_MANAGE))]
ReferralReader = Annotated[Actor, Depends(Door(policies.REFERRAL_READ))]
Referrer = Annotated[Actor, Depends(Door(policies.REFERRAL_OFFER))]
ReferralAnswerer = Annotated[Actor, Depends(Door(policies.REFERRAL_ANSWER))]
ReferralCloser = Annotated[Actor, Depends(Door(policies.REFERRAL_CLOSE))]
InnovationCoder = Annotated[Actor, Depends(Door(policies.INNOVATION_SUGGEST_CODES))]
Matcher = Annotated[Actor, Depends(Door(policies.TEXT_MATCH))]
TextCoder = Annotated[Actor, Depends(Door(policies.TEXT_SUGGEST_CODES))]
Reviewer = Annotated[Actor, Depends(Door(policies.PROPOSAL_READ))]
HubStaff = Annotated[Actor, Depends(Door(policies.PROPOSAL_DECIDE))]
Skipper = Annotated[Actor, Depends(Door(policies.PROPOSAL_SKIP))]
Undoer = Annotated[Actor, Depends(Door(policies.PROPOSAL_UNDO))]
Stager = Annotated[Actor, Depends(Door(policies.PROPOSAL_STAGE))]
PlaceAnswerReader = Annotated[Actor, Depends(Door(policies.PLACE_ANSWER_READ))]
PlaceAnswerer = Annotated[Actor, Depends(Door(policies.PLACE_ANSWER_GIVE))]
SubmissionReader = Annotated[Actor, Depends(Door(policies.SUBMISSION_READ))]
SubmissionTaker = Annotated[Actor, Depends(Door(policies.SUBMISSION_TAKE))]
SubmissionDecider = Annotated[Actor, Depends(Door(policies.SUBMISSION_DECIDE))]
NoteReader = Annotated[Actor, Depends(Door(policies.SUBMISSION_READ_NOTES))]
NoteWriter = Annotated[Actor, Depends(Door(policies.SUBMISSION_NOTE))]
ViewReader = Annotated[Actor, Depends(Door(policies.VIEW_READ))]
ViewSaver = Annotated[Actor, Depends(Door(policies.VIEW_SAVE))]
ViewDeleter = Annotated[Actor, Depends(Door(policies.VIEW_DELETE))]
SubmissionAnswerer = Annotated[Actor, Depends(Door(policies.SUBMISSION_ANSWER))]
StatusReader = Annotated[Actor, Depends(Door(policies.INNOVATION_READ_STATUS))]
FrontDoorVisitor = Annotated[Actor, Depends(Door(policies.FRONT_DOOR_ASK))]
FrontDoorSaver = Annotated[Actor, Depends(Door(policies.FRONT_DOOR_SAVE))]
LinkAsker = Annotated[Actor, Depends(Door(policies.LINK_ASK))]
LinkOpener = Annotated[Actor, Depends(Door(policies.LINK_OPEN))]
InnovationDeleter = Annotated[Actor, Depends(Door(policies.INNOVATION_DELETE))]
SelfExporter = Annotated[Actor, Depends(Door(policies.SELF_EXPORT))]
RoleChooser = Annotated[Actor, Depends(Door(policies.SELF_CHOOSE_ROLE))]
SelfDeleter = Annotated[Actor, Depends(Door(policies.SELF_DELETE))]
OrganisationDescriber = Annotated[Actor, Depends(Door(policies.ORGANISATION_DESCRIBE))]
OrganisationConfirmer = Annotated[Actor, Depends(Door(policies.ORGANISATION_CONFIRM))]
AccountReader = Annotated[Actor, Depends(Door(policies.ACCOUNT_READ))]
AccountManager = Annotated[Actor, Depends(Door(policies.ACCOUNT_MANAGE))]
KeyReader = Annotated[Actor, Depends(Door(policies.KEY_READ))]
KeyManager = Annotated[Actor, Depends(Door(policies.KEY_MANAGE))]
InvitationReader = Annotated[Actor, Depends(Door(policies.INVITATION_READ))]
Inviter = Annotated[Actor, Depends(Door(policies.INVITATION_CREATE))]
InvitationTaker = Annotated[Actor, Depends(Door(policies.INVITATION_TAKE_BACK))]
EventReader = Annotated[Actor, Depends(Door(policies.EVENT_READ))]
ActivityReader = Annotated[Actor, Depends(Door(policies.ACTIVITY_READ))]
Importer = Annotated[Actor, Depends(Door(policies.IMPORT_START))]
ImportReader = Annotated[Actor, Depends(Door(policies.IMPORT_READ))]
Unsubscriber = Annotated[Actor, Depends(OpenDoor(policies.MAIL_UNSUBSCRIBE))]
MailReader = Annotated[Actor, Depends(Door(policies.MAIL_READ))]
MailSender = Annotated[Actor, Depends(Door(policies.MAIL_SEND))]
BounceTeller = Annotated[Actor, Depends(Door(policies.MAIL_BOUNCE))]
MailPreferenceReader = Annotated[Actor, Depends(Door(policies.MAIL_PREFERENCE_READ))]
MailPreferrer = Annotated[Actor, Depends(Door(policies.MAIL_PREFERENCE_CHANGE))]
JobReader = Annotated[Actor, Depends(Door(policies.JOB_READ))]
JobRetrier = Annotated[Actor, Depends(Door(policies.JOB_RETRY))]
MetricsReader = Annotated[Actor, Depends(Door(policies.METRICS_READ))]
ReportReader = Annotated[Actor, Depends(Door(policies.REPORT_READ))]
PrecedentReader = Annotated[Actor, Depends(Door(policies.NEED_READ_PRECEDENTS))]
RankerReader = Annotated[Actor, Depends(Door(policies.RANKER_READ))]
RankerManager = Annotated[Actor, Depends(Door(policies.RANKER_MANAGE))]
AuditReader = Annotated[Actor, Depends(Door(policies.AUDIT_READ))]
UnmetReader = Annotated[Actor, Depends(Door(policies.UNMET_READ))]
CallReader = Annotated[Actor, Depends(Door(policies.CALL_READ))]
CallPublisher = Annotated[Actor, Depends(Door(policies.CALL_PUBLISH))]
CallCloser = Annotated[Actor, Depends(Door(policies.CALL_CLOSE))]
CandidateReader = Annotated[Actor, Depends(Door(policies.CALL_READ_CANDIDATES))]
WatchReader = Annotated[Actor, Depends(Door(policies.WATCH_READ))]
WatchBeginner = Annotated[Actor, Depends(Door(policies.WATCH_CREATE))]
WatchChanger = Annotated[Actor, Depends(Door(policies.WATCH_CHANGE))]
WatchEnder = Annotated[Actor, Depends(Door(policies.WATCH_END))]
OwnNeedsReader = Annotated[Actor, Depends(Door(policies.OWN_NEEDS_READ))]
