"""decided -> learned: a ranker trained on what people decided, reported before and after; the lead says when it judges."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.services.faults import Fault
from api.services.library import Libraries, trained_file
from api.services.recording import record
from matcher.folder import MalformedFolder, read_folder, split_and_side
from matcher.learning_report import Change, OnDecisions, OnTexts, on_later, on_other_needs, on_texts
from matcher.rankers import retold
from matcher.sealing import write_sealed
from matcher.training import Decided, TooFewDecisions, Trained, check_enough, train
from models.actors import Actor
from models.base import DomainError
from models.decisions import Verdict
from models.events import Event
from models.policies import RANKER_MANAGE
from models.queries import ranker_versions
from models.queries.ranker_versions import Reviewed
from models.ranker_versions import UNFIT, RankerState, RankerVersion

EVALUATION_SETS: Final = ("wy", "fp7-dev", "fp7-dev-reverse")
"""The sets of judged texts that the packaged ranker is told by; they lie in the source's `bench/data`, and are not installed."""

FEW_NEEDS: Final = 10
"""Below which resampling needs shows less spread than there is."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_NOTICES: Final = (
    "Only pairs that a ranker had put before the Hub were decided on, so that nothing here tells of pairs that nobody was shown.",
    "The weights are of all these decisions; the figures on decisions are of weights that were trained without those.",
    "“Before” is the ranker of the settings, from which each training begins, whichever ranker judges now.",
)


class CannotTrain(DomainError):
    """The decisions are too few or too much alike; the message says what is missing."""


class NameRefused(DomainError):
    """A ranker has that name already, or it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The decisions that teach, of how many; `left_out` counts the others by the reason why they do not."""

    decided: tuple[Decided, ...]
    left_out: Mapping[str, int]

    @property
    def confirmed(self) -> int:
        """How many of them are confirmations."""
        return sum(each.fits for each in self.decided)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a training found, before it is kept."""

    gathered: Gathered
    trained: Trained
    later: OnDecisions | None
    other_needs: OnDecisions
    sets: tuple[OnTexts, ...]
    weights: Mapping[str, tuple[float, float]]
    base: str

    def to_json(self) -> dict[str, Any]:
        """The report."""
        decided = self.gathered.decided
        measured = {each.dataset for each in self.sets}
        return {
            "base": self.base,
            "decisions": {
                "n": len(decided),
                "confirmed": self.gathered.confirmed,
                "rejected": len(decided) - self.gathered.confirmed,
                "needs": len({each.need for each in decided}),
                "from": min(each.at for each in decided).isoformat(),
                "to": max(each.at for each in decided).isoformat(),
                "left_out": dict(self.gathered.left_out),
            },
            "pull": self.trained.pull,
            "weights": {name: {"before": old, "after": new} for name, (old, new) in self.weights.items()},
            "later_decisions": self.later.to_json() if self.later else None,
            "other_needs": self.other_needs.to_json(),
            "sets": [each.to_json() for each in self.sets],
            "absent": [name for name in EVALUATION_SETS if name not in measured],
            "notices": [*_NOTICES, *self._doubts()],
        }

    def _doubts(self) -> list[str]:
        """Which figures are of so few needs that neither interval nor p tells how sure they are."""
        told = {"later decisions": self.later, "other needs": self.other_needs}
        changes: dict[str, tuple[Change | None, ...]] = {what: (found.log_loss, found.ndcg) for what, found in told.items() if found}
        changes |= {each.dataset: (each.ndcg,) for each in self.sets}
        least = {what: min((each.needs for each in found if each), default=FEW_NEEDS) for what, found in changes.items()}
        return [
            f"A figure on {what} is of {needs} needs only: too few for its interval and p to be believed."
            for what, needs in least.items()
            if needs < FEW_NEEDS
        ]


def gather(session: Session, libraries: Libraries, *, until: datetime) -> Gathered:
    """The decisions before a moment that say whether a pair fits, with the features that the present ranker reads too."""
    base = libraries.ranker
    alike = ranker_versions.ids_like(session, base.id)
    reasons: Counter[str] = Counter()
    decided = []
    for row in ranker_versions.reviewed(session, until=until):
        if why := _left_out(row, alike, encoder_id=libraries.encoder.id, features=len(base.file.features)):
            reasons[why] += 1
        else:
            fits = row.verdict is Verdict.CONFIRMED
            decided.append(Decided(need=str(row.need_id), at=row.decided_at, features=tuple(row.features), fits=fits))
    return Gathered(decided=tuple(decided), left_out=dict(sorted(reasons.items())))


def _left_out(row: Reviewed, alike: set[str], *, encoder_id: str, features: int) -> str:
    """Why a decision teaches nothing; empty when it does."""
    if row.verdict is Verdict.REJECTED and row.reason_code not in UNFIT:
        return f"rejected as {row.reason_code}, which says nothing about fit"
    if row.ranker not in alike or row.encoder_id != encoder_id or len(row.features) != features:
        return "judged by numbers that the present ranker does not read"
    return ""


def learn(libraries: Libraries, gathered: Gathered, *, sets: Sequence[Path] = (), on_progress: Callable[[str, int, int], None]) -> Learned:
    """Train on decisions and hold the result against what it has not seen; nothing is stored, and no database is asked.

    Raises:
        CannotTrain: if there is too little to learn from.
        Fault: naming what of a folder of judged texts cannot be read.
    """
    base = libraries.ranker
    before, names = base.file.calibration, base.file.features
    try:
        check_enough(gathered.decided)
        on_progress("training", 0, 3)
        trained = train(gathered.decided, before, names)
        on_progress("training", 1, 3)
        later = on_later(gathered.decided, before, names)
        on_progress("training", 2, 3)
        other_needs = on_other_needs(gathered.decided, before, names)
        on_progress("training", 3, 3)
    except TooFewDecisions as error:
        raise CannotTrain(f"{error} {_told(gathered.left_out)}".strip(), left_out=dict(gathered.left_out)) from error
    return Learned(
        gathered=gathered,
        trained=trained,
        later=later,
        other_needs=other_needs,
        sets=tuple(_on_set(folder, libraries, trained, on_progress) for folder in sets),
        weights=dict(zip(names, zip(before.weights, trained.calibration.weights, strict=True), strict=True)),
        base=base.id,
    )


def keep(session: Session, libraries: Libraries, learned: Learned, *, name: str, actor: Actor, at: datetime) -> RankerVersion:
    """Write the ranker into a folder of its own, and its row; it does not judge before somebody activates it.

    Raises NameRefused when there is one of that name, or when the name is none.
    """
    RANKER_MANAGE.check(actor)
    if not _NAME.fullmatch(name):
        raise NameRefused("Name a ranker by small letters, digits and hyphens, at most forty.", field="name")
    if ranker_versions.is_taken(session, name):
        raise _taken(name)
    report = learned.to_json()
    said = {
        "made_by": "matching ranker train",
        "encoder": libraries.encoder.id,
        "base": learned.base,
        "trained_on": report["decisions"],
        "pull": learned.trained.pull,
    }
    contents = retold(learned.trained.calibration, name=name, said=said, path=libraries.ranker_path)
    path = trained_file(libraries.rankers_folder, name)
    digest, decided = sha256(contents[path.name]).hexdigest(), learned.gathered.decided
    row = RankerVersion(
        name=name,
        ranker_id=f"{name}-{digest[:12]}",
        file_hash=digest,
        base=learned.base,
        encoder_id=libraries.encoder.id,
        decisions=len(decided),
        confirmed=learned.gathered.confirmed,
        rejected=len(decided) - learned.gathered.confirmed,
        needs=report["decisions"]["needs"],
        decided_from=min(each.at for each in decided),
        decided_to=max(each.at for each in decided),
        report=report,
        trained_at=at,
        trained_by=actor.name,
        state=RankerState.TRAINED,
        version=1,
    )
    session.add(row)
    try:
        session.flush()  # before the file, which would take the place of one that another training keeps under this name meanwhile
    except IntegrityError as error:
        raise _taken(name) from error
    write_sealed(path.parent, {"ranker": name}, lambda folder: _fill(folder, contents))
    said_of_it = Event.of("ranker.trained", subject_kind="ranker", subject_id=row.id, actor=actor.name, at=at, ranker=row.ranker_id)
    record(session, said_of_it, at=at)
    return row


def _taken(name: str) -> NameRefused:
    return NameRefused(f"There is a ranker {name} already. Choose another name.", field="name")


def free_name(session: Session, *, at: datetime) -> str:
    """A name that no ranker has: the day, and a number where there are several."""
    first = f"trained-{at:%Y-%m-%d}"
    number, name = 1, first
    while ranker_versions.is_taken(session, name):
        number += 1
        name = f"{first}-{number}"
    return name


def _on_set(folder: Path, libraries: Libraries, trained: Trained, on_progress: Callable[[str, int, int], None]) -> OnTexts:
    base = libraries.ranker
    try:
        split, asking = split_and_side(folder)
        return on_texts(
            read_folder(folder, split),
            asking=asking,
            encoder=libraries.encoder,
            before=base,
            after=base.weighing(trained.calibration, ranker_id="trained"),
            on_progress=lambda step, done, total: on_progress(f"{folder.name}: {step}", done, total),
        )
    except MalformedFolder as error:
        raise Fault(f"{error} Mend the folder and train again; nothing was kept.") from error


def _told(left_out: Mapping[str, int]) -> str:
    """What does not count, so that nobody looks for it among what does."""
    return " ".join(f"{count} were {why}." for why, count in left_out.items())


def _fill(folder: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        (folder / name).write_bytes(content)
