"""What places do by form, for tests: every route with a sound change and the event that it writes."""

from collections.abc import Callable
from typing import Any

from tests import place_answers


def _step(world: Any) -> Any:
    proposal = world.on(world.make(place_answers.announced))
    return world.form(f"/proposals/{proposal.id}/stages", place="LDS", stage="introduced")


def _answer(world: Any) -> Any:
    said = {"answer": "meet", "note": "By telephone.", "version": "2"}
    return world.form(f"/place-answers/{world.on(world.question())}/answer", **said)


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "POST /place-answers/{place_answer_id}/answer": ("place.answered", _answer),
    "POST /proposals/{proposal_id}/stages": ("stage.changed", _step),
}

SENT: dict[str, dict[str, Any]] = {
    "POST /place-answers/{place_answer_id}/answer": {"data": {"answer": "meet", "version": "1"}},
    "POST /proposals/{proposal_id}/stages": {"data": {"place": "LDS", "stage": "introduced"}},
}
"""What is sent where a form that says nothing would be asked for more before anybody asks who sent it."""
