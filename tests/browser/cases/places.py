"""What a place team does: questions and answers, stages, needs written, joined, renewed and ended; and the Hub's view of what aligns."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from api.services import accounts, ending_needs, intake, signing_off, stages
from api.services.content import NeedContent
from api.services.ending_needs import Result
from api.services.stages import Step
from models.actors import SYSTEM
from models.decisions import Reason, ReasonCode
from models.documents import Revision, Side, Visibility
from models.needs import NeedStatus
from models.people import Role
from models.pipeline import PipelineStage
from models.queries import people
from models.sign_offs import SignOffVerdict
from models.working_days import day_of
from tests import factories, joint_needs, place_answers, sign_offs
from tests.browser.cases import Case, Part
from tests.browser.cases.standing import sent_empty
from tests.walk import ADHD_NEED

ANSWERS, ANSWER, STAGES = "/place-answers", "/place-answers/{place_answer_id}", "/proposals/{proposal_id}/stages"
NEED, END, SIMILAR = "/needs/{need_id}", "/needs/{need_id}/end", "/needs/{need_id}/similar"
TOGETHER, SIGN_OFF, SHARED = "/needs/{need_id}/together", "/sign-offs/{sign_off_id}", "/shared-needs/{token}"
JOINT, ALIGNMENT = "/joint-needs/{joint_need_id}", "/alignment"
_FOUR = {
    "Whose problem is it?": "Adults in Leeds who were referred for an ADHD assessment",
    "What goes wrong?": "Grown-ups wait for years to learn whether they have ADHD, since each assessment takes many appointments.",
    "What would better look like?": "A decision within eighteen weeks",
    "How would we know?": "People waiting",
    "Title": "Adults wait for an ADHD diagnosis",
}


def unfolded(summary: str, button: str) -> Callable[[Page], None]:
    """Open a part of the page and press its button with nothing in its fields."""

    def act(page: Page) -> None:
        fold = page.locator("details", has=page.locator("summary", has_text=re.compile(f"^\\s*{summary}"))).last
        if fold.get_attribute("open") is None:
            fold.locator("summary").click()
        fold.get_by_role("button", name=button).click()
        expect(page).to_have_title(re.compile("^Error: "))

    return act


def checked(page: Page) -> None:
    """Fill the four answers in and have them looked at."""
    for label, text in _FOUR.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Check what I wrote").click()
    expect(page.get_by_role("heading", name="What strikes us")).to_be_visible()


def looked_first(page: Page) -> None:
    """Fill the four answers in and open the need, so that the similar ones are shown before."""
    for label, text in _FOUR.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Open this need").click()
    expect(page.get_by_role("heading", name="Before you open it")).to_be_visible()


def untitled(page: Page) -> None:
    """Take the title away and save."""
    page.get_by_label("Title").fill("")
    page.get_by_role("button", name="Save my words").click()
    expect(page).to_have_title(re.compile("^Error: "))


def fill(session: Session, at: datetime) -> Mapping[str, str | UUID]:
    """Questions in each of their states, needs that are joint, overdue, met and closed, and two that align."""
    found = _questions(session, at) | _needs(session, at) | _written_together(session, at)
    return {f"place_{name}": value for name, value in found.items()}


def _questions(session: Session, at: datetime) -> dict[str, UUID]:
    lead = place_answers.staff(session, Role.PLACE, name="Place lead of Leeds")
    asked, late, refused, piloted = (_question(session, at - timedelta(days=days)) for days in (2, 14, 3, 5))
    place_answers.say(session, refused, place_answers.NO, by=lead, at=at, code=ReasonCode.NO_BUDGET, note="Not this year.")
    place_answers.say(session, piloted, place_answers.MEET, by=lead, at=at - timedelta(days=4))
    place_answers.introduce(session, piloted, at=at - timedelta(days=3))
    step = Step("LDS", PipelineStage.PILOTING, day_of(at), "Two clinics.", "https://example.org/pilot", Reason())
    stages.change(session, piloted.proposal_id, step, actor=lead, at=at)
    held = _question(session, at, factories.make_innovation(session, name="For the Hub alone", visibility=Visibility.HUB_ONLY))
    return {
        "asked": asked.id,
        "late": late.id,
        "refused": refused.id,
        "piloted": piloted.id,
        "held_back": held.id,
        "staged": piloted.proposal_id,
        "unstaged": asked.proposal_id,
        "to_change_one": _question(session, at).id,
        "to_change_two": _question(session, at).id,
    }


def _question(session: Session, at: datetime, innovation: Any = None) -> Any:
    need = factories.make_need(session, title="Rounds that nobody can plan", created_at=at - timedelta(days=30))
    innovation = innovation or factories.make_innovation(session, name="Round planner")
    (row,) = place_answers.announced(session, need, innovation, at=at).place_answers
    return row


def _needs(session: Session, at: datetime) -> dict[str, UUID]:
    leeds = place_answers.staff(session, Role.PLACE, name="Place lead of Leeds")
    joint = joint_needs.joint(session, joint_needs.owned(session, "LDS"), joint_needs.owned(session, "WAK", patients_range="UP_10000"))
    stale = factories.make_need(session, title="A need to look at again", review_date=day_of(at) - timedelta(days=3))
    met, closed = (factories.make_need(session, created_at=at - timedelta(days=30), baseline="150 weeks") for _ in range(2))
    ending_needs.meet(session, met.id, Result("Three of four people have a decision.", "17 weeks"), actor=leeds, at=at)
    ending_needs.close(session, closed.id, "The clinic was moved to another trust.", actor=leeds, at=at)
    draft = factories.make_need(session, status=NeedStatus.DRAFT, owner_place_id=next(iter(leeds.place_ids)))
    for key in ("KIR", "CAL"):
        factories.make_place(session, key)
        said = NeedContent.model_validate(ADHD_NEED | {"places": [key], "patients_range": "UP_10000"})
        aligned = intake.create(session, Side.NEED, said, actor=SYSTEM, at=at, submit_too=True)
    return {
        "joint": joint.id,
        "joined": joint.present[0].need_id,
        "stale": stale.id,
        "met": met.id,
        "closed": closed.id,
        "draft": draft.id,
        "aligned": aligned.id,
    }


def _written_together(session: Session, at: datetime) -> dict[str, str | UUID]:
    """A need that somebody helps to write by a link, and that two are asked to sign off, one of them the visitor of Leeds."""
    leeds = people.by_email(session, "leeds@example.org")
    need = joint_needs.owned(session, "LDS", title="A need that is written together")
    sign_offs.shared(session, need, at=at)
    secret = sign_offs.token(session)
    waiting = sign_offs.asked(session, leeds, need, at=at)
    answered = sign_offs.asked(session, None, need, at=at)
    lead = accounts.actor_of_person(answered.person)
    signing_off.answer(session, answered.id, SignOffVerdict.SENT_BACK, "Say how many wait.", revision=None, actor=lead, at=at)
    need.revision += 1
    session.add(Revision(need_id=need.id, number=need.revision, content=need.content(), content_hash="0", saved_at=at))
    session.flush()
    return {"together": need.id, "secret": secret, "to_sign": waiting.id, "signed": answered.id}


_TOGETHER = (
    Case(TOGETHER, "/needs/{place_together}/together", "leeds"),
    Case(TOGETHER, "/needs/{place_draft}/together", "leeds", "empty"),
    Case(TOGETHER, "/needs/{place_met}/together", "leeds", "ended"),
    Case(TOGETHER, "/needs/{place_together}/together", "leeds", "no address", sent_empty("Send the link")),
    Case(TOGETHER, "/needs/{place_together}/together", "leeds", "nobody chosen", sent_empty("Ask for a sign-off")),
    Case(NEED, "/needs/{place_together}", "leeds", "signed off by some"),
    Case(SIGN_OFF, "/sign-offs/{place_to_sign}", "leeds", "waits"),
    Case(SIGN_OFF, "/sign-offs/{place_to_sign}", "leeds", "sent back without reason", sent_empty("Send it back")),
    Case(SIGN_OFF, "/sign-offs/{place_signed}", "leeds", "of older words"),
    Case(SHARED, "/shared-needs/{place_secret}"),
    Case(SHARED, "/shared-needs/{place_secret}", state="without title", act=untitled),
    Case(SHARED, "/shared-needs/never-made", state="unknown link"),
)
_QUESTIONS = (
    Case(ANSWERS, "/place-answers", "leeds"),
    Case(ANSWERS, "/place-answers?state=answered", "leeds", "answered"),
    Case(ANSWERS, "/place-answers?state=closed", "leeds", "nothing found"),
    Case(ANSWERS, "/place-answers?state=held", "hub", "held"),
    Case(ANSWER, "/place-answers/{place_asked}", "leeds", "to answer"),
    Case(ANSWER, "/place-answers/{place_late}", "leeds", "overdue"),
    Case(ANSWER, "/place-answers/{place_asked}", "leeds", "no without reason", unfolded("No$", "No, it is not for us")),
    Case(ANSWER, "/place-answers/{place_asked}", "leeds", "not now without day", unfolded("Not now", "Not now, ask us again")),
    Case(ANSWER, "/place-answers/{place_refused}", "leeds", "answered no"),
    Case(ANSWER, "/place-answers/{place_piloted}", "leeds", "introduced"),
    Case(ANSWER, "/place-answers/{place_asked}", "hub", "for a place"),
    Case(ANSWER, "/place-answers/{place_held_back}", "hub", "held"),
    Case(STAGES, "/proposals/{place_staged}/stages", "leeds", "piloting"),
    Case(STAGES, "/proposals/{place_unstaged}/stages", "leeds", "not begun"),
    Case(STAGES, "/proposals/{place_staged}/stages", "leeds", "error", sent_empty("Write this step down")),
    Case(STAGES, "/proposals/{proposal}/stages", "hub", "not confirmed"),
)
_NEEDS = (
    Case("/needs/new", "/needs/new", "leeds", "checked", checked),
    Case("/needs/new", "/needs/new", "leeds", "similar needs first", looked_first),
    Case("/needs/{need_id}/change", "/needs/{place_draft}/change", "leeds"),
    Case(NEED, "/needs/{place_joined}", "leeds", "joint"),
    Case(NEED, "/needs/{place_joined}", "board", "joint"),
    Case(NEED, "/needs/{place_stale}", "leeds", "overdue"),
    Case(NEED, "/needs/{place_draft}", "leeds", "draft"),
    Case(NEED, "/needs/{place_met}", "leeds", "met"),
    Case(NEED, "/needs/{place_met}", state="met"),
    Case(NEED, "/needs/{place_closed}", "leeds", "closed"),
    Case(END, "/needs/{place_stale}/end", "leeds"),
    Case(END, "/needs/{place_stale}/end", "leeds", "met without result", unfolded("It is met", "Say that it is met")),
    Case(END, "/needs/{place_stale}/end", "leeds", "closed without reason", unfolded("It was not met", "Close this need")),
    Case(END, "/needs/{place_stale}/end", "leeds", "renewed without day", unfolded("It still stands", "Renew this need")),
    Case(END, "/needs/{place_met}/end", "leeds", "met before"),
    Case(SIMILAR, "/needs/{place_aligned}/similar", "leeds"),
    Case(SIMILAR, "/needs/{place_draft}/similar", "leeds", "draft"),
    Case(SIMILAR, "/needs/{place_joined}/similar", "leeds", "joint already"),
    Case(JOINT, "/joint-needs/{place_joint}", "leeds"),
    Case(ALIGNMENT, "/alignment", "hub"),
)
PART = Part(cases=_QUESTIONS + _NEEDS + _TOGETHER, fill=fill)
