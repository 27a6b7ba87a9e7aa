"""A brief is one sheet of A4 when printed, however much people have written."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from models.needs import CriterionKind
from models.people import Role
from models.pipeline import PipelineStage
from tests import boards, factories, place_answers
from tests.browser.sites import Site
from tests.browser.visitors import Visitor

pytestmark = pytest.mark.browser
_LONG = "Wide words make long lines: MMMMMMMMM WWWWWWWW. " * 80
_NEED = ("problem", "population", "desired_outcome", "metric", "consequence_for_patients", "current_practice", "baseline", "target")
_INNOVATION = ("description", "problems_tackled", "how_it_works", "benefits", "source")


def full(session: Session) -> tuple[UUID, UUID]:
    """A match and its need in which every field is as full as it can be."""
    said = dict.fromkeys((*_NEED, "funding", "source"), _LONG)
    criteria = tuple((CriterionKind.OTHER, f"{number} {_LONG}"[:400]) for number in range(12))
    need = factories.make_need(session, places=tuple(factories.PLACES)[:4], criteria=criteria, title=_LONG[:300], theme=_LONG[:100], **said)
    standards = [{"type": kind, "has_met": "IN_PROGRESS"} for kind in ("DTAC", "CE_UKCA_CLASS_I", "CE_UKCA_CLASS_II_A", "CQC")]
    evidences = [{"submit_type": "REAL_WORLD", "summary": _LONG[:500], "dated_on": "2025-03-01"}] * 4
    texts = dict.fromkeys(_INNOVATION, _LONG)
    innovation = factories.make_innovation(
        session, name=_LONG[:200], supplier=_LONG[:150], standards=standards, evidences=evidences, **texts
    )
    quote = {"field": "problem", "start": 0, "end": 300, "text": _LONG[:300]}
    finding = {"aspect": "problem", "criterion": None, "verdict": "excluded", "need_quote": quote, "innovation_quote": quote, "missing": ""}
    began = datetime.now(UTC) - timedelta(days=10)
    flags = ["copied_need", "keyword_stuffing", "instruction", "hidden_text"]
    for key in tuple(factories.PLACES)[:4]:
        for number in range(3):
            factories.make_person(session, Role.PLACE, place=key, name=f"{number} {_LONG}"[:80])
    match = place_answers.announced(session, need, innovation, findings=[finding] * 12, flags=flags, at=began)
    by = place_answers.staff(session)
    for key in tuple(factories.PLACES)[:4]:
        boards.stand_in(session, match, key, PipelineStage.INTRODUCED, PipelineStage.PILOTING, at=began + timedelta(days=1), by=by)
    for number in range(8):
        factories.make_proposal(session, need, factories.make_innovation(session, name=f"{number} {_LONG}"[:200]), findings=[finding])
    return match.id, need.id


def said_in(session: Session, letters: int) -> tuple[UUID, UUID]:
    """A match and its need whose texts have so many letters each, in usual words."""
    text = ("People wait for weeks and hear nothing. " * 200)[:letters]
    criteria = tuple((CriterionKind.OTHER, f"{number} {text}"[:400]) for number in range(6))
    need = factories.make_need(session, criteria=criteria, title=f"Of {letters} letters", **dict.fromkeys(_NEED, text))
    innovation = factories.make_innovation(session, **dict.fromkeys(_INNOVATION, text))
    quote = {"field": "problem", "start": 0, "end": 9, "text": text}
    rows = [
        {"aspect": "problem", "criterion": {"kind": "other", "value": text[:400]} if number < 6 else None, "verdict": "gap"}
        | {"need_quote": quote, "innovation_quote": quote, "missing": ""}
        for number in range(10)
    ]
    return factories.make_proposal(session, need, innovation, findings=rows).id, need.id


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def test_a_brief_fits_one_sheet_of_a4(visit: Callable[..., Visitor], site: Site) -> None:
    with site.app.state.database.transaction() as session:
        match, need = full(session)
    visitor = visit().sign_in("hub")

    printed = {}
    for path in (f"/proposals/{match}/brief", f"/needs/{need}/brief", f"/proposals/{match}"):
        page = visitor.open(path)
        printed[path.split("/")[1] + path.rsplit("/", 1)[1][:5]] = pages_of(page.pdf(prefer_css_page_size=True))

    assert (printed["proposalsbrief"], printed["needsbrief"]) == (1, 1)
    assert max(printed.values()) > 1  # the page of the match itself takes more: sheets are really counted


@pytest.mark.parametrize("letters", [20, 60, 120, 200, 350, 600])
def test_texts_of_any_length_fill_one_sheet_and_are_cut_only_when_it_is_full(
    visit: Callable[..., Visitor], site: Site, letters: int
) -> None:
    with site.app.state.database.transaction() as session:
        match, need = said_in(session, letters)
    page = visit().sign_in("hub").page

    for path in (f"/proposals/{match}/brief", f"/needs/{need}/brief"):
        page.goto(site.address + path)
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 703, "height": 1032})  # what A4 leaves between margins of 12 mm
        height = page.evaluate("document.querySelector('.app-brief').getBoundingClientRect().height")
        printed = pages_of(page.pdf(prefer_css_page_size=True))
        page.emulate_media(media="screen")
        cut = page.get_by_text("Cut to fit this sheet").count()
        assert (printed, cut == 0 or height > 0.75 * 1032) == (1, True), (path, height)


def test_the_mark_of_what_is_made_up_is_no_larger_on_paper_than_the_words(visit: Callable[..., Visitor], site: Site) -> None:
    with site.app.state.database.transaction() as session:
        need = factories.make_need(session, funding="None yet", illustrative=["metric", "funding"])
    page = visit().sign_in("hub").page

    for path, mark in ((f"/needs/{need.id}", ".app-illustrative"), (f"/needs/{need.id}/brief", ".app-made-up")):
        page.goto(site.address + path)
        page.emulate_media(media="print")
        found = page.locator(f"dt {mark}").evaluate_all(
            "all => all.map(each => [each, each.parentElement].map(one => parseFloat(getComputedStyle(one).fontSize)))"
        )
        assert found, path
        assert all(tag <= words for tag, words in found), (path, found)
        page.emulate_media(media="screen")
