"""A need is written together by a mailed link, and signed off by the place lead who is named."""

from datetime import timedelta
from uuid import uuid4

import pytest

from api.services import erasing, links, sharing_needs, signing_in, signing_off
from api.services.accounts import AccountInvalid, actor_of_person
from api.services.limiting import TooManyRequests
from models.actors import SYSTEM, NotAllowed
from models.documents import StaleVersion
from models.links import LinkSpent
from models.needs import NeedStatus
from models.people import Role
from models.queries import events
from models.queries import sign_offs as rows
from models.queries.documents import NotFound
from models.sign_offs import MOST_SHARES, ShareRefused, SignOffGiven, SignOffRefused, SignOffVerdict
from tests import factories, joint_needs, place_answers
from tests.factories import NOW
from tests.sign_offs import ADDRESS, asked, owner, shared, token

pytestmark = pytest.mark.both
LATER = NOW + timedelta(hours=2)
SIGNED, SENT_BACK = SignOffVerdict.SIGNED, SignOffVerdict.SENT_BACK


@pytest.fixture
def team(session):
    """Somebody of Leeds who owns its needs."""
    return actor_of_person(owner(session))


def kinds(session, need_id):
    return [event.kind for event in reversed(events.of_subject(session, need_id))]


def test_a_co_author_changes_the_words_as_often_as_they_like(session):
    row = shared(session)
    secret = token(session)

    looked = sharing_needs.look(session, secret, at=LATER)
    sharing_needs.change_by_link(session, secret, {"title": "In better words", "visibility": "hub_only"}, at=LATER, version=1)
    again = sharing_needs.change_by_link(session, secret, {"metric": "Weeks"}, at=LATER, version=2)

    assert looked.id == row.id
    assert (again.title, again.metric, again.visibility) == ("In better words", "Weeks", "public")
    assert (row.used_at, row.works(LATER)) == (LATER, True)
    assert kinds(session, row.need_id) == ["need.shared", "need.changed", "need.changed"]
    assert [event.actor for event in events.of_subject(session, row.need_id)][:2] == [f"share:{row.id}"] * 2


def test_what_somebody_changed_meanwhile_is_not_overwritten_by_a_link(session):
    shared(session)

    with pytest.raises(StaleVersion):
        sharing_needs.change_by_link(session, token(session), {"title": "Mine"}, at=LATER, version=7)


def test_a_need_that_no_one_place_owns_is_shared_by_the_hub(session):
    need = factories.make_need(session, places=("LDS", "WAK"))
    sharing_needs.share(session, need.id, ADDRESS, actor=place_answers.staff(session), at=NOW)

    changed = sharing_needs.change_by_link(session, token(session), {"title": "In better words"}, at=LATER, version=1)

    assert changed.title == "In better words"


def test_the_same_address_twice_is_one_link(session, team):
    row = shared(session)

    again = sharing_needs.share(session, row.need_id, f" {ADDRESS.upper()} ", actor=team, at=LATER)

    assert again.id == row.id
    assert len(place_answers.mails(session, "need_shared_link")) == 1


def test_a_link_that_was_taken_back_changes_nothing_any_more(session, team):
    row = shared(session)
    secret = token(session)

    sharing_needs.take_back(session, row.id, actor=team, at=LATER)
    sharing_needs.take_back(session, row.id, actor=team, at=LATER)

    with pytest.raises(LinkSpent):
        sharing_needs.change_by_link(session, secret, {"title": "Mine"}, at=LATER, version=1)
    assert (row.ended_at, row.works(LATER)) == (LATER, False)
    assert kinds(session, row.need_id) == ["need.shared", "need.unshared"]


def test_only_who_may_change_a_need_shares_it_or_takes_a_link_back(session):
    row = shared(session)
    other = actor_of_person(owner(session, "WAK"))

    with pytest.raises(NotAllowed):
        sharing_needs.share(session, row.need_id, "new@example.org", actor=other, at=NOW)
    with pytest.raises(NotAllowed):
        sharing_needs.take_back(session, row.id, actor=other, at=NOW)
    with pytest.raises(NotFound):
        sharing_needs.take_back(session, uuid4(), actor=other, at=NOW)


def test_a_need_is_shared_with_so_many_while_it_is_written_and_with_addresses_alone(session, team):
    need = joint_needs.owned(session, "LDS")
    met = joint_needs.owned(session, "LDS", status=NeedStatus.MET)
    for number in range(MOST_SHARES):
        sharing_needs.share(session, need.id, f"n{number}@example.org", actor=team, at=NOW)

    with pytest.raises(ShareRefused, match="people write this need already"):
        sharing_needs.share(session, need.id, "one-more@example.org", actor=team, at=NOW)
    with pytest.raises(ShareRefused, match="not written any more"):
        sharing_needs.share(session, met.id, ADDRESS, actor=team, at=NOW)
    with pytest.raises(AccountInvalid):
        sharing_needs.share(session, met.id, "no address", actor=team, at=NOW)


def test_nobody_is_mailed_links_without_end(session, team):
    for _ in range(5):
        signing_in.may_be_sent(session, ADDRESS, at=NOW)

    with pytest.raises(TooManyRequests):
        shared(session)


def test_with_whom_a_need_was_shared_is_forgotten_in_time_and_with_the_person(session):
    row, person = shared(session), factories.make_person(session, Role.BOARD, email="new@example.org")
    shared(session, address=person.email)

    links.purge(session, at=NOW + timedelta(days=90))
    held = erasing.export(session, person.id)
    session.refresh(row)
    other = shared(session, address=person.email, at=NOW + timedelta(days=91))
    exported = erasing.export(session, person.id)
    erasing.erase_person(session, person.id, actor=SYSTEM, at=NOW)

    assert row.address == ""
    assert "need_share" not in held
    assert [each["id"] for each in exported["need_share"]] == [other.id]
    assert rows.shares_of(session, other.need_id) == []


def test_a_place_lead_signs_off_the_words_as_they_stand(session):
    row = asked(session)
    lead = actor_of_person(row.person)

    waiting = rows.waiting_for(session, lead)
    signing_off.answer(session, row.id, SIGNED, "", revision=1, actor=lead, at=LATER)
    signed = row.is_of_this_text
    row.need.revision += 1

    assert waiting == [row]
    assert (row.verdict, row.answered_at, row.revision, row.version) == (SIGNED, LATER, 1, 2)
    assert (signed, row.is_of_this_text) == (True, False)
    assert rows.waiting_for(session, lead) == []
    assert kinds(session, row.need_id) == ["need.sign_off_asked", "need.signed_off"]
    assert {template for template, _ in place_answers.mails(session)} == {"sign_off_answered", "sign_off_asked"}


def test_what_is_sent_back_says_why_and_may_be_asked_again(session, team):
    row = asked(session)
    lead = actor_of_person(row.person)

    with pytest.raises(SignOffRefused, match="what has to change"):
        signing_off.answer(session, row.id, SENT_BACK, " ", revision=None, actor=lead, at=LATER)
    signing_off.answer(session, row.id, SENT_BACK, "Say how many wait.", revision=None, actor=lead, at=LATER)
    again = signing_off.ask(session, row.need_id, row.person_id, actor=team, at=LATER)

    assert (row.verdict, row.note) == (SENT_BACK, "Say how many wait.")
    assert again.id != row.id
    assert len(signing_off.of_need(session, row.need_id, actor=team)) == 2


def test_the_first_answer_stands(session):
    row = asked(session)
    lead = actor_of_person(row.person)
    signing_off.answer(session, row.id, SENT_BACK, "Say how many wait.", revision=None, actor=lead, at=LATER)

    with pytest.raises(SignOffGiven, match="Place lead of Leeds sent it back"):
        signing_off.answer(session, row.id, SIGNED, "", revision=9, actor=lead, at=LATER)
    row.verdict = SIGNED
    with pytest.raises(SignOffGiven, match="signed it off"):
        signing_off.answer(session, row.id, SIGNED, "", revision=9, actor=lead, at=LATER)


@pytest.mark.parametrize("read", [{"revision": 2}, {"revision": None, "version": 2}])
def test_words_that_changed_since_they_were_read_are_not_signed_off(session, read):
    row = asked(session)

    with pytest.raises(StaleVersion):
        signing_off.answer(session, row.id, SIGNED, "", actor=actor_of_person(row.person), at=LATER, **read)


def test_only_a_lead_of_the_needs_places_is_asked_and_only_while_it_is_written(session, team):
    need, met = joint_needs.owned(session, "LDS"), joint_needs.owned(session, "LDS", status=NeedStatus.MET)
    lead, other = (factories.make_person(session, Role.PLACE, place=place) for place in ("LDS", "WAK"))
    asked(session, lead, need)

    with pytest.raises(SignOffRefused, match="was asked already"):
        signing_off.ask(session, need.id, lead.id, actor=team, at=NOW)
    with pytest.raises(SignOffRefused, match="Choose somebody of the places"):
        signing_off.ask(session, need.id, other.id, actor=team, at=NOW)
    with pytest.raises(SignOffRefused, match="not signed off any more"):
        signing_off.ask(session, met.id, lead.id, actor=team, at=NOW)
    with pytest.raises(NotAllowed):
        signing_off.ask(session, need.id, lead.id, actor=actor_of_person(other), at=NOW)


def test_only_who_was_asked_answers_and_only_who_owns_the_need_reads_it_too(session, team):
    row = asked(session)

    assert signing_off.get(session, row.id, actor=team).id == row.id
    with pytest.raises(NotAllowed, match="Only whoever was asked"):
        signing_off.answer(session, row.id, SIGNED, "", revision=1, actor=team, at=LATER)
    with pytest.raises(NotFound):
        signing_off.get(session, row.id, actor=actor_of_person(owner(session, "WAK")))
    with pytest.raises(NotFound):
        signing_off.get(session, uuid4(), actor=team)


@pytest.mark.parametrize("asker", ["system", "the same", "left"])
def test_nobody_is_told_where_nobody_else_asked(session, asker):
    row = asked(session)
    if asker == "left":
        gone = factories.make_person(session, Role.PLACE, active=False)
        row.asked_by = f"person:{gone.id}"
    else:
        row.asked_by = "system" if asker == "system" else f"person:{row.person_id}"

    signing_off.answer(session, row.id, SIGNED, "", revision=1, actor=actor_of_person(row.person), at=LATER)

    assert place_answers.mails(session, "sign_off_answered") == []
