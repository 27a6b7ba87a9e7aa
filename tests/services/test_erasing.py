"""Delete: nothing that an innovator said and no name is left in any table, and the chain of events stays whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import TypeAdapter
from sqlalchemy import select

from api.queue import Job
from api.services import accounts, asking, auditing, confirming, delivering, erasing, intake, inviting, mailing, referring
from api.services.accounts import UnknownAccount
from api.services.content import InnovationContent
from models import Base
from models.actors import SYSTEM, NotAllowed
from models.decisions import Reason, ReasonCode, Verdict
from models.documents import Revision, Side, StaleVersion, TransitionRefused
from models.events import Event
from models.innovations import ExternalId, Innovation, InnovationStatus
from models.jobs import JobRow
from models.mail import Message, MessageState
from models.merges import Merge
from models.organisations import Organisation
from models.passages import Passage, Vector
from models.people import Role, SignInSession
from models.proposals import ProposalState
from models.queries import erasing as rows
from models.queries import triage as submissions
from models.queries.documents import NotFound
from tests import factories, place_answers, triage
from tests.factories import NOW, PASSWORD

SECRET = "Zwanzigfach"
LATER = NOW + timedelta(days=1)


@pytest.fixture
def innovator(session):
    return factories.make_person(session, Role.INNOVATOR, name="Quentin Unterschied", email="quentin@example.org")


@pytest.fixture
def actor(innovator):
    return accounts.actor_of_person(innovator)


def staff(session, role=Role.HUB, **values):
    return accounts.actor_of_person(factories.make_person(session, role, **values))


def staff_person(session):
    return factories.make_person(session, Role.HUB)


def whole(session):
    """Everything in every table, as text."""
    session.flush()
    return {table.name: repr(session.execute(table.select()).all()) for table in Base.metadata.sorted_tables}


def tables_with(session, word):
    return {name for name, told in whole(session).items() if word in told}


def kinds(session):
    return [event.kind for event in session.scalars(select(Event).order_by(Event.recorded_at, Event.ordinal))]


def hand_in(session, actor, *, submit=True, **values):
    said = {"name": f"{SECRET} test", "problems_tackled": f"{SECRET} waits", "how_it_works": f"{SECRET} works", "benefits": SECRET}
    said |= {"consent_by": "Quentin Unterschied", "external_ids": [{"system": "NHS", "id": SECRET}], "visibility": "partners"}
    content = InnovationContent.model_validate(said | values)
    return intake.create(session, Side.INNOVATION, content, actor=actor, at=NOW, submit_too=submit)


def test_a_draft_that_was_never_handed_in_leaves_nothing(session, actor):
    row = hand_in(session, actor, submit=False)

    erasing.delete_innovation(session, row.id, actor=actor, at=NOW, version=row.version)

    assert session.scalars(select(Innovation)).unique().all() == session.scalars(select(Revision)).all() == []
    assert tables_with(session, SECRET) == set()
    assert kinds(session) == ["innovation.created", "innovation.deleted"]


@pytest.mark.both
def test_what_was_handed_in_is_withdrawn_and_says_nothing_any_more(database, runner, said):
    with database.transaction() as session:
        person = factories.make_person(session, Role.INNOVATOR, organisation="Small Firm Ltd", email="quentin@example.org")
        firm = accounts.actor_of_person(person)
        row_id = hand_in(session, firm, care_settings=["MENTAL_HEALTH"]).id
        kept_id = hand_in(
            session, firm, name="Kept", problems_tackled="Falls at home", how_it_works="A sensor", benefits="", external_ids=[]
        ).id
    runner.run_due()
    with database.transaction() as session:
        assert {"innovation", "revision", "passage", "external_id"} <= tables_with(session, SECRET)
        vectors = len(session.scalars(select(Vector)).all())
        erasing.delete_innovation(session, row_id, actor=firm, at=datetime.now(UTC))

    with database.transaction() as session:
        assert tables_with(session, SECRET) == set()
        row = session.get(Innovation, row_id)
        assert (row.name, row.status, row.live, row.erased_at is not None) == ("Deleted", InnovationStatus.WITHDRAWN, False, True)
        assert session.scalars(select(ExternalId)).all() == []
        assert {passage.innovation_id for passage in session.scalars(select(Passage))} == {kept_id}
        assert 0 < len(session.scalars(select(Vector)).all()) < vectors
    runner.run_due()
    with database.transaction() as session, pytest.raises(NotFound):
        erasing.delete_innovation(session, row_id, actor=SYSTEM, at=NOW)


@pytest.mark.both
def test_letters_questions_answers_and_quotes_of_it_are_empty(session, actor, innovator):
    row, hub = hand_in(session, actor), staff(session)
    submission = submissions.current(session, row.id)
    question = triage.conclude(session, submission, replace(triage.ASK, question=f"What is {SECRET}?"), hub)
    triage.settle(session, question)
    asking.answer(session, submission.id, f"It is {SECRET}", {}, actor=actor, at=triage.MONDAY)
    referring.refer(session, row.id, triage.make_body(session).id, reason=f"They know {SECRET}", actor=hub, at=triage.MONDAY)
    proposal = factories.make_proposal(session, innovation=row)
    proposal.findings, proposal.flags = [{"innovation_quote": {"text": SECRET}}], [{"says": SECRET}]
    sent = mailing.post(session, "sign_in_link", mailing.to_person(innovator), once_key="other", at=NOW, name="Q", token="t", minutes=1)
    sent.begin(at=NOW)
    sent.sent(at=NOW)
    sent.body = f"News of {SECRET} test"
    assert {"proposal", "message", "ask", "outcome", "referral"} <= tables_with(session, SECRET)

    erasing.delete_innovation(session, row.id, actor=actor, at=LATER)

    assert tables_with(session, SECRET) == set()
    assert (proposal.findings, proposal.flags, proposal.state) == ([], [], ProposalState.SUPERSEDED)


@pytest.mark.both
def test_its_names_are_taken_out_of_what_stands_beside_others(session, actor):
    row = hand_in(session, actor, name=f"{SECRET} (früher)", external_ids=[])
    intake.change(session, Side.INNOVATION, row.id, {"name": f"{SECRET} test"}, actor=actor, at=NOW)
    twin = factories.make_innovation(session, name="Twin of it", supplier="Rival")
    copy = {"kind": "near_copy", "field": "benefits", "start": 0, "end": 11, "text": "Same words."}
    left_out = "Nearly the same text comes again, and was left out of this list"
    other = copy | {"says": f"{left_out}: Kept; {SECRET}s"}
    word = {"kind": "place_list", "says": "Leeds", "field": None, "start": None, "end": None, "text": ""}
    beside = factories.make_proposal(
        session,
        innovation=twin,
        flags=["odd", copy | {"says": f"{left_out}: {SECRET} (früher); Kept; {SECRET} test"}, word],
        state=ProposalState.REJECTED,
    )
    untouched = factories.make_proposal(session, flags=[other])
    merged = Merge(kept_id=twin.id, merged_id=row.id, merged_at=NOW, merged_by_name="Lead", note=f"Same as {SECRET} test", undone_at=None)
    merged.merged_by = factories.make_person(session).id
    session.add(merged)
    own = factories.make_proposal(session, innovation=row)
    by = factories.make_person(session)
    said = Reason(ReasonCode.OTHER, note=f"We have {SECRET} test, and {SECRET} (früher).")
    own.decide(Verdict.REJECTED, by=by.id, by_name=by.name, at=NOW, reason=said)
    owed = mailing.post(session, "sign_in_link", mailing.to_person(by), once_key="other", at=NOW, name="Q", token="t", minutes=1)
    owed.body = f"New: {SECRET} test; Kept"
    session.flush()

    erasing.delete_innovation(session, row.id, actor=actor, at=LATER)

    gone = {"says": f"{left_out}: Deleted; Kept; Deleted", "field": None, "start": None, "end": None, "text": ""}
    assert beside.flags == ["odd", copy | gone, word]
    assert untouched.flags == [other]
    assert (merged.note, own.decisions[0].note) == ("", "We have (deleted), and (deleted).")
    assert (owed.body, owed.state) == ("New: (deleted); Kept", MessageState.QUEUED)
    untouched.flags = []
    assert tables_with(session, SECRET) == set()


def test_a_version_of_it_has_all_that_a_version_is_read_for(session, actor):
    row = hand_in(session, actor)
    proposal = factories.make_proposal(session, innovation=row)
    shape = {part: set(said) for part, said in proposal.innovation_as_judged.content.items()}

    erasing.delete_innovation(session, row.id, actor=actor, at=LATER)

    content = proposal.innovation_as_judged.content
    assert {part: set(said) for part, said in content.items()} == shape
    assert {text for text in content["fields"].values() if text} == {"Deleted"}


def test_an_announced_match_of_it_is_reversed(session, actor):
    row = hand_in(session, actor)
    proposal = place_answers.announced(session, innovation=row)

    erasing.delete_innovation(session, row.id, actor=actor, at=LATER)

    assert proposal.state is ProposalState.SUPERSEDED
    told = kinds(session)
    assert told.count("match.confirmed") == told.count("match.reversed") == told.count("submission.withdrawn") == 1
    assert told[-1] == "innovation.erased"
    assert len(session.scalars(select(JobRow).where(JobRow.name == Job.SNAPSHOT)).all()) == 1


def test_what_was_withdrawn_before_is_erased_too_and_a_merged_draft_keeps_its_id(session, actor):
    row, draft = hand_in(session, actor), hand_in(session, actor, submit=False, external_ids=[])
    intake.withdraw(session, Side.INNOVATION, row.id, actor=actor, at=NOW)
    by = factories.make_person(session)
    session.add(Merge(kept_id=row.id, merged_id=draft.id, merged_at=NOW, merged_by=by.id, merged_by_name=by.name, note=""))
    session.flush()

    for each in (row, draft):
        erasing.delete_innovation(session, each.id, actor=actor, at=LATER)

    assert [session.get(Innovation, each.id).erased_at for each in (row, draft)] == [LATER, LATER]
    assert tables_with(session, SECRET) == set()


def test_who_may_not_or_has_not_read_it_deletes_nothing(session, actor):
    row = hand_in(session, actor)
    rival = staff(session, Role.INNOVATOR, organisation="Rival")
    place = staff(session, Role.PLACE)

    with pytest.raises(NotFound):
        erasing.delete_innovation(session, row.id, actor=rival, at=NOW)
    with pytest.raises(NotAllowed):
        erasing.delete_innovation(session, row.id, actor=place, at=NOW)
    with pytest.raises(StaleVersion):
        erasing.delete_innovation(session, row.id, actor=actor, at=NOW, version=row.version - 1)
    assert row.erased_at is None


def test_what_was_settled_long_ago_is_erased_where_the_setting_says_so(session, actor):
    row, young = hand_in(session, actor), hand_in(session, actor, external_ids=[])
    intake.withdraw(session, Side.INNOVATION, row.id, actor=actor, at=NOW)
    intake.withdraw(session, Side.INNOVATION, young.id, actor=actor, at=NOW + timedelta(days=20))
    year = timedelta(days=365)

    found = [erasing.delete_settled(session, at=at + year, after=year) for at in (NOW, LATER, LATER)]

    assert found == [0, 1, 0]
    assert (row.erased_at, young.erased_at) == (LATER + year, None)


def test_what_was_handed_in_again_or_deleted_meanwhile_is_not_erased_for_its_age(session, actor, monkeypatch):
    row = factories.make_innovation(session, status=InnovationStatus.ARCHIVED)
    found = rows.long_settled(session, LATER, 5)
    intake.submit(session, Side.INNOVATION, row.id, actor=staff(session), at=LATER)
    monkeypatch.setattr(rows, "long_settled", lambda *_: [*found, uuid4()])  # as they stood before others were waited for

    assert erasing.delete_settled(session, at=LATER, after=timedelta()) == 0

    assert (found, row.erased_at) == ([row.id], None)


@pytest.mark.both
def test_an_erased_person_is_nowhere_and_what_they_did_stays(session):
    boss = factories.make_person(session, Role.LEAD)
    person = factories.make_person(session, Role.LEAD, name="Quentin Unterschied", email="quentin@example.org")
    hub = accounts.actor_of_person(person)
    accounts.start_session(session, person.id, at=NOW, hours=1)
    proposal = place_answers.announced(session)
    decided = factories.make_proposal(session)
    decided.decide(Verdict.REJECTED, by=person.id, by_name=person.name, at=NOW, reason=Reason(ReasonCode.NO_BUDGET))
    own = hand_in(session, hub)
    inviting.invite(session, email="friend@example.org", role=Role.BOARD, actor=hub, at=NOW)
    inviting.invite(session, email="quentin@example.org", role=Role.BOARD, actor=accounts.actor_of_person(boss), at=NOW)
    mailing.post(session, "sign_in_link", mailing.to_person(person), once_key="one", at=NOW, name=person.name, token="t", minutes=1)
    assert len(tables_with(session, "Unterschied")) > 3

    erasing.erase_person(session, person.id, actor=hub, at=LATER)

    assert tables_with(session, "Unterschied") == tables_with(session, "quentin@example.org") == set()
    assert (person.active, person.erased_at, person.grants, person.name) == (False, LATER, [], erasing.FORMER)
    assert decided.decisions[0].decided_by_name == erasing.FORMER
    assert (decided.decisions[0].decided_by, own.consent_by) == (person.id, erasing.FORMER)
    assert session.scalars(select(SignInSession)).all() == []
    assert proposal.decisions[0].decided_by_name != erasing.FORMER
    with pytest.raises(accounts.SignInRefused):
        accounts.proven(session, person.email, PASSWORD)
    with pytest.raises(UnknownAccount):
        erasing.erase_person(session, person.id, actor=hub, at=LATER)


@pytest.mark.parametrize("left", ["nothing", "a colleague", "an offer", "a name that we know"])
def test_a_firm_that_nobody_else_named_is_forgotten_with_its_last_person(session, innovator, actor, left):
    (firm_id,) = actor.organisation_ids
    firm = session.get(Organisation, firm_id)
    firm.confirmed = left == "a name that we know"
    if left == "a colleague":
        factories.make_person(session, Role.INNOVATOR)
    if left == "an offer":
        hand_in(session, actor)

    erasing.erase_person(session, innovator.id, actor=SYSTEM, at=LATER)

    session.expire_all()
    assert (firm.name == rows.NOT_KEPT) == (left == "nothing")


@pytest.mark.parametrize("status", [InnovationStatus.DRAFT, InnovationStatus.SUBMITTED])
def test_a_firm_whose_people_are_gone_is_forgotten_with_its_last_offer(session, innovator, actor, status):
    offers = [factories.make_innovation(session, status=status, supplier_id=next(iter(actor.organisation_ids))) for _ in range(2)]
    firm = offers[0].supplier
    firm.confirmed = False
    erasing.erase_person(session, innovator.id, actor=SYSTEM, at=LATER)

    names = []
    for row in offers:
        erasing.delete_innovation(session, row.id, actor=SYSTEM, at=LATER)
        session.expire_all()
        names.append(firm.name)

    assert (names[0] != rows.NOT_KEPT, names[1]) == (True, rows.NOT_KEPT)
    assert confirming.waiting(session, SYSTEM) == []


def test_only_whole_names_are_taken_out_of_mails(session, actor, innovator):
    row = hand_in(session, actor, name="App")
    told = {"one": "App helps", "two": "Apply by Monday, Mapp", "three": "Ask Quentin Unterschied, or Quentin Unterschiedlich"}
    for key, text in told.items():
        sent = mailing.post(
            session, "sign_in_link", mailing.to_person(staff_person(session)), once_key=key, at=NOW, name="", token="t", minutes=1
        )
        sent.begin(at=NOW)
        sent.sent(at=NOW)
        sent.body = text

    letter = triage.conclude(session, triage.submission(session), triage.ASK, staff(session))
    letter.letter = told["three"]

    erasing.delete_innovation(session, row.id, actor=actor, at=LATER)
    erasing.erase_person(session, innovator.id, actor=SYSTEM, at=LATER)

    assert letter.letter == "Ask somebody who has left, or Quentin Unterschiedlich"

    kept = {message.once_key: message.body for message in session.scalars(select(Message)) if message.once_key in told}
    assert kept == {"one": "", "two": told["two"], "three": "Ask somebody who has left, or Quentin Unterschiedlich"}


def test_a_namesake_keeps_their_name(session):
    gone, stays = (factories.make_person(session, Role.HUB, name="Hub triage officer") for _ in range(2))
    proposals = [factories.make_proposal(session) for _ in range(2)]
    for person, proposal in zip((gone, stays), proposals, strict=True):
        proposal.decide(Verdict.REJECTED, by=person.id, by_name=person.name, at=NOW, reason=Reason(ReasonCode.NO_BUDGET))

    erasing.erase_person(session, gone.id, actor=SYSTEM, at=LATER)

    assert [each.decisions[0].decided_by_name for each in proposals] == [erasing.FORMER, "Hub triage officer"]


def test_every_name_beside_an_act_is_known_to_erasing():
    acts = {
        (table.name, column.name) for table in Base.metadata.sorted_tables for column in table.columns if column.name.endswith("by_name")
    }
    acts |= {("submission", "assigned_to_name")}
    known = {(table.name, name) for table, name, _ in rows._names()}
    known |= {(name.class_.__tablename__, name.key) for name, _ in rows.UNPAIRED_NAMES}

    assert acts - known == set()


def test_the_chain_of_events_is_whole_after_erasing(database):
    with database.transaction() as session:
        person = factories.make_person(session, Role.INNOVATOR)
        actor = accounts.actor_of_person(person)
        row = hand_in(session, actor)
        delivering.seal(session, at=NOW)
        erasing.delete_innovation(session, row.id, actor=actor, at=LATER)
        erasing.erase_person(session, person.id, actor=actor, at=LATER)
        delivering.seal(session, at=LATER)

    with database.reading() as session:
        found = auditing.verify(session, [], at=LATER)
    assert (found.well, found.unsealed, found.findings) == (True, 0, [])


def test_the_last_lead_is_not_erased(session):
    lead = staff(session, Role.LEAD)

    with pytest.raises(TransitionRefused, match="only lead"):
        erasing.erase_person(session, lead.person_id, actor=lead, at=NOW)


@pytest.mark.both
def test_everything_that_is_held_about_somebody_is_told_without_secrets(session, innovator, actor):
    accounts.start_session(session, innovator.id, at=NOW, hours=1)
    hand_in(session, actor)
    factories.make_innovation(session, supplier="Rival", name="Not theirs")
    mailing.post(session, "sign_in_link", mailing.to_person(innovator), once_key="one", at=NOW, name="Q", token="t", minutes=1)

    told = erasing.export(session, innovator.id)

    assert {"person", "role_grant", "sign_in_session", "innovation", "event", "message"} <= told.keys()
    assert [row["email"] for row in told["person"]] == ["quentin@example.org"]
    assert [row["name"] for row in told["innovation"]] == [f"{SECRET} test"]
    assert not {name for found in told.values() for row in found for name in row} & rows.SECRETS
    assert b"quentin@example.org" in TypeAdapter(dict).dump_json(told)


def test_an_account_that_there_is_not_is_neither_told_nor_erased(session):
    for call in (lambda: erasing.export(session, uuid4()), lambda: erasing.erase_person(session, uuid4(), actor=SYSTEM, at=NOW)):
        with pytest.raises(UnknownAccount):
            call()
