"""From a cross-encoder, as its library wrote it, to the folder that ONNX Runtime serves; torch is needed here alone."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matcher.cross_encoding import CROSS_FORMAT, OnnxPairScorer
from matcher.encoding import MODEL, TOKENIZER, EncoderMissing
from matcher.exporting import MOST_TOKENS, Progress
from matcher.sealing import write_sealed
from matcher.sources import Source, refuse_pickles
from matcher.tracing import write_onnx

if TYPE_CHECKING:
    import torch

_TOLERANCE = 1e-3  # between the exported numbers and the reference; logits run to ten
_RESERVED_POSITIONS = 2  # that some networks leave unused at the start
_SAMPLE = (
    ("Falls.", "Help."),
    ("Older people who fall at home wait too long for help.", "A wearable sensor raises an alarm within a minute of a fall."),
    ("Sepsis is found late on wards.", "A foam dressing with silver for wounds that do not heal, in three sizes."),
)


def export_cross_encoder(target: Path, *, source: Source, on_progress: Progress = lambda step: None) -> Path:
    """Write the folder that `load_pair_scorer` opens; it appears whole or not at all, and replaces what stood there.

    Args:
        target: the folder to make.
        source: from `find_folder`; a sequence classifier with one number, weights as safetensors.
        on_progress: told each step as it begins, in words.

    Raises:
        EncoderMissing: if the packages of the extra [encoder] are not installed.
        ValueError: if it is no cross-encoder that can be exported, or the export differs from it.
    """
    refuse_pickles(source)
    on_progress("Loading the cross-encoder")
    network, tokenizer = _load(source)
    inputs = ["input_ids", "attention_mask"]
    if getattr(network.config, "type_vocab_size", 0) > 1:
        inputs.append("token_type_ids")
    contents = {
        "cross_format": CROSS_FORMAT,
        "id": source.id,
        "name": source.name,
        "licence": source.licence,
        "max_tokens": min(tokenizer.model_max_length, network.config.max_position_embeddings - _RESERVED_POSITIONS, MOST_TOKENS),
        "inputs": inputs,
    }

    def fill(folder: Path) -> None:
        on_progress("Exporting it to ONNX")
        if (source.folder / TOKENIZER).is_file():
            shutil.copyfile(source.folder / TOKENIZER, folder / TOKENIZER)
        else:
            tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
        write_onnx(_head(network, inputs), folder / MODEL, inputs=inputs, output="logits", config=network.config)
        on_progress("Comparing the export with its source")
        _compare(network, tokenizer, inputs, OnnxPairScorer(folder, contents))

    write_sealed(target, contents, fill)
    return target


def _load(source: Source) -> tuple[Any, Any]:
    """The network and its tokenizer, from local safetensors, running no code but the library's."""
    try:
        from safetensors import SafetensorError  # noqa: PLC0415 -- only the export needs it
        from transformers import AutoModelForSequenceClassification, AutoTokenizer  # noqa: PLC0415 -- seconds, likewise
        from transformers.utils import logging  # noqa: PLC0415 -- likewise
    except ModuleNotFoundError as error:
        raise EncoderMissing("transformers is not installed. Install it with: pip install 'matching[encoder]'") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        network: Any = AutoModelForSequenceClassification.from_pretrained(
            str(source.folder), use_safetensors=True, attn_implementation="eager", **options
        )
        tokenizer: Any = AutoTokenizer.from_pretrained(str(source.folder), **options)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise ValueError(f"{source.name} cannot be read as a cross-encoder: {error}") from error
    if network.config.num_labels != 1:
        raise ValueError(f"{source.name} gives {network.config.num_labels} numbers for a pair; a cross-encoder gives one.")
    return network.eval(), tokenizer


def _head(network: Any, inputs: Sequence[str]) -> "torch.nn.Module":  # noqa: ANN401 -- a network of transformers
    import torch  # noqa: PLC0415 -- seconds, and only the export needs it

    class Head(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, *tokens: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.network(**dict(zip(inputs, tokens, strict=True))).logits
            return logits

    return Head()


def _compare(network: Any, tokenizer: Any, inputs: Sequence[str], exported: OnnxPairScorer) -> None:  # noqa: ANN401 -- of transformers
    """Refuse an export that does not give the numbers of its source."""
    import torch  # noqa: PLC0415 -- seconds, and only the export needs it

    pairs = [pair for pair in _SAMPLE if max(map(exported.count_tokens, pair)) <= exported.max_tokens]
    with torch.no_grad():
        read = [tokenizer(*pair, return_tensors="pt") for pair in pairs]
        expected = [float(network(**{name: each[name] for name in inputs}).logits[0, 0]) for each in read]
    difference = max(abs(one - other) for one, other in zip(exported.score(pairs), expected, strict=True))
    if not difference <= _TOLERANCE:
        raise ValueError(f"The export differs from its source by {difference:.1e}, more than {_TOLERANCE}; it cannot be used.")
