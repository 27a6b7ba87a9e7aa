"""Text in, vectors out: the encoder, and the exported one that ONNX Runtime runs."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from matcher.sealing import SealBroken, open_sealed
from matcher.text import normalise
from matcher.types import Side, Vectors

FORMAT = 1
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
BATCH_TOKENS = 128  # padding included: a few texts of like length at once; at 2,048 three submissions took half as long again


class EncoderMissing(Exception):
    """There is no exported encoder where one was looked for."""


class EncoderDamaged(Exception):
    """The exported encoder is not the one that was written."""


class TextTooLong(ValueError):
    """A text holds more tokens than the encoder reads; it would have been cut without a word."""


class Encoder(Protocol):
    """Turns texts into vectors; two encoders with one `id` give the same vectors to 1e-4."""

    @property
    def id(self) -> str:
        """The name and a short hash of the source, the same after every export."""
        ...

    @property
    def dimension(self) -> int:
        """The length of one vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """The most tokens of one text that are read after its prompt, special tokens included."""
        ...

    @property
    def prompts(self) -> Mapping[Side, str]:
        """What `matcher.text.given` puts before every text of a side; a side that is missing has no prompt."""
        ...

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text as normalised for reading, special tokens included, without a limit."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts, normalised for reading; rows in the order given, (n, d), L2-normalised.

        A prompt is part of its text: who encodes a document's text takes `matcher.text.given` of it.

        Raises:
            TextTooLong: if a text is longer than the encoder reads; `matcher.text` cuts it into passages.
        """
        ...


class OnnxEncoder:
    """An exported sentence-transformers encoder, run by ONNX Runtime without torch; safe to share between threads."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any], *, threads: int = 1) -> None:
        self.id: str = manifest["id"]
        self.dimension: int = manifest["dimension"]
        # The first encoders were exported before there were prompts, and without a word of either.
        self.prompts: Mapping[Side, str] = MappingProxyType({Side(side): text for side, text in manifest.get("prompts", {}).items()})
        self._special_tokens: bool = manifest.get("special_tokens", True)
        self._limit: int = manifest["max_tokens"]
        self._session = open_session(folder / MODEL, threads=threads)
        self._tokenizer = open_tokenizer(folder / TOKENIZER)
        # A token more for each, because a word may be parted otherwise when it stands after a prompt.
        prompts = [len(self._tokenizer.encode(normalise(text), add_special_tokens=False).ids) + 1 for text in self.prompts.values()]
        self.max_tokens = self._limit - max(prompts, default=0)

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text as normalised for reading, special tokens included, without a limit."""
        return len(self._tokenizer.encode(normalise(text), add_special_tokens=self._special_tokens).ids)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts, normalised for reading; rows in the order given, (n, d), L2-normalised.

        Texts of like length share a batch, so that little is spent on padding.

        Raises:
            TextTooLong: if a text with its prompt has more tokens than the encoder reads.
        """
        read = self._tokenizer.encode_batch([normalise(text) for text in texts], add_special_tokens=self._special_tokens)
        tokens: list[list[int]] = [encoding.ids for encoding in read]
        for place, ids in enumerate(tokens):
            if len(ids) > self._limit:
                raise TextTooLong(f"Text {place} has {len(ids)} tokens of at most {self._limit}; cut it into passages first.")
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for rows in _batches([len(ids) for ids in tokens]):
            vectors[rows] = self._run([tokens[row] for row in rows])
        return vectors

    def _run(self, batch: Sequence[Sequence[int]]) -> Vectors:
        """One pass through the network; padding is masked and does not change a vector beyond rounding."""
        ids = np.zeros((len(batch), max(1, *map(len, batch))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        return np.asarray(vectors, dtype=np.float32)


def load_encoder(folder: Path, *, threads: int = 1) -> OnnxEncoder:
    """Open an exported encoder, every byte of it checked.

    Raises:
        EncoderMissing: if the folder is not there.
        EncoderDamaged: if it is not as it was exported, or was exported for another version of this program.
    """
    manifest = open_exported(folder, what="encoder", command="matching encoder export")
    if manifest.get("format") != FORMAT:
        raise EncoderDamaged(f"The encoder in {folder} has another format than {FORMAT}. Make it anew with: matching encoder export")
    return OnnxEncoder(folder, manifest, threads=threads)


def open_exported(folder: Path, *, what: str, command: str) -> Mapping[str, Any]:
    """The manifest of an exported network whose files are as they were written; `command` makes it, and is told where it is not.

    Raises:
        EncoderMissing: if the folder is not there.
        EncoderDamaged: if a file is not as it was exported.
    """
    try:
        return open_sealed(folder)
    except FileNotFoundError as error:
        raise EncoderMissing(f"No {what} in {folder}. Make it with: {command}") from error
    except SealBroken as error:
        raise EncoderDamaged(f"The {what} in {folder} is damaged: {error} Make it anew with: {command}") from error


def _batches(lengths: Sequence[int]) -> Iterator[NDArray[np.intp]]:
    """Rows of like length, shortest first, as many as the token budget holds with padding, and never none."""
    order = np.argsort(lengths, kind="stable")
    start = 0
    for stop in range(1, len(order) + 1):
        if stop == len(order) or lengths[order[stop]] * (stop + 1 - start) > BATCH_TOKENS:
            yield order[start:stop]
            start = stop


def open_session(path: Path, *, threads: int) -> Any:  # noqa: ANN401 -- onnxruntime ships no types
    """A network as ONNX Runtime runs it on the processor; safe to share between threads."""
    from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions  # noqa: PLC0415 -- slow import

    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave the cores to the web
    return InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def open_tokenizer(path: Path) -> Any:  # noqa: ANN401 -- tokenizers types its encodings as Any
    """A tokenizer that neither cuts nor pads."""
    from tokenizers import Tokenizer  # noqa: PLC0415 -- only who encodes pays for it

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
