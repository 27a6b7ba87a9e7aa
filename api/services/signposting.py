"""Which bodies may help with an innovation, and why: rules over the rows, the same for everybody and told in plain words."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from api.services.codes import labels
from models.innovations import Innovation, Stage
from models.referrals import EvidenceAsked, Geography, SupportBody

STAGE_WORDS: Final = {
    Stage.DISCOVERY: "an early idea",
    Stage.DEVELOPMENT: "being developed",
    Stage.EVALUATION: "being tested",
    Stage.ADOPTION: "ready to use",
    Stage.SPREAD: "in use and spreading",
}
SERVES: Final = {
    Geography.PLACES: "some places of West Yorkshire",
    Geography.WEST_YORKSHIRE: "West Yorkshire",
    Geography.YORKSHIRE_AND_HUMBER: "Yorkshire and the Humber",
    Geography.ENGLAND: "England",
    Geography.UNITED_KINGDOM: "the United Kingdom",
}
_NEAREST: Final = tuple(Geography)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a body asks for: whether it is so, None where the innovation does not say, and that in words."""

    met: bool | None
    says: str


@dataclass(frozen=True, slots=True)
class Route:
    """A body that may help, with the reason in plain words; `unknown` says what would make it surer."""

    body: SupportBody
    reason: str
    met: int
    unknown: tuple[str, ...]


def routes(innovation: Innovation, bodies: Iterable[SupportBody]) -> Sequence[Route]:
    """The bodies of which nothing that they ask for is known not to be so, best first.

    First come those of which most is known to fit, then those with least unknown, then the nearest, then by name.
    """
    found = [route for body in bodies if (route := _route(innovation, body)) is not None]
    return sorted(found, key=lambda each: (-each.met, len(each.unknown), _NEAREST.index(each.body.geography), each.body.name, each.body.id))


def _route(innovation: Innovation, body: SupportBody) -> Route | None:
    asked = [each for check in _CHECKS if (each := check(innovation, body)) is not None]
    if any(each.met is False for each in asked):
        return None
    fits = [each.says for each in asked if each.met]
    unknown = tuple(each.says for each in asked if each.met is None)
    told = [*(fits or ["Works with innovations of every kind and stage."]), *unknown, f"Serves {_area(body)}."]
    if body.helps_with:
        told.append(f"Helps with: {body.helps_with.rstrip('.')}.")
    return Route(body, " ".join(told), len(fits), unknown)


def _area(body: SupportBody) -> str:
    return ", ".join(sorted(body.places)) if body.geography is Geography.PLACES and body.places else SERVES[body.geography]


def _kind(innovation: Innovation, body: SupportBody) -> Criterion | None:
    if not body.kinds:
        return None
    words = labels("kinds")
    works = _listed(words[each].lower() for each in body.kinds)
    return Criterion(
        innovation.kind.value in body.kinds, f"Works with the kind {works}; yours is of the kind {words[innovation.kind.value].lower()}."
    )


def _stage(innovation: Innovation, body: SupportBody) -> Criterion | None:
    if not body.stages:
        return None
    works = _listed(STAGE_WORDS[stage] for stage in Stage if stage.value in body.stages)
    if innovation.stage is None:
        return Criterion(None, f"Works with what is {works}; how far yours has come is not said.")
    return Criterion(innovation.stage.value in body.stages, f"Works with what is {works}; yours is {STAGE_WORDS[innovation.stage]}.")


def _category(innovation: Innovation, body: SupportBody) -> Criterion | None:
    return _coded(body.categories, innovation.categories, "categories", "sort")


def _area_of_work(innovation: Innovation, body: SupportBody) -> Criterion | None:
    return _coded(body.areas, innovation.areas, "areas", "area of work")


def _coded(asked: Sequence[str], said: Sequence[str], name: str, word: str) -> Criterion | None:
    if not asked:
        return None
    words = labels(name)
    if not said:
        return Criterion(None, f"Works with the {word} {_listed(words[each] for each in asked)}; the {word} of yours is not said.")
    common = [each for each in said if each in asked]
    told = _listed(words[each] for each in (common or said))
    return Criterion(bool(common), f"Works with the {word} {told}, as yours is.")


def _evidence(innovation: Innovation, body: SupportBody) -> Criterion | None:
    if body.evidence is EvidenceAsked.ANY:
        return None
    has_some = bool(innovation.evidences or innovation.evidence_summary)
    if body.evidence is EvidenceAsked.SOME:
        return Criterion(has_some, "Asks for some evidence; yours has some.")
    return Criterion(not has_some, "Helps those that have no evidence yet; yours tells of none.")


def _place(innovation: Innovation, body: SupportBody) -> Criterion | None:
    if not body.places:
        return None
    home = [place.key for place in innovation.supplier.places] if innovation.supplier else []
    if not home:
        return Criterion(None, f"Works with those based in {_listed(sorted(body.places))}; where you are based is not said.")
    return Criterion(not set(home).isdisjoint(body.places), f"Works with those based in {_listed(sorted(body.places))}, as you are.")


_CHECKS: Final[tuple[Callable[[Innovation, SupportBody], Criterion | None], ...]] = (
    _kind,
    _stage,
    _category,
    _area_of_work,
    _evidence,
    _place,
)


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def in_words(found: Sequence[Route]) -> str:
    """How many may help, as a sentence; that none does is an answer."""
    if not found:
        return "No body on our list fits now. The Hub looks for another way, or adds a body."
    return f"{len(found)} {'body' if len(found) == 1 else 'bodies'} may help."
