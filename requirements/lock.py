"""Write the lock files: one resolution, cut into layers, every line with its hashes.

torch stands outside, in torch.txt and without a hash, because its CPU build comes from wherever the machine has
it; what torch itself needs is locked all the same. Versions that still fit are kept, unless `--upgrade` is said.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HEADER = "# Written by `make lock` from pyproject.toml; do not edit. Install with --require-hashes --no-deps.\n"
LATER_PYTHON = "python_full_version >= '3.12'"  # uv looks ahead; the project is for 3.11 alone
NEVER = "torch ; sys_platform == 'never'\n"
TORCH_NEEDS = "filelock\nfsspec\njinja2\nnetworkx\nsetuptools\nsympy\ntyping-extensions\n"
LAYERS = {  # each holds what the ones before it do not
    "build": ["--group", "pyproject.toml:build"],
    "core": ["pyproject.toml", "--group", "pyproject.toml:build"],
    "encoder": ["pyproject.toml", "--group", "pyproject.toml:build", "--extra", "encoder", "-"],
    "dev": ["pyproject.toml", "--group", "pyproject.toml:build", "--extra", "encoder", "--group", "pyproject.toml:dev", "-"],
}


def resolved(arguments: list[str], *, preferred: str, upgrade: bool) -> str:
    """The lock text of one set of requirements; versions in `preferred` are kept where they fit."""
    with tempfile.TemporaryDirectory() as folder:
        target, overrides = Path(folder, "lock.txt"), Path(folder, "overrides.txt")
        target.write_text("" if upgrade else preferred, encoding="utf-8")
        overrides.write_text(NEVER, encoding="utf-8")
        command = [sys.executable, "-m", "uv", "pip", "compile", *arguments, "--overrides", str(overrides), "--output-file", str(target)]
        command += ["--generate-hashes", "--universal", "--python-version", "3.11", "--no-emit-package", "torch"]
        command += ["--no-annotate", "--no-header", "--quiet"]
        subprocess.run(command, check=True, cwd=HERE.parent, input=TORCH_NEEDS, text=True)
        return target.read_text(encoding="utf-8")


def blocks(lock: str) -> dict[str, str]:
    """The entries of a lock text by package name, each with its hash lines; one entry a package."""
    found: dict[str, str] = {}
    for entry in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE):
        name, pinned, rest = entry.partition("==")
        if not pinned or LATER_PYTHON in rest.partition("\n")[0]:
            continue
        if name in found:
            raise ValueError(f"{name} would be locked in two versions: pin it in pyproject.toml.")
        found[name] = entry
    return found


def main(*, upgrade: bool) -> None:
    """Resolve everything once, then each layer with those versions, and write what each adds."""
    present = "".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.txt")) if path.stem in LAYERS)
    everything = resolved(LAYERS["dev"], preferred=present, upgrade=upgrade)
    written: set[str] = set()
    for layer, arguments in LAYERS.items():
        entries = blocks(resolved(arguments, preferred=everything, upgrade=False))
        added = [entry for name, entry in entries.items() if name not in written]
        (HERE / f"{layer}.txt").write_text(HEADER + "".join(added), encoding="utf-8")
        written |= set(entries)
        sys.stdout.write(f"requirements/{layer}.txt: {len(added)} packages\n")


if __name__ == "__main__":
    main(upgrade="--upgrade" in sys.argv[1:])
