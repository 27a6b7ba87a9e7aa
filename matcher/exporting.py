"""From a sentence-transformers encoder to the folder that ONNX Runtime serves; torch is needed here and nowhere else."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.encoding import FORMAT, MODEL, TOKENIZER, EncoderDamaged, EncoderMissing, OnnxEncoder, load_encoder
from matcher.sealing import MANIFEST, file_hash, open_sealed, write_sealed
from matcher.sources import Source
from matcher.tracing import write_onnx
from matcher.types import Side

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

MOST_TOKENS = 512  # of a passage, for encoders that read more or any number: a longer one says too much for one vector
STATIC, TRANSFORMER, POOLING = "StaticEmbedding", "Transformer", "Pooling"

_FOLLOWING = frozenset({"Dense", "LayerNorm", "Dropout", "Normalize"})
_INPUTS = ("input_ids", "attention_mask")
_TOLERANCE = 1e-4  # between the exported vectors and the reference
_SAMPLE = (
    "Sepsis.",
    "Older people who fall at home wait too long for help.",
    "A wearable sensor raises an alarm within a minute of a fall, day and night, without a smartphone or a line into the house.",
    " ".join(["Type 2 diabetes is found late and the eight care processes are met unevenly between practices."] * 8),
)

Progress = Callable[[str], None]


def export(target: Path, *, source: Source, on_progress: Progress = lambda step: None) -> Path:
    """Write the folder that `load_encoder` opens; it appears whole or not at all, and replaces what stood there.

    Args:
        target: the folder to make.
        source: from `resolve_source`.
        on_progress: told each step as it begins, in words.

    Raises:
        EncoderMissing: if the packages of the extra [encoder] are not installed.
        ValueError: if the encoder is of a make that cannot be exported, or the export differs from it.
    """
    on_progress("Loading the encoder")
    reference = _load(source)
    contents = {
        "format": FORMAT,
        "id": source.id,
        "name": source.name,
        "licence": source.licence,
        "dimension": reference.get_embedding_dimension(),
        "max_tokens": int(min(reference.max_seq_length or MOST_TOKENS, MOST_TOKENS)),
        "prompts": {side.value: prompt for side, prompt in source.prompts.items()},
        "special_tokens": _kinds(reference)[0] != STATIC,
    }

    def fill(folder: Path) -> None:
        on_progress("Exporting it to ONNX")
        _write_tokenizer(reference, source, folder / TOKENIZER)
        _write_network(reference, folder / MODEL)
        on_progress("Comparing the export with its source")
        _compare(reference, source, OnnxEncoder(folder, contents))

    write_sealed(target, contents, fill)
    return target


def is_exported(folder: Path) -> bool:
    """Whether a folder was made by `export`, here or elsewhere; its bytes are checked when it is adopted."""
    return (folder / MANIFEST).is_file()


def adopt(target: Path, *, exported: Path) -> str:
    """Copy a folder that was exported elsewhere, every byte checked; returns the encoder's id. Needs no torch.

    Raises:
        EncoderDamaged: if it is not as it was exported, or was exported for another version of this program.
    """
    encoder = load_encoder(exported)
    contents = open_sealed(exported)

    def fill(folder: Path) -> None:
        for name, expected in contents["files"].items():
            shutil.copyfile(exported / name, folder / name)
            if file_hash(folder / name) != expected:
                raise EncoderDamaged(f"{exported} changed while it was copied. Copy it again.")

    write_sealed(target, {key: value for key, value in contents.items() if key != "files"}, fill)
    return encoder.id


def _load(source: Source) -> "SentenceTransformer":
    """The reference encoder, on the processor, from local safetensors, running no code but the library's."""
    try:
        from safetensors import SafetensorError  # noqa: PLC0415 -- only the export needs it
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 -- seconds, likewise
        from transformers.utils import logging  # noqa: PLC0415 -- likewise
    except ModuleNotFoundError as error:
        raise EncoderMissing("sentence-transformers is not installed. Install it with: pip install 'matching[encoder]'") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    options = {"attn_implementation": "eager", "use_safetensors": True}
    try:
        reference = SentenceTransformer(
            str(source.folder), device="cpu", local_files_only=True, trust_remote_code=False, model_kwargs=options
        )
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise ValueError(f"{source.name} cannot be read as a sentence-transformers encoder: {error}") from error
    _refuse_other_makes(reference, source)
    return reference


def _kinds(reference: "SentenceTransformer") -> list[str]:
    return [type(module).__name__ for module in reference]


def _refuse_other_makes(reference: "SentenceTransformer", source: Source) -> None:
    """Raise ValueError for an encoder that reads more than tokens, or works in a way that the export would lose."""
    first, *others = _kinds(reference)
    following = [kind for kind in others if kind != POOLING]
    pooled = others.count(POOLING) == (1 if first == TRANSFORMER else 0)
    if first not in {TRANSFORMER, STATIC} or not pooled or not _FOLLOWING.issuperset(following):
        raise ValueError(
            f"{source.name} is made of {', '.join([first, *others])}; only a Transformer with one Pooling or a StaticEmbedding, "
            f"followed by {', '.join(sorted(_FOLLOWING))}, can be exported."
        )
    apart = [module for module in reference if type(module).__name__ == POOLING and not module.include_prompt]
    if apart and source.prompts:
        raise ValueError(f"{source.name} leaves its prompt out when it pools, which the export cannot. Choose another encoder.")


def _write_tokenizer(reference: "SentenceTransformer", source: Source, target: Path) -> None:
    """The file that the encoder came with; else what its tokenizer says of itself."""
    if (source.folder / TOKENIZER).is_file():
        shutil.copyfile(source.folder / TOKENIZER, target)
        return
    tokenizer: Any = reference.tokenizer
    fast = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if not hasattr(fast, "save"):
        raise ValueError(f"{source.name} has no fast tokenizer, and cannot be served without torch. Choose another encoder.")
    fast.save(str(target))


def _write_network(reference: "SentenceTransformer", target: Path) -> None:
    """Tokens in, one vector of length one a text out: the network with all its modules."""
    import torch  # noqa: PLC0415 -- seconds, and only the export needs it

    first: Any = reference[0]
    static = _kinds(reference)[0] == STATIC
    later: Any = list(reference)[1:]

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = first.embedding if static else first.auto_model
            self.later = torch.nn.ModuleList(later)

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features: dict[str, torch.Tensor] = {"attention_mask": attention_mask}
            if static:
                features["sentence_embedding"] = _mean(self.network.weight[input_ids], attention_mask)
            else:
                features["token_embeddings"] = self.network(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            for module in self.later:
                features = module(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=1)

    write_onnx(Whole(), target, inputs=_INPUTS, output="vectors", config=None if static else first.auto_model.config)


def _mean(hidden: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    """The mean of the tokens that are no padding; zero where there is none."""
    return (hidden * mask.unsqueeze(-1)).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)


def _compare(reference: "SentenceTransformer", source: Source, exported: OnnxEncoder) -> None:
    """Refuse an export that does not give the vectors of its source, for the texts of either side."""
    fitting = [text for text in _SAMPLE if exported.count_tokens(text) <= exported.max_tokens]
    texts = [source.prompts.get(side, "") + text for side in Side for text in fitting]
    expected = reference.encode(texts, prompt="", normalize_embeddings=True, show_progress_bar=False)
    difference = float(np.abs(exported.encode(texts) - expected).max())
    if not difference <= _TOLERANCE:  # a vector that is no number is no nearer
        raise ValueError(f"The export differs from its source by {difference:.1e}, more than {_TOLERANCE}; this encoder cannot be used.")
