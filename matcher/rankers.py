"""Ranker files: everything that turns a pair into a probability, frozen, named and told apart by a hash."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from matcher.calibration import Calibration
from matcher.cross_encoding import CROSS, CrossStage
from matcher.crowding import NOWHERE, Reference
from matcher.pairing import FEATURES
from matcher.vocabulary import Vocabulary

DEFAULT = "walk-3"


class RankerMissing(Exception):
    """There is no ranker file where one was looked for."""


class RankerDamaged(Exception):
    """A ranker file cannot be read, is not whole, or was made for other features than this program has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerFile:
    """One version of the ranker; two with the same `id` judge every pair alike.

    `encoder` is the id or name of the one whose vectors the weights were fitted on, and hold for. `fitted_on` are the
    SHA-256 of the files of judgements that had a part in it, so that an evaluation can say so. `cross` is there when the
    weights end with one for a cross-encoder.
    """

    id: str
    calibration: Calibration
    vocabulary: Vocabulary
    reference: Reference = NOWHERE
    cross: CrossStage | None = None
    encoder: str = ""
    fitted_on: frozenset[str] = frozenset()

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features, in the order of the weights."""
        return (*FEATURES, CROSS) if self.cross else FEATURES

    def holds_for(self, encoder_id: str) -> bool:
        """Whether the weights were fitted on the vectors of that encoder."""
        return self.encoder in (encoder_id, encoder_id.partition("@")[0])


def read_ranker_file(path: Path | None = None) -> RankerFile:
    """Read a ranker file with its vocabulary, both checked; the one that is shipped, unless a path names another.

    Raises:
        RankerMissing: if the file or its vocabulary is not there.
        RankerDamaged: if it cannot be used.
    """
    place: Traversable = path or files("matcher").joinpath(f"data/rankers/{DEFAULT}.json")
    folder: Traversable = path.parent if path else files("matcher").joinpath("data/rankers")
    content = _read(place)
    try:
        stored = json.loads(content)
        parts = {part: _checked(folder, stored[part], f"The {part} of {place.name}") for part in ("vocabulary", "reference")}
        return _ranker_file(stored, **parts, digest=sha256(content).hexdigest())
    except (KeyError, TypeError, ValueError) as error:
        raise RankerDamaged(f"{place.name} is no ranker file that can be read: {error!r}. {_REMEDY}") from error


def retold(calibration: Calibration, *, name: str, said: Mapping[str, Any], path: Path | None = None) -> dict[str, bytes]:
    """The files of a ranker like another (see `read_ranker_file` for `path`) with other weights, by their names.

    Args:
        calibration: the weights.
        name: of the ranker and of its files.
        said: what else the file says of how it was made.
        path: of the ranker that it is like in everything else.

    Raises:
        RankerMissing: if the other is not there.
        RankerDamaged: if it cannot be used.
    """
    read_ranker_file(path)
    place: Traversable = path or files("matcher").joinpath(f"data/rankers/{DEFAULT}.json")
    folder: Traversable = path.parent if path else files("matcher").joinpath("data/rankers")
    stored = json.loads(_read(place))
    contents = {f"{name}.{_ENDINGS[part]}": _read(folder.joinpath(stored[part]["file"])) for part in _ENDINGS}
    stored |= {"name": name, **said, "intercept": calibration.intercept}
    stored["weights"] = dict(zip(stored["weights"], calibration.weights, strict=True))
    stored |= {part: stored[part] | {"file": f"{name}.{ending}"} for part, ending in _ENDINGS.items()}
    return {f"{name}.json": (json.dumps(stored, indent=2) + "\n").encode(), **contents}


_ENDINGS: Mapping[str, str] = MappingProxyType({"vocabulary": "vocabulary.tsv", "reference": "reference.npy"})
_REMEDY = "Install the program anew, or make the file again with `python -m bench.fit_ranker`."


def _checked(folder: Traversable, named: Mapping[str, Any], what: str) -> bytes:
    content = _read(folder.joinpath(named["file"]))
    if sha256(content).hexdigest() != named["sha256"]:
        raise RankerDamaged(f"{what} is not the one that it was made with. {_REMEDY}")
    return content


def _ranker_file(stored: Mapping[str, Any], *, vocabulary: bytes, reference: bytes, digest: str) -> RankerFile:
    expected = (*FEATURES, CROSS) if "cross" in stored else FEATURES
    if tuple(stored["weights"]) != expected:
        raise ValueError(f"weights for {', '.join(stored['weights'])} instead of {', '.join(expected)}")
    counts = (line.split("\t") for line in vocabulary.decode().splitlines())
    return RankerFile(
        id=f"{stored['name']}-{digest[:12]}",
        calibration=Calibration(
            weights=tuple(float(weight) for weight in stored["weights"].values()),
            intercept=float(stored["intercept"]),
            possible=float(stored["bands"]["possible"]),
            strong=float(stored["bands"]["strong"]),
        ),
        vocabulary=Vocabulary(
            documents=int(stored["vocabulary"]["documents"]),
            counts=MappingProxyType({stem: int(count) for stem, count in counts}),
        ),
        reference=_reference(stored["reference"], reference),
        cross=_cross(stored["cross"]) if "cross" in stored else None,
        encoder=str(stored["encoder"]).partition(",")[0],
        fitted_on=frozenset(stored.get("fitted_on_qrels", ())),
    )


def _reference(stored: Mapping[str, Any], content: bytes) -> Reference:
    vectors = np.load(BytesIO(content), allow_pickle=False).astype(np.float32)
    needs = int(stored["needs"])
    return Reference(
        needs=vectors[:needs],
        innovations=vectors[needs:],
        usual_need=float(stored["usual_need"]),
        usual_innovation=float(stored["usual_innovation"]),
    )


def _cross(stored: Mapping[str, Any]) -> CrossStage:
    return CrossStage(encoder=str(stored["encoder"]), floor=float(stored["floor"]), centre=float(stored["centre"]))


def _read(place: Traversable) -> bytes:
    try:
        return place.read_bytes()
    except FileNotFoundError as error:
        raise RankerMissing(f"There is no ranker file {place.name}. {_REMEDY}") from error
