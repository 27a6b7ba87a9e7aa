"""Which HTTP status each domain error has; and the errors of requests themselves."""

from api.services.accounts import (
    AccountInvalid,
    CrossSiteRefused,
    EmailTaken,
    KeyRefused,
    NotSignedIn,
    ScopeMissing,
    SignInRefused,
    UnknownAccount,
)
from api.services.aligning import AlignmentRefused
from api.services.answering import KeyReused, RequestInFlight
from api.services.asking import NothingAnswered
from api.services.assigning import UnknownColleague
from api.services.attempts import TooManyAttempts
from api.services.bouncing import NotABounce
from api.services.concluding import OutcomeContradicts, Undecided
from api.services.csv_files import ImportFileRefused
from api.services.ending_needs import ResultRefused
from api.services.intake import ExternalIdTaken
from api.services.learning import CannotTrain, NameRefused
from api.services.library import RankingUnavailable
from api.services.limiting import TooManyRequests
from api.services.mailing import AddressRefused, UnsubscribeRefused
from api.services.noting import NoteEmpty
from api.services.proposing import NothingToRank
from api.services.records.schema import SchemaRefused
from api.services.reporting import PeriodInvalid
from api.services.retrying import NotDead
from api.services.stages import PlaceNotConcerned, StageDateRefused
from api.services.staging import AlreadyImported
from models.actors import NotAllowed
from models.base import DomainError
from models.calls import CallDatePassed, CallEnded, CallRefused
from models.decisions import NotUndoable, ReasonMissing
from models.documents import StaleVersion, TransitionRefused
from models.feedback import AnsweredBefore
from models.front_door import DraftGone
from models.joint_needs import JoinRefused, NotJoint
from models.keys import KeyMadeBefore
from models.links import LinkSpent
from models.mail import MailNotSendable
from models.merges import MergeRefused
from models.place_answers import AnswerClosed
from models.proposals import ProposalClosed
from models.queries.documents import NotFound
from models.queries.pages import BadCursor
from models.queries.places import UnknownOrganisation, UnknownPlace
from models.ranker_versions import AlreadyActive, NoWayBack
from models.referrals import BodyAddedBefore, BodyIncomplete, ReferralRefused
from models.saved_views import ViewRefused
from models.sign_offs import ShareRefused, SignOffGiven, SignOffRefused
from models.triage import AlreadyAsked, AskClosed, SnoozeRefused, SubmissionClosed, SubmissionTaken
from models.watches import WatchEmpty, WatchRefused


class MalformedBody(DomainError):
    """The body is not the JSON or the form that it says it is."""


class ForbiddenCharacter(DomainError):
    """A text holds a control character or half a character."""


class WrongMediaType(DomainError):
    """The body is of a kind that this address does not take."""


class BodyTooLarge(DomainError):
    """The body is larger than the service takes."""


class BodyTooSlow(DomainError):
    """The body did not arrive in time."""


class AddressTooLong(DomainError):
    """The address is longer than the service reads."""


class HeadersTooLarge(DomainError):
    """The headers are larger than the service reads."""


class HostUnknown(DomainError):
    """The request asks for a host that the service is not."""


class InvalidRequest(DomainError):
    """A field or parameter is missing, unknown or not as it must be; `errors` says which and why."""


class PreconditionRequired(DomainError):
    """The version that is to be changed was not named by If-Match."""


class DatabaseBusy(DomainError):
    """The database did not answer in time."""


STATUS: dict[type[DomainError], int] = {
    MalformedBody: 400,
    BadCursor: 422,
    ForbiddenCharacter: 422,
    InvalidRequest: 422,
    UnknownPlace: 422,
    UnknownOrganisation: 422,
    ReasonMissing: 422,
    ShareRefused: 422,
    SignOffRefused: 422,
    SignOffGiven: 409,
    PlaceNotConcerned: 422,
    StageDateRefused: 422,
    ResultRefused: 422,
    AccountInvalid: 422,
    NotSignedIn: 401,
    SignInRefused: 401,
    KeyRefused: 401,
    NotAllowed: 403,
    ScopeMissing: 403,
    CrossSiteRefused: 403,
    NotFound: 404,
    UnknownAccount: 404,
    ProposalClosed: 409,
    AnswerClosed: 409,
    SubmissionClosed: 409,
    SubmissionTaken: 409,
    AlreadyAsked: 409,
    AskClosed: 409,
    Undecided: 409,
    OutcomeContradicts: 409,
    NothingAnswered: 422,
    NoteEmpty: 422,
    SnoozeRefused: 422,
    UnknownColleague: 422,
    ViewRefused: 422,
    NotUndoable: 409,
    TransitionRefused: 409,
    ExternalIdTaken: 409,
    MergeRefused: 409,
    JoinRefused: 409,
    NotJoint: 409,
    AlignmentRefused: 422,
    ReferralRefused: 409,
    BodyIncomplete: 422,
    BodyAddedBefore: 409,
    EmailTaken: 409,
    KeyMadeBefore: 409,
    LinkSpent: 410,
    DraftGone: 410,
    StaleVersion: 412,
    BodyTooSlow: 408,
    BodyTooLarge: 413,
    AddressTooLong: 414,
    HostUnknown: 421,
    HeadersTooLarge: 431,
    WrongMediaType: 415,
    TooManyAttempts: 429,
    NothingToRank: 422,
    ImportFileRefused: 422,
    AlreadyImported: 409,
    SchemaRefused: 422,
    RequestInFlight: 409,
    KeyReused: 422,
    PreconditionRequired: 428,
    TooManyRequests: 429,
    NotDead: 409,
    MailNotSendable: 409,
    NotABounce: 422,
    AddressRefused: 422,
    UnsubscribeRefused: 410,
    AnsweredBefore: 409,
    PeriodInvalid: 422,
    CallRefused: 409,
    CallEnded: 409,
    CallDatePassed: 422,
    WatchRefused: 409,
    WatchEmpty: 422,
    DatabaseBusy: 503,
    RankingUnavailable: 503,
    CannotTrain: 409,
    NameRefused: 422,
    AlreadyActive: 409,
    NoWayBack: 409,
}


def status_of(error: type[DomainError]) -> int:
    """The HTTP status of a kind of error; KeyError when the table has none."""
    return next(STATUS[kind] for kind in error.__mro__ if kind in STATUS)
