"""The optional second reading of a pair: a cross-encoder reads both texts together, the need first, and gives one number.

The number depends on the two texts alone, whoever asks: each pair of windows is read by itself, so that nothing that
stands beside it changes a digit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from matcher.encoding import MODEL, TOKENIZER, EncoderDamaged, TextTooLong, open_exported, open_session, open_tokenizer
from matcher.text import normalise, windows
from matcher.types import Side

CROSS = "cross"
"""The name of the feature, after all others."""

_COMMAND = "matching encoder export --cross"
CROSS_FORMAT = 1
KEPT_PAIRS = 20_000  # numbers of pairs that are kept: a pair is asked for from both sides
_DECIMALS = 4  # of a number; below it, machines differ


class PairScorer(Protocol):
    """Reads two texts together; two scorers with one `id` give the same numbers to 1e-3."""

    @property
    def id(self) -> str:
        """The name and a short hash of the source, the same after every export."""
        ...

    @property
    def max_tokens(self) -> int:
        """The most tokens of either text that are read, without the special ones."""
        ...

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text as normalised for reading, without special tokens and without a limit."""
        ...

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """One number a pair (need, innovation), in the order given: the logit that the second answers the first.

        Raises:
            TextTooLong: if a text has more than `max_tokens` tokens.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossStage:
    """What a ranker file says of its cross-encoder.

    Pairs whose probability without it reaches `floor` are read; the feature is the number less `centre`, and 0 for all
    other pairs.
    """

    encoder: str
    floor: float
    centre: float


class OnnxPairScorer:
    """An exported cross-encoder, run by ONNX Runtime without torch; safe to share between threads."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any], *, threads: int = 1) -> None:
        self.id: str = manifest["id"]
        self._inputs: tuple[str, ...] = tuple(manifest["inputs"])
        self._session = open_session(folder / MODEL, threads=threads)
        self._tokenizer = open_tokenizer(folder / TOKENIZER)
        self.max_tokens: int = (manifest["max_tokens"] - self._tokenizer.num_special_tokens_to_add(True)) // 2

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text as normalised for reading, without special tokens and without a limit."""
        return len(self._tokenizer.encode(normalise(text), add_special_tokens=False).ids)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """One number a pair (need, innovation), in the order given: the logit that the second answers the first.

        Raises:
            TextTooLong: if a text has more than `max_tokens` tokens.
        """
        return [self._score(*pair) for pair in pairs]

    def _score(self, need: str, innovation: str) -> float:
        for text in (need, innovation):
            if (count := self.count_tokens(text)) > self.max_tokens:
                raise TextTooLong(f"A text of a pair has {count} tokens of at most {self.max_tokens}; cut it into windows first.")
        read = self._tokenizer.encode(normalise(need), normalise(innovation))
        given = {"input_ids": read.ids, "attention_mask": read.attention_mask, "token_type_ids": read.type_ids}
        (logits,) = self._session.run(None, {name: np.array([given[name]], dtype=np.int64) for name in self._inputs})
        return float(logits[0, 0])


class CrossReader:
    """Reads pairs of documents through windows, and keeps the numbers."""

    def __init__(self, scorer: PairScorer, stage: CrossStage) -> None:
        """Take a scorer for a stage; raise ValueError if the stage was fitted with another."""
        if scorer.id != stage.encoder:
            raise ValueError(f"the weight of the cross-encoder was fitted with {stage.encoder}, and {scorer.id} is configured")
        self.stage = stage
        self._scorer = scorer
        self._counter = _Windows(scorer)
        self._kept = lru_cache(maxsize=KEPT_PAIRS)(self._read)

    def feature(self, need: str, innovation: str) -> float:
        """The feature of a pair of texts as they are read, the need first; what is silent is neutral, 0."""
        return self._kept(need, innovation)

    def _read(self, need: str, innovation: str) -> float:
        asked, answers = (self._cut(text) for text in (need, innovation))
        if not asked or not answers:
            return 0.0
        best = [max(self._scorer.score([(window, answer) for answer in answers])) for window in asked]
        return round(fmean(best) - self.stage.centre, _DECIMALS)

    def _cut(self, text: str) -> list[str]:
        """The whole text in windows of which any two can be read together."""
        return [text[start:end] for start, end in windows(text, encoder=self._counter)]


class _Windows:
    """A scorer as the cutting of texts sees it."""

    prompts: Mapping[Side, str] = MappingProxyType({})

    def __init__(self, scorer: PairScorer) -> None:
        self.max_tokens = scorer.max_tokens
        self.count_tokens = scorer.count_tokens


def load_pair_scorer(folder: Path, *, threads: int = 1) -> OnnxPairScorer:
    """Open an exported cross-encoder, every byte of it checked.

    Raises:
        EncoderMissing: if the folder is not there.
        EncoderDamaged: if it is not as it was exported, or was exported for another version of this program.
    """
    manifest = open_exported(folder, what="cross-encoder", command=_COMMAND)
    if manifest.get("cross_format") != CROSS_FORMAT:
        raise EncoderDamaged(f"{folder} holds no cross-encoder of this version. Make it with: {_COMMAND} --again")
    return OnnxPairScorer(folder, manifest, threads=threads)
