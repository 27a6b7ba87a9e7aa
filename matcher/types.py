"""The values passed between the steps of the matching; immutable and free of any store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]  # (n, d), rows L2-normalised
Vector = NDArray[np.float32]  # (d,), L2-normalised


class Side(StrEnum):
    """Which of the two kinds of document a text is; query and candidate are roles, not sides."""

    NEED = "need"
    INNOVATION = "innovation"

    @property
    def other(self) -> "Side":
        """The side that is ranked when this one asks."""
        return Side.INNOVATION if self is Side.NEED else Side.NEED


class Aspect(StrEnum):
    """What a passage speaks about; the verdicts of a pair are given by aspect."""

    WHOLE = "whole"
    TITLE = "title"
    PROBLEM = "problem"
    POPULATION = "population"
    OUTCOME = "outcome"
    PRACTICE = "practice"
    SOLUTION = "solution"
    SETTING = "setting"
    CONDITIONS = "conditions"
    EVIDENCE = "evidence"


class Facet(StrEnum):
    """A coded list that both sides share; the values are Innovation Record codes."""

    CARE_SETTINGS = "care_settings"
    AREAS = "areas"
    CONDITIONS = "diseases_conditions_impact"
    INEQUALITIES = "key_health_inequalities"
    CATEGORIES = "categories"


class Stage(StrEnum):
    """How far an innovation has come, in ascending order."""

    DISCOVERY = "DISCOVERY"
    DEVELOPMENT = "DEVELOPMENT"
    EVALUATION = "EVALUATION"
    ADOPTION = "ADOPTION"
    SPREAD = "SPREAD"

    @property
    def order(self) -> int:
        """0 for DISCOVERY to 4 for SPREAD."""
        return list(Stage).index(self)


class CriterionKind(StrEnum):
    """The typed must-haves that a need may state."""

    NO_SMARTPHONE = "no_smartphone"
    DTAC = "dtac"
    UKCA_CE = "ukca_ce"
    MINIMUM_STAGE = "minimum_stage"  # value: a Stage
    CARE_SETTING = "care_setting"  # value: a careSettings code
    INTEGRATES_WITH = "integrates_with"  # value: the name of a record system
    STAFF_LEARNING = "staff_learning"  # value: what staff may be asked to learn, in words
    PATIENT_LEARNING = "patient_learning"  # value: what patients may be asked to learn, in words
    OTHER = "other"  # value: the criterion in words


@dataclass(frozen=True, slots=True)
class Criterion:
    """One must-have of a need; `value` is a code, a name or words, as its kind says."""

    kind: CriterionKind
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an innovation states of itself outside its prose; None and absence mean *not said*."""

    stage: Stage | None = None
    standards: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # type -> YES | IN_PROGRESS | NOT_YET
    requires_smartphone: bool | None = None
    integrates_with: tuple[str, ...] = ()
    evidence_types: tuple[str, ...] = ()
    deployed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A need or an innovation as the matching reads it.

    `fields` holds the stored text by the name of its column (`problem`, `how_it_works` …), character for
    character, so that a quote is a span that a page can highlight.
    """

    id: str
    side: Side
    fields: Mapping[str, str]
    codes: Mapping[Facet, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    suggested_codes: Mapping[Facet, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))  # code -> confidence
    criteria: tuple[Criterion, ...] = ()
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of a document that is embedded as one vector.

    For a passage of one field, `text == document.fields[field][start:end]`. The passages of aspect WHOLE
    join several fields; their `field` is empty and `start == end == 0`.
    """

    document_id: str
    aspect: Aspect
    ordinal: int
    field: str
    start: int
    end: int
    text: str
    text_hash: str  # SHA-256 hex of the text that the encoder is given


@dataclass(frozen=True, slots=True, eq=False)
class EncodedDocument:
    """A document with its passages, one vector a passage in the same order, and one pooled vector."""

    document: Document
    passages: tuple[Passage, ...]
    vectors: Vectors
    pooled: Vector


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that a retriever found; `score` is comparable only within that retriever's one answer."""

    id: str
    score: float


class Verdict(StrEnum):
    """What the two texts say of one aspect or must-have of the need."""

    MET = "met"
    PARTLY = "partly"
    GAP = "gap"
    UNKNOWN = "unknown"
    EXCLUDED = "excluded"


class Band(StrEnum):
    """The probability as people see it."""

    STRONG = "strong"
    POSSIBLE = "possible"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Quote:
    """An exact span of a stored field: `text == document.fields[field][start:end]`."""

    field: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on one aspect or must-have, with the words of both texts that carry it.

    `missing` says in plain words what would change the verdict; empty when nothing would.
    """

    aspect: Aspect | None
    criterion: Criterion | None
    verdict: Verdict
    need_quote: Quote | None
    innovation_quote: Quote | None
    missing: str = ""


class FlagKind(StrEnum):
    """What staff are told to look at, because a text may have been written for the ranking and not for its readers."""

    COPIED_NEED = "copied_need"
    MANY_TOPICS = "many_topics"
    KEYWORD_STUFFING = "keyword_stuffing"
    PLACE_LIST = "place_list"
    HIDDEN_TEXT = "hidden_text"
    INSTRUCTION = "instruction"
    NEAR_COPY = "near_copy"
    UNREAD_TEXT = "unread_text"
    FOREIGN_PART = "foreign_part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One thing about a text, or a pair, that staff should look at.

    `says` is a plain sentence for staff, `quote` the words that carry it, where some do. One that `weighs` takes the
    pair out of the first places.
    """

    kind: FlagKind
    says: str
    quote: Quote | None
    weighs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The one judgement of a pair, the same whichever side asked.

    `probability` is the calibrated chance, in [0, 1], that the innovation answers the need or an important part
    of it (grade 2 or 3). `features` are the ranker's inputs in the order of its file: from them the probability
    can be recomputed exactly.
    """

    need_id: str
    innovation_id: str
    probability: float
    band: Band
    features: tuple[float, ...]
    findings: tuple[Finding, ...]
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Judgements of one query, by probability then candidate id; `nothing_fits` when none reaches *possible*.

    `best` is the highest probability of all that were judged, listed or not; None when nothing was.
    """

    query_id: str
    query_side: Side
    ranker: str
    judgements: tuple[Judgement, ...]
    best: float | None
    nothing_fits: bool
