"""The plain English of what places do: what questions, answers, stages and the ends of needs are called."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from api.services.introducing import Reached
from models.joint_needs import Scale
from models.pipeline import PipelineStage
from models.place_answers import Closing, PlaceAnswer, PlaceReply, QuestionState

# word, colour of the tag
REPLIES: Final[Mapping[PlaceReply, tuple[str, str]]] = {
    PlaceReply.MEET: ("Meet", "green"),
    PlaceReply.NOT_NOW: ("Not now", "yellow"),
    PlaceReply.NO: ("No", "grey"),
}
SAID: Final[Mapping[PlaceReply, str]] = {
    PlaceReply.MEET: "wants to meet",
    PlaceReply.NOT_NOW: "said not now",
    PlaceReply.NO: "said no",
}
STAGES: Final[Mapping[PipelineStage, tuple[str, str]]] = {
    PipelineStage.INTRODUCED: ("Introduced", "blue"),
    PipelineStage.EVALUATING: ("Being evaluated", "blue"),
    PipelineStage.PILOTING: ("Piloting", "purple"),
    PipelineStage.ADOPTED: ("Adopted", "green"),
    PipelineStage.SPREAD: ("Spread", "green"),
    PipelineStage.STOPPED: ("Stopped", "grey"),
}
STAGE_HINTS: Final[Mapping[PipelineStage, str]] = {
    PipelineStage.INTRODUCED: "Both sides know of each other",
    PipelineStage.EVALUATING: "You look at it and work out whether it fits; no patient uses it yet",
    PipelineStage.PILOTING: "Some people use it for a time, to see whether it works here",
    PipelineStage.ADOPTED: "It is in use, and stays",
    PipelineStage.SPREAD: "It is in use wherever it is needed in this place",
    PipelineStage.STOPPED: "It goes no further here; say why",
}
CLOSINGS: Final[Mapping[Closing, str]] = {
    Closing.MATCH_REVERSED: "The Hub took the match back. Nobody waits for this answer any more.",
    Closing.PLACE_LEFT: "The need left the joint need that this match is about. Nobody waits for this answer any more.",
    Closing.NEED_ENDED: "The need has ended. Nobody waits for this answer any more.",
}


def whom_it_reached(reached: Reached | None, place: str) -> str:
    """Who was introduced to whom, as it was really mailed; empty before there was an introduction."""
    if reached is None:
        return ""
    if reached.place and reached.offering:
        return "Both sides were introduced by mail."
    if reached.contact_missing:
        told = f"We wrote to {place}, but know nobody" if reached.place else "We know nobody"
        return f"{told} who offers this, so they could not be introduced yet. It is for the Hub to find out whom to talk to."
    if reached.place:
        return f"We wrote to {place}. Our mail to those who offer this did not arrive. Ask the Hub how to reach them."
    if reached.offering:
        return f"We wrote to those who offer this. Our mail to {place} did not arrive. Ask the Hub for their address."
    return "An introduction was due, but our mails did not arrive. Ask the Hub to put you in touch."


def question_tag(row: PlaceAnswer, today: date) -> tuple[str, str]:
    """Where a question stands, in one word or two."""
    if row.state is QuestionState.CLOSED:
        return ("Closed", "grey")
    if row.answer is not None:
        return REPLIES[row.answer]
    if row.state is QuestionState.HELD:
        return ("Held back", "grey")
    return ("Overdue", "red") if row.answer_by is not None and row.answer_by < today else ("To answer", "blue")


def scale_in_words(scale: Scale) -> str:
    """How many voices, places and people needs stand for: 2 voices, 3 places, up to 20,000 people a year."""
    voices = "1 voice" if scale.voices == 1 else f"{scale.voices} voices"
    places = "1 place" if len(scale.places) == 1 else f"{len(scale.places)} places"
    return f"{voices}, {places}, {_people(scale)}"


def _people(scale: Scale) -> str:
    least, most = scale.people.at_least, scale.people.at_most
    if most is not None:
        return f"up to {most:,} people a year" if least == 0 else f"{least:,} to {most:,} people a year"
    return f"at least {least:,} people a year" if least else "number of people not said"
