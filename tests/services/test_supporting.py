"""Bodies that help, as the lead keeps them."""

from uuid import uuid4

import pytest

from api.services import supporting
from models.actors import SYSTEM
from models.referrals import BodyAddedBefore, BodyIncomplete, BodyKind, Geography
from tests.factories import NOW

SAID = {"name": "Evaluation office", "kind": BodyKind.EVALUATOR}


def test_the_same_form_adds_one_body(session):
    once = uuid4()

    row = supporting.add(session, SAID, actor=SYSTEM, at=NOW, once=once)

    assert row.id == once
    session.expunge_all()  # the second comes in another request
    with pytest.raises(BodyAddedBefore, match="added already"):
        supporting.add(session, SAID, actor=SYSTEM, at=NOW, once=once)


def test_a_body_that_serves_some_places_names_them(session):
    with pytest.raises(BodyIncomplete):
        supporting.add(session, SAID | {"geography": Geography.PLACES}, actor=SYSTEM, at=NOW)
