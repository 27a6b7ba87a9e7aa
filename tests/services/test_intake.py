import pytest

from api.services import intake
from api.services.content import NeedChanges, NeedContent
from models.actors import ANONYMOUS, SYSTEM, NotAllowed
from models.documents import Readability, Side, StaleVersion, TransitionRefused
from models.innovations import InnovationStatus
from models.needs import NeedStatus
from models.people import Role
from models.queries import documents, events, jobs
from models.queries.documents import NotFound
from models.queries.places import UnknownOrganisation, UnknownPlace
from tests.walk import ADHD_NEED, ADHD_TEST, now

pytestmark = pytest.mark.both


def test_a_need_is_kept_with_its_revision_its_event_and_the_job_that_it_owes(database, said, hub):
    need_id = said(Side.NEED, ADHD_NEED)

    with database.reading() as session:
        need = documents.need(session, need_id, hub)
        assert (need.status, need.revision, need.readability) == (NeedStatus.OPEN, 1, Readability.READABLE)
        assert [place.key for place in need.places] == ["LDS"]
        assert documents.revision(session, Side.NEED, need_id, 1, SYSTEM).content == need.content()
        assert {event.kind for event in events.of_subject(session, need_id)} == {"need.created", "need.opened"}
        assert jobs.counts(session)["embed"] == {"queued": 1}


def test_a_draft_owes_nothing(database, said):
    said(Side.NEED, ADHD_NEED, submit=False)

    with database.reading() as session:
        assert "embed" not in jobs.counts(session)


def test_a_title_is_shown_without_hidden_characters_and_kept_as_written(database, said, hub):
    need_id = said(Side.NEED, {**ADHD_NEED, "title": "ADHD \u202eback\u200blog"})

    with database.reading() as session:
        assert documents.need(session, need_id, hub).title == "ADHD backlog"
        assert documents.revision(session, Side.NEED, need_id, 1, SYSTEM).content["as_written"] == {"title": "ADHD \u202eback\u200blog"}


def test_a_text_in_another_language_is_stored_and_flagged_but_not_searchable(database, said, hub):
    french = "Les adultes attendent des années pour un diagnostic, et les rendez-vous sont beaucoup trop rares dans notre ville."
    need_id = said(Side.NEED, {"title": "Liste", "problem": french, "places": ["LDS"]})

    with database.reading() as session:
        need = documents.need(session, need_id, hub)
        assert (need.readability, need.searchable) == (Readability.FOREIGN_LANGUAGE, False)


def test_a_change_of_content_is_a_new_revision_and_a_change_of_anything_else_is_not(database, said, hub):
    need_id = said(Side.NEED, ADHD_NEED)

    with database.transaction() as session:
        intake.change(session, Side.NEED, need_id, {"funding": "A trial sum."}, actor=hub, at=now())
        intake.change(session, Side.NEED, need_id, {"theme": "Neurodiversity"}, actor=hub, at=now())

    with database.reading() as session:
        need = documents.need(session, need_id, hub)
        assert (need.revision, need.version, need.theme) == (2, 4, "Neurodiversity")


def test_who_read_an_older_version_cannot_overwrite_a_newer_one(database, said, hub):
    need_id = said(Side.NEED, ADHD_NEED, submit=False)
    with database.transaction() as session:
        intake.change(session, Side.NEED, need_id, {"metric": "Weeks waited"}, actor=hub, at=now(), version=1)

    with pytest.raises(StaleVersion), database.transaction() as session:
        intake.change(session, Side.NEED, need_id, {"metric": "Days waited"}, actor=hub, at=now(), version=1)


def test_withdrawing_takes_a_document_out_of_the_searchable_in_the_same_transaction(database, said, hub):
    innovation_id = said(Side.INNOVATION, ADHD_TEST)

    with database.transaction() as session:
        intake.withdraw(session, Side.INNOVATION, innovation_id, actor=hub, at=now())
        assert documents.searchable_names(session, Side.INNOVATION, hub) == frozenset()

    with pytest.raises(TransitionRefused, match="withdrawn"), database.transaction() as session:
        intake.change(session, Side.INNOVATION, innovation_id, {"benefits": "More"}, actor=hub, at=now())


def test_the_must_haves_and_the_owner_of_a_need_are_replaced_as_a_whole(database, said, hub):
    need_id = said(Side.NEED, {**ADHD_NEED, "criteria": [{"kind": "dtac"}], "owning_organisation": "RGD"}, submit=False)

    with database.transaction() as session:
        criteria = [{"kind": "minimum_stage", "value": "ADOPTION"}, {"kind": "dtac"}]
        changes = NeedChanges.model_validate({"criteria": criteria, "places": ["LDS", "CAL"]}).model_dump(exclude_unset=True)
        intake.change(session, Side.NEED, need_id, changes, actor=hub, at=now())

    with database.reading() as session:
        need = documents.need(session, need_id, hub)
        assert [row.kind.value for row in need.criteria] == ["minimum_stage", "dtac"]
        assert [place.key for place in need.places] == ["CAL", "LDS"]
        assert need.owner_organisation_id is not None


@pytest.mark.parametrize(("values", "error"), [({"places": ["XXX"]}, UnknownPlace), ({"owning_organisation": "ZZZ"}, UnknownOrganisation)])
def test_an_unknown_place_or_organisation_is_refused(said, values, error):
    with pytest.raises(error):
        said(Side.NEED, {**ADHD_NEED, **values})


def test_an_external_id_belongs_to_one_innovation(database, said, hub):
    ids = {"external_ids": [{"system": "innovation-service", "id": "INN-2501-0007-5"}]}
    first = said(Side.INNOVATION, {**ADHD_TEST, **ids})

    with pytest.raises(intake.ExternalIdTaken):
        said(Side.INNOVATION, {**ADHD_TEST, **ids})
    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, first, {**ids, "benefits": "Faster"}, actor=hub, at=now())
    with database.reading() as session:
        assert documents.by_external_id(session, "innovation-service", "INN-2501-0007-5") == first


def test_evidence_and_standards_are_kept_as_plain_json(database, said, hub):
    evidence = {"submit_type": "REAL_WORLD", "summary": "Seven sites", "dated_on": "2020-10-05"}
    innovation_id = said(Side.INNOVATION, {**ADHD_TEST, "evidences": [evidence], "standards": [{"type": "DTAC", "has_met": "YES"}]})

    with database.reading() as session:
        innovation = documents.innovation(session, innovation_id, hub)
        assert innovation.evidences[0]["dated_on"] == "2020-10-05"
        assert innovation.standards == [{"type": "DTAC", "has_met": "YES"}]


def test_consent_given_is_dated_and_consent_taken_back_holds_the_innovation(database, said, hub):
    innovation_id = said(Side.INNOVATION, {**ADHD_TEST, "supplier": "Small Firm Ltd"})
    with database.reading() as session:
        assert documents.innovation(session, innovation_id, hub).consent_at is not None

    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, innovation_id, {"consent_by": ""}, actor=hub, at=now())

    with database.reading() as session:
        assert documents.innovation(session, innovation_id, hub).held


def test_a_date_of_consent_without_who_gave_it_is_not_consent(database, said, hub):
    innovation_id = said(Side.INNOVATION, {**ADHD_TEST, "consent_by": ""})

    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, innovation_id, {"consent_at": now()}, actor=hub, at=now())

    with database.reading() as session:
        assert documents.innovation(session, innovation_id, hub).held


def test_an_innovator_hands_in_for_their_own_organisation_only(database, said, person, hub):
    innovator = person(Role.INNOVATOR, organisation="Small Firm Ltd", shown_as="Founder")

    innovation_id = said(Side.INNOVATION, ADHD_TEST, actor=innovator)

    with database.reading() as session:
        innovation = documents.innovation(session, innovation_id, innovator)
        assert innovation.supplier_id in innovator.organisation_ids
        assert innovation.status is InnovationStatus.SUBMITTED
    with pytest.raises(NotAllowed, match="your own organisation"):
        said(Side.INNOVATION, {**ADHD_TEST, "supplier": "A rival"}, actor=innovator)


def test_a_rival_sees_nothing_and_changes_nothing(database, said, person):
    innovation_id = said(Side.INNOVATION, ADHD_TEST, actor=person(Role.INNOVATOR, organisation="Small Firm Ltd", shown_as="Founder"))
    rival = person(Role.INNOVATOR, organisation="Leeds and York Partnership", shown_as="Rival")

    with pytest.raises(NotFound), database.transaction() as session:
        intake.change(session, Side.INNOVATION, innovation_id, {"benefits": "None"}, actor=rival, at=now())


def test_a_place_writes_the_needs_of_its_own_place(database, said, person):
    leeds = person(Role.PLACE, place="LDS", shown_as="Leeds place lead")
    calderdale = person(Role.PLACE, place="CAL", shown_as="Calderdale place lead")

    need_id = said(Side.NEED, ADHD_NEED, actor=leeds)

    with pytest.raises(NotAllowed, match="your own place"):
        said(Side.NEED, ADHD_NEED, actor=calderdale)
    with pytest.raises(NotAllowed, match="owns this need"), database.transaction() as session:
        intake.withdraw(session, Side.NEED, need_id, actor=calderdale, at=now())


def test_who_has_not_signed_in_hands_nothing_in(database):
    with pytest.raises(NotAllowed), database.transaction() as session:
        intake.create(session, Side.NEED, NeedContent.model_validate(ADHD_NEED), actor=ANONYMOUS, at=now())


def test_a_pipeline_hands_in_what_it_may_not_read_before_it_is_released(database, said, person, hub):
    innovation_id = said(Side.INNOVATION, {**ADHD_TEST, "visibility": "hub_only"}, actor=person(Role.PIPELINE, shown_as="Pipeline system"))

    with database.reading() as session:
        assert documents.innovation(session, innovation_id, hub).status is InnovationStatus.SUBMITTED


def test_what_a_pipeline_hands_in_it_may_read_and_change(database, said, person):
    pipeline = person(Role.PIPELINE, shown_as="Pipeline system")
    innovation_id = said(Side.INNOVATION, ADHD_TEST, actor=pipeline, submit=False)

    with database.transaction() as session:
        intake.change(session, Side.INNOVATION, innovation_id, {"benefits": "Sooner"}, actor=pipeline, at=now())
        assert documents.innovation(session, innovation_id, pipeline).benefits == "Sooner"
    with database.reading() as session, pytest.raises(NotFound):
        documents.innovation(session, innovation_id, ANONYMOUS)


def test_nobody_hands_their_innovation_to_a_rival(database, said, person):
    founder = person(Role.INNOVATOR, organisation="Small Firm Ltd", shown_as="Founder")
    innovation_id = said(Side.INNOVATION, ADHD_TEST, actor=founder)

    with pytest.raises(NotAllowed, match="Only the Hub"), database.transaction() as session:
        intake.change(session, Side.INNOVATION, innovation_id, {"supplier": "Rival Ltd"}, actor=founder, at=now())


def test_a_joint_need_stays_with_the_place_that_wrote_it(database, said, person):
    leeds = person(Role.PLACE, place="LDS", shown_as="Leeds place lead")
    bradford = person(Role.PLACE, place="BDC", shown_as="Bradford place lead")
    joint = said(Side.NEED, {**ADHD_NEED, "places": ["LDS", "BDC"]}, actor=leeds)

    with pytest.raises(NotAllowed, match="owns this need"), database.transaction() as session:
        intake.change(session, Side.NEED, joint, {"places": ["BDC"]}, actor=bradford, at=now())
    with database.transaction() as session:
        intake.change(session, Side.NEED, joint, {"metric": "Weeks"}, actor=leeds, at=now())


def test_a_need_that_the_hub_wrote_is_changed_by_the_only_place_that_it_concerns(database, said, person):
    leeds = person(Role.PLACE, place="LDS", shown_as="Leeds place lead")
    own, joint = said(Side.NEED, ADHD_NEED), said(Side.NEED, {**ADHD_NEED, "places": ["LDS", "BDC"]})

    with database.transaction() as session:
        intake.change(session, Side.NEED, own, {"metric": "Weeks"}, actor=leeds, at=now())
    with pytest.raises(NotAllowed), database.transaction() as session:
        intake.change(session, Side.NEED, joint, {"metric": "Weeks"}, actor=leeds, at=now())


def test_an_owning_organisation_can_be_taken_off(database, said, hub):
    need_id = said(Side.NEED, {**ADHD_NEED, "owning_organisation": "RGD"})

    with database.transaction() as session:
        intake.change(session, Side.NEED, need_id, {"owning_organisation": None}, actor=hub, at=now())

    with database.reading() as session:
        assert documents.need(session, need_id, hub).owner_organisation is None


def test_an_unknown_filter_is_an_error_and_not_an_empty_list(database, hub):
    with database.reading() as session, pytest.raises(ValueError, match="filtered by colour"):
        documents.page(session, Side.NEED, hub, filters={"colour": "red"})


def test_a_version_that_is_not_kept_is_not_found(database, said):
    need_id = said(Side.NEED, ADHD_NEED)

    with database.reading() as session, pytest.raises(NotFound, match="Version 7"):
        documents.revision(session, Side.NEED, need_id, 7, SYSTEM)
