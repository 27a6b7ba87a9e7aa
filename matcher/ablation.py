"""What each part of the ranker earns: the same ranking with the part switched off, and with nothing but the part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.criteria import Coded
from matcher.cross_encoding import CROSS
from matcher.metrics import Interval, mean_interval, ndcg
from matcher.pairing import FACETS, FEATURES, Prepared, features
from matcher.ranking import Library, Scored
from matcher.systems import Systems
from matcher.types import Candidate, EncodedDocument, Vector

PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "whole need to passage": ("whole",),
        "aspects to passages": ("aspects",),
        "both of these": ("whole", "aspects"),
        "standing near everything": ("crowding",),
        "need's words in innovation": ("need_words",),
        "innovation's words in need": ("innovation_words",),
        "words, both ways": ("need_words", "innovation_words"),
        "shared concepts": ("concepts",),
        "number of passages": ("passages",),
        **{f"codes: {name}": (name,) for name in FACETS},
        "codes: all": tuple(FACETS),
        "being coded at all": ("coded",),
        "contradicted must-have": ("contradicted",),
        "integrity flags": ("flagged",),
    }
)
"""The parts that are features, by name; every feature is in one at least."""

CHOOSING = ("words in choosing candidates", "vectors in choosing candidates")
SUGGESTING = "suggested codes"
Scores = NDArray[np.float64]  # (n,), of the candidates of one query, in their order

_DECIMALS = 9  # of a score; below it, sums differ with the order in which a machine adds


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """nDCG@10 of each answerable query without one part and, where the part can rank by itself, with nothing else."""

    name: str
    whole: tuple[float, ...]
    without: tuple[float, ...]
    alone: tuple[float, ...] | None = None

    @property
    def earns(self) -> tuple[float, Interval]:
        """How far the whole ranker stands above itself without the part, with the paired 95 % interval."""
        differences = [whole - without for whole, without in zip(self.whole, self.without, strict=True)]
        return float(np.mean(differences)), mean_interval(differences)

    def to_json(self) -> dict[str, Any]:
        """Means, and what the part earns."""
        earned, interval = self.earns
        return {
            "part": self.name,
            "ndcg@10_without": float(np.mean(self.without)),
            "earns": earned,
            "earns_ci95": list(interval),
            "ndcg@10_alone": None if self.alone is None else float(np.mean(self.alone)),
        }


class Ablation:
    """Collects, query by query, how well the candidates are ranked without each part."""

    def __init__(self, systems: Systems) -> None:
        self._systems = systems
        file = systems.ranker.file
        self._weights = np.array(file.calibration.weights)
        self._named = {**PARTS, "cross-encoder": (CROSS,)} if file.cross else PARTS
        off = np.array([[name in part for name in file.features] for part in self._named.values()])
        self._scales = np.vstack([~off, off])  # each part switched off, then each part alone
        self._whole: list[float] = []
        self._parts: list[list[float]] = []
        self._choosing: list[list[float]] = []
        self._unsuggested: list[float] = []
        self._without_suggestions: dict[str, Prepared] = {}

    def add(self, query: str, judged: Sequence[Scored], grades: Mapping[str, int], allowed: frozenset[str] | None) -> None:
        """Rank the candidates of one answerable query in every way; `judged` is how the whole ranker does it."""
        ids = [scored.candidate.document.id for scored in judged]
        rows = np.array([scored.features for scored in judged]).reshape(-1, len(self._weights))
        self._whole.append(ndcg(ids, grades, k=10))
        self._parts.append([ndcg(_best(ids, rows @ (scale * self._weights)), grades, k=10) for scale in self._scales])
        one_sided = [self._systems.judged(query, allowed, through=through) for through in (_VectorsAlone, _WordsAlone)]
        self._choosing.append([ndcg([each.candidate.document.id for each in found], grades, k=10) for found in one_sided])
        self._unsuggested.append(ndcg(_best(ids, self._scores_without_suggestions(query, judged)), grades, k=10))

    def parts(self) -> tuple[Part, ...]:
        """What each part earns; none without an answerable query."""
        if not self._whole:
            return ()
        whole, values = tuple(self._whole), [tuple(column) for column in zip(*self._parts, strict=True)]
        count = len(self._named)
        features = zip(self._named, values[:count], values[count:], strict=True)
        choosing = zip(CHOOSING, zip(*self._choosing, strict=True), strict=True)
        return (
            *(Part(name=name, whole=whole, without=without, alone=alone) for name, without, alone in features),
            Part(name=SUGGESTING, whole=whole, without=tuple(self._unsuggested)),
            *(Part(name=name, whole=whole, without=without) for name, without in choosing),
        )

    def _scores_without_suggestions(self, query: str, judged: Sequence[Scored]) -> Scores:
        if not judged:
            return np.empty(0)
        asker = _unsuggested(self._systems.prepared(query))
        candidates = [self._unsuggested_candidate(scored.candidate) for scored in judged]
        read = np.array([scored.features[len(FEATURES) :] for scored in judged])  # a cross-encoder knows nothing of codes
        return np.asarray(np.hstack([features(asker, candidates), read]) @ self._weights)

    def _unsuggested_candidate(self, candidate: Prepared) -> Prepared:
        kept = self._without_suggestions.get(candidate.document.id)
        if kept is None:
            kept = self._without_suggestions[candidate.document.id] = _unsuggested(candidate)
        return kept


@dataclass(frozen=True, slots=True)
class _VectorsAlone:
    """A library in which nobody can search for words."""

    library: Library

    def dense(self, vector: Vector, k: int) -> list[Candidate]:
        return self.library.dense(vector, k)

    def lexical(self, text: str, k: int) -> list[Candidate]:
        return []

    def fetch(self, ids: Sequence[str]) -> Mapping[str, EncodedDocument]:
        return self.library.fetch(ids)


@dataclass(frozen=True, slots=True)
class _WordsAlone:
    """A library in which nobody can search by vectors."""

    library: Library

    def dense(self, vector: Vector, k: int) -> list[Candidate]:
        return []

    def lexical(self, text: str, k: int) -> list[Candidate]:
        return self.library.lexical(text, k)

    def fetch(self, ids: Sequence[str]) -> Mapping[str, EncodedDocument]:
        return self.library.fetch(ids)


def _best(ids: Sequence[str], scores: Scores) -> list[str]:
    """The ten best, equal ones by id."""
    order = sorted(zip(np.round(-scores, _DECIMALS).tolist(), ids, strict=True))
    return [document for _, document in order[:10]]


def _unsuggested(prepared: Prepared) -> Prepared:
    """Without the codes that nobody chose; those that somebody did count 1."""
    facets = tuple(Coded.of({code: counts for code, counts in facet.weights.items() if counts == 1}) for facet in prepared.facets)
    return replace(prepared, facets=facets)
