"""The board's reports, briefs that go into a meeting, many matches at once, needs without an answer and referrals, in their states."""

from datetime import datetime

from sqlalchemy.orm import Session

from api.services.reporting import ReportName
from tests import boards
from tests.browser.cases import Case, Part
from tests.browser.cases.standing import sent_empty as _sent_empty

_REPORT = "/reports/{name}"
_PROPOSAL, _BULK = "/proposals/{proposal_id}", "/proposals/bulk"
_CALL, _STEPS = "/needs/{need_id}/call", "/referrals/{referral_id}/steps"
_MATCH, _NEED = "/proposals/{proposal_id}/brief", "/needs/{need_id}/brief"
_REPORTS = tuple(Case(_REPORT, f"/reports/{name}", "board", name) for name in ReportName)


def _fill(session: Session, at: datetime) -> dict[str, str]:
    return {name: str(each) for name, each in boards.some_months(session, at).items()}


PART = Part(
    cases=(
        Case("/reports", "/reports", "board"),
        *_REPORTS,
        Case(_REPORT, "/reports/needs-by-place", "hub", "as the Hub reads it"),
        Case(_REPORT, "/reports/barriers?since=2020-01-01&until=2020-12-31", "board", "empty"),
        Case(_REPORT, "/reports/barriers?since=2026-12-31&until=2026-01-01", "board", "error"),
        Case("/unmet-needs", "/unmet-needs", "hub"),
        Case("/unmet-needs", "/unmet-needs", "board", "as the board reads it"),
        Case("/unmet-needs", "/unmet-needs?theme=nothing", "leeds", "nothing found"),
        Case(_CALL, "/needs/{board_unmet}/call", "hub"),
        Case(_CALL, "/needs/{board_closed}/call", "hub", "not possible"),
        Case("/referrals", "/referrals", "hub"),
        Case("/referrals", "/referrals?state=closed", "hub", "empty"),
        Case("/referrals", "/referrals", "innovator", "own"),
        Case(_STEPS, "/referrals/{board_referral}/steps", "hub", "asked"),
        Case(_STEPS, "/referrals/{board_referral}/steps", "hub", "error", _sent_empty("Write the answer down")),
        Case(_STEPS, "/referrals/{board_declined}/steps", "hub", "declined"),
        Case(_STEPS, "/referrals/{board_referral}/steps", "innovator", "own"),
        Case("/proposals", "/proposals?state=confirmed", "hub", "confirmed"),
        Case("/proposals", "/proposals?done=rejected&count=2", "hub", "many done"),
        Case(_PROPOSAL, "/proposals/{board_match}", "hub", "announced"),
        Case(_BULK, "/proposals/bulk?do=rejected&chosen={proposal}&chosen={board_match}", "hub", "some refused"),
        Case(_BULK, "/proposals/bulk?do=deferred&chosen={proposal}", "hub", "to set aside"),
        Case(_BULK, "/proposals/bulk?do=deferred&chosen={proposal}", "hub", "error", _sent_empty("Set 1 match aside")),
        Case(_BULK, "/proposals/bulk?do=skipped", "hub", "nothing ticked"),
        Case(_MATCH, "/proposals/{board_match}/brief", "hub", "decided"),
        Case(_MATCH, "/proposals/{proposal}/brief", "hub", "to decide"),
        Case(_MATCH, "/proposals/{board_match}/brief", "leeds", "as a place reads it"),
        Case(_NEED, "/needs/{need}/brief"),
        Case(_NEED, "/needs/{board_need}/brief", "hub", "with matches"),
        Case(_NEED, "/needs/{board_unmet}/brief", "hub", "nothing fits"),
    ),
    fill=_fill,
)
