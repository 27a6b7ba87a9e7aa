"""Like needs while one is written, groups for the Hub, what it dismisses and proposes."""

import pytest

from api.services import accounts, aligning, intake, joining
from api.services.aligning import AlignmentRefused
from api.services.content import NeedContent
from api.services.proposing import NothingToRank
from models.actors import NotAllowed
from models.documents import Side
from models.events import Event
from models.joint_needs import AlignmentProposal
from models.mail import Message
from models.people import Role
from models.queries import documents, joint_needs
from models.queries.documents import NotFound
from tests import factories
from tests.walk import ADHD_NEED, now

pytestmark = pytest.mark.both

KIRKLEES = {**ADHD_NEED, "places": ["KIR"], "patients_range": "BETWEEN_10000_500000"}
CALDERDALE = {
    **ADHD_NEED,
    "title": "Adults wait for an ADHD diagnosis",
    "problem": "Grown-ups wait for years to learn whether they have ADHD, since each assessment takes many appointments.",
    "metric": "People waiting",
    "places": ["CAL"],
    "patients_range": "UP_10000",
}
CHILDREN = {
    **ADHD_NEED,
    "title": "Children wait for an ADHD diagnosis",
    "population": "Children waiting for ADHD assessment",
    "places": ["WAK"],
}
WOUNDS = {"title": "Wounds heal slowly", "problem": "Leg ulcers are dressed for months and heal slowly.", "places": ["LDS"]}


@pytest.fixture
def team(database):
    """The team of a place, who has an account."""

    def make(key):
        with database.transaction() as session:
            person = factories.make_person(session, Role.PLACE, place=key)
            return accounts.actor_of_person(person)

    return make


@pytest.fixture
def needs(said, team, runner):
    """Kirklees and Calderdale say the same of adults, Wakefield of children; Leeds has another need."""
    teams = {key: team(key) for key in ("KIR", "CAL", "WAK", "LDS")}
    told = {"KIR": KIRKLEES, "CAL": CALDERDALE, "WAK": CHILDREN, "LDS": WOUNDS}
    ids = {key: said(Side.NEED, told[key], actor=teams[key]) for key in told}
    runner.run_due()
    return ids, teams


def groups(database, libraries, hub):
    with database.reading() as session:
        found = aligning.alignments(session, libraries, actor=hub)
        return [{member.need.id for member in group.members} for group in found.groups], found


def similar(database, libraries, need_id, actor, **options):
    with database.reading() as session:
        return aligning.similar_to(session, libraries, need_id, actor=actor, **options)


def test_who_writes_sees_other_places_like_needs_with_the_reason(database, libraries, needs, team):
    ids, _ = needs
    content = NeedContent.model_validate({**CALDERDALE, "title": "ADHD waits", "places": ["BDC"]})

    with database.reading() as session:
        found = aligning.similar_to_text(session, libraries, content, actor=team("BDC"))
        stored = documents.counts(session, Side.NEED)["stored"]

    assert {each.need.id for each in found if each.may_join} == {ids["KIR"], ids["CAL"]}
    assert stored == 4
    nearest = found[0]
    assert nearest.need.id == ids["CAL"]
    assert (nearest.joint_need_id, nearest.agreement.apart) == (None, ())
    assert "adhd" in nearest.agreement.concepts
    own, other = nearest.agreement.quotes
    assert getattr(content, own.field)[own.start : own.end] == own.text
    assert CALDERDALE[other.field][other.start : other.end] == other.text


def test_a_need_of_children_is_shown_as_like_but_never_as_one_to_join(database, libraries, needs):
    ids, teams = needs

    found = {each.need.id: each for each in similar(database, libraries, ids["KIR"], teams["KIR"])}

    assert found.keys() == {ids["CAL"], ids["WAK"]}
    assert found[ids["CAL"]].may_join
    assert not found[ids["WAK"]].may_join
    assert found[ids["WAK"]].agreement.apart == ("They are about people of other ages: adults; children.",)


def test_ones_own_and_hidden_needs_are_not_among_the_like_ones(database, libraries, needs, said, runner, hub):
    ids, teams = needs
    own = said(Side.NEED, {**KIRKLEES, "title": "Our other need"}, actor=teams["KIR"])
    hidden = said(Side.NEED, {**CALDERDALE, "visibility": "hub_only"}, actor=hub)
    runner.run_due()

    of_place = {each.need.id for each in similar(database, libraries, ids["KIR"], teams["KIR"])}
    of_hub = {each.need.id for each in similar(database, libraries, ids["KIR"], hub)}

    assert not of_place & {own, hidden}
    assert of_hub >= {own, hidden}


def test_nobody_joins_with_anothers_need_or_with_one_that_is_joint_already(database, libraries, needs, team):
    ids, teams = needs
    assert not any(each.may_join for each in similar(database, libraries, ids["KIR"], teams["CAL"]))

    with database.transaction() as session:
        joint = joining.join(session, ids["CAL"], ids["KIR"], actor=teams["KIR"], at=now())

    found = similar(database, libraries, ids["KIR"], teams["KIR"])
    assert [(each.may_join, each.joint_need_id) for each in found if each.need.id == ids["CAL"]] == [(False, joint.id)]


def test_a_draft_finds_like_needs_and_what_cannot_be_read_none(database, libraries, needs, said, team):
    leeds = team("LDS")
    draft = said(Side.NEED, {**KIRKLEES, "places": ["LDS"]}, actor=leeds, submit=False)
    empty = said(Side.NEED, {"title": "\u2026", "places": ["LDS"]}, actor=leeds, submit=False)

    assert not any(each.may_join for each in similar(database, libraries, draft, leeds))
    assert len(similar(database, libraries, draft, leeds, limit=1)) == 1
    with pytest.raises(NothingToRank):
        similar(database, libraries, empty, leeds)


def test_the_hub_sees_the_groups_with_their_scale(database, libraries, needs, hub, said, runner):
    ids, _ = needs
    region = said(Side.NEED, {**KIRKLEES, "places": ["BDC", "CAL", "KIR", "LDS", "WAK"], "patients_range": "NOT_SURE"}, actor=hub)
    runner.run_due()

    found, told = groups(database, libraries, hub)

    assert found == [{ids["KIR"], ids["CAL"], region}]
    (group,) = told.groups
    assert (group.scale.voices, group.scale.places) == (3, ("BDC", "CAL", "KIR", "LDS", "WAK"))
    assert (group.scale.people.at_least, group.scale.people.at_most, group.scale.people.not_told) == (10_000, None, 1)
    assert (group.is_joint, told.needs, told.unread) == (False, 5, 0)
    assert [member.agreement is None for member in group.members] == [True, False, False]


def test_what_is_joint_stays_together_and_says_so(database, libraries, needs, hub):
    ids, teams = needs
    with database.transaction() as session:
        joining.join(session, ids["LDS"], ids["CAL"], actor=teams["CAL"], at=now())

    found, told = groups(database, libraries, hub)

    assert {ids["LDS"], ids["CAL"]} in found
    assert told.groups[found.index({ids["LDS"], ids["CAL"]})].is_joint


def test_what_was_dismissed_comes_back_when_a_text_changes(database, libraries, needs, hub, runner):
    ids, teams = needs
    for _ in range(2):
        with database.transaction() as session:
            (row,) = aligning.dismiss(session, [ids["KIR"], ids["CAL"], ids["KIR"]], actor=hub, at=now())
            assert row.dismissed_by == hub.name
    with database.reading() as session:
        (standing,) = aligning.dismissed(session, actor=hub)
        events = session.query(Event).filter(Event.kind == "alignment.dismissed").all()
    assert groups(database, libraries, hub)[0] == []
    assert {standing.one_id, standing.other_id} == {ids["KIR"], ids["CAL"]}
    assert events[0].data == {"needs": [str(ids["KIR"]), str(ids["CAL"])]}

    with database.transaction() as session:
        intake.change(session, Side.NEED, ids["KIR"], {"metric": "Weeks"}, actor=teams["KIR"], at=now())
    runner.run_due()

    assert groups(database, libraries, hub)[0] == [{ids["KIR"], ids["CAL"]}]
    with database.reading() as session:
        assert aligning.dismissed(session, actor=hub) == []


def test_a_dismissal_of_what_was_withdrawn_since_hinders_nothing(database, libraries, needs, hub):
    ids, teams = needs
    with database.transaction() as session:
        aligning.dismiss(session, [ids["KIR"], ids["CAL"]], actor=hub, at=now())
        intake.withdraw(session, Side.NEED, ids["KIR"], actor=teams["KIR"], at=now())

    assert groups(database, libraries, hub)[0] == []


def test_the_hub_proposes_and_those_who_own_the_need_are_told_once(database, libraries, needs, hub):
    ids, teams = needs
    for _ in range(2):
        with database.transaction() as session:
            (row,) = aligning.propose(session, ids["KIR"], [ids["CAL"], ids["KIR"]], actor=hub, at=now())
            assert (row.need_id, row.with_need_id, row.proposed_by) == (ids["CAL"], ids["KIR"], hub.name)

    with database.reading() as session:
        (mail,) = session.query(Message).filter(Message.template == "joint_need_proposed").all()
        assert session.query(AlignmentProposal).count() == 1
        assert joint_needs.joint_of(session, ids["CAL"]) is None
    assert KIRKLEES["title"] in mail.body
    assert (mail.person_id, f"/needs/{ids['KIR']}" in mail.body) == (teams["CAL"].person_id, True)
    assert f"/needs/{ids['CAL']}/similar" in mail.body  # where one joins
    proposed = {member.need.id: member.proposed_at for group in groups(database, libraries, hub)[1].groups for member in group.members}
    assert sum(at is not None for at in proposed.values()) <= 1


def test_a_proposal_that_nobody_could_take_up_is_refused(database, needs, hub, said, runner):
    ids, teams = needs
    unowned = said(Side.NEED, {**ADHD_NEED, "places": ["BDC", "LDS"]}, actor=hub)
    hidden = said(Side.NEED, {**ADHD_NEED, "visibility": "hub_only"}, actor=hub)
    runner.run_due()

    def refused(words, with_id, *need_ids):
        with database.transaction() as session, pytest.raises(AlignmentRefused, match=words):
            aligning.propose(session, with_id, need_ids, actor=hub, at=now())

    refused("No place owns", ids["KIR"], unowned)
    refused("may read the other", hidden, ids["KIR"])
    refused("two different", ids["KIR"], ids["KIR"])
    with database.transaction() as session:
        joining.join(session, ids["CAL"], ids["KIR"], actor=teams["KIR"], at=now())
    refused("joint need already", ids["LDS"], ids["CAL"])
    with database.transaction() as session:
        intake.withdraw(session, Side.NEED, ids["WAK"], actor=teams["WAK"], at=now())
    refused("Only open needs", ids["LDS"], ids["WAK"])


def test_only_the_hub_sees_dismisses_and_proposes(database, libraries, needs):
    ids, teams = needs
    kirklees = teams["KIR"]

    with database.transaction() as session:
        for act in (
            lambda: aligning.alignments(session, libraries, actor=kirklees),
            lambda: aligning.dismissed(session, actor=kirklees),
            lambda: aligning.dismiss(session, list(ids.values()), actor=kirklees, at=now()),
            lambda: aligning.propose(session, ids["KIR"], [ids["CAL"]], actor=kirklees, at=now()),
        ):
            with pytest.raises(NotAllowed):
                act()


def test_a_need_that_may_not_be_read_has_no_like_ones(database, libraries, needs, said, hub):
    _, teams = needs
    hidden = said(Side.NEED, {**ADHD_NEED, "visibility": "hub_only"}, actor=hub)

    with pytest.raises(NotFound):
        similar(database, libraries, hidden, teams["KIR"])


def test_those_who_are_joined_are_told_once_and_those_who_join_are_not(database, needs):
    ids, teams = needs
    with database.transaction() as session:
        joining.join(session, ids["KIR"], ids["CAL"], actor=teams["CAL"], at=now())

    with database.reading() as session:
        (mail,) = session.query(Message).filter(Message.template == "joint_need_joined").all()
    assert (mail.person_id, CALDERDALE["title"] in mail.body, "Calderdale" in mail.body) == (teams["KIR"].person_id, True, True)


def test_nobody_is_told_of_a_need_that_they_may_not_read(database, needs, said, hub, team):
    ids, _ = needs
    hidden = said(Side.NEED, {**ADHD_NEED, "places": ["BDC", "LDS"], "visibility": "hub_only"}, actor=hub)
    with database.transaction() as session:
        joining.join(session, ids["KIR"], hidden, actor=hub, at=now())

    with database.reading() as session:
        assert session.query(Message).filter(Message.template == "joint_need_joined").all() == []


def test_what_was_compared_is_kept_until_something_changes(database, libraries, hub, needs, monkeypatch):
    before, _ = groups(database, libraries, hub)
    compared = []
    monkeypatch.setattr(aligning.alignment, "groups", lambda *_, **__: compared.append("again") or [])

    again, _ = groups(database, libraries, hub)
    ids, teams = needs
    with database.transaction() as session:
        intake.change(session, Side.NEED, ids["CAL"], {"metric": "Weeks"}, actor=teams["CAL"], at=now())
    changed, _ = groups(database, libraries, hub)

    assert again == before
    assert compared == ["again"]
    assert changed != before
