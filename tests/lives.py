"""A row of everything that submissions and needs live through, with strange words in it; for backups."""

from datetime import date, timedelta

from api.services import (
    accounts,
    assigning,
    drafting,
    ending_needs,
    feedback,
    front_door,
    inviting,
    keeping_views,
    merging,
    noting,
    signing_in,
    watching,
)
from api.services.content import InnovationContent
from api.services.letters import Choice
from api.services.watching import Found
from models.feedback import Answer
from models.joint_needs import AlignmentDismissal, AlignmentProposal
from models.people import Role
from models.triage import OutcomeKind
from models.watches import SubjectKind, Watched, WatchKind
from tests import factories, joint_needs, merges, outcomes, place_answers, rankers, sign_offs, triage
from tests.factories import NOW
from tests.walk import now

STRANGE = ("two\nlines\r\n", 'quo"tes \\ and /', "‘curly’ — dash", "😀 beyond the first plane", "=1+1")


def live(session, person):
    """A row of everything that submissions and needs live through."""
    actor = accounts.actor_of_person(person)
    joint_needs.joint(session, joint_needs.owned(session, "LDS"), joint_needs.owned(session, "CAL"))
    first, second = sorted((factories.make_need(session).id, factories.make_need(session).id))
    said = {"need_revision": 1, "with_revision": 1, "proposed_by": actor.name, "proposed_at": now()}
    session.add(AlignmentProposal(need_id=first, with_need_id=second, **said))
    said = {"one_revision": 1, "other_revision": 1, "dismissed_by": actor.name, "dismissed_at": now()}
    session.add(AlignmentDismissal(one_id=first, other_id=second, **said))
    sign_offs.asked(session)
    sign_offs.shared(session)
    rankers.make_ranker(session)
    factories.make_call(session)
    begun = watching.begin(session, kind=WatchKind.TEXT, what=Watched.NEEDS, value=STRANGE[2], actor=actor, at=now())
    watching.keep(session, Found(SubjectKind.NEED, first, 1, (begun.id,)), at=now())
    asked = triage.submission(session)
    choice = Choice(kind=OutcomeKind.ASK, question=STRANGE[0], answer_by=date(2026, 12, 1))
    triage.conclude(session, asked, choice, triage.officer(session))
    noting.write(session, asked.id, STRANGE[3], actor=actor, at=now())
    assigning.snooze(session, triage.submission(session).id, date(2026, 12, 1), actor=triage.officer(session), at=NOW)
    keeping_views.save(session, path="/triage", name=STRANGE[2], query="state=asked", actor=actor, at=now())
    feedback.give(session, outcomes.token_of(session), Answer.PARTLY, STRANGE[1], at=NOW)
    merging.merge(session, factories.make_innovation(session).id, factories.make_innovation(session).id, actor=actor, at=now())
    merges.referral(session)
    place_answers.announced(session)
    ending_needs.close(session, factories.make_need(session).id, STRANGE[4], actor=actor, at=now())
    lead = accounts.actor_of_person(factories.make_person(session, Role.LEAD))
    inviting.invite(session, email="new@example.org", role=Role.BOARD, actor=lead, at=now())
    signing_in.ask(session, person.email, at=now())
    said = InnovationContent(name=STRANGE[3], problems_tackled=STRANGE[2])
    front_door.save(session, said, organisation=STRANGE[4], email="saved@example.org", hand_in=False, at=now(), keep_for=timedelta(days=1))
    drafting.keep(session, "", {"name": STRANGE[1], "how_it_works": STRANGE[0]}, at=now(), keep_for=timedelta(days=1))
