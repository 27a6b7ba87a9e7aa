"""Build the virtual environment from the lock files; a second run finds its stamp and does nothing.

Runs on the bare interpreter, before anything is installed: python requirements/install.py VENV LAYER...
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STAMP = "matching-setup.json"
CUDA = ("nvidia-", "cuda-", "triton")
FOUND = ("Collecting", "Processing", "Ignoring", "Requirement already")  # how pip begins its line about one package
SHOWN = 4  # names of unwanted packages in a message
NO_PIP = "This Python brings no pip. Install Debian's package python3.11-venv, or make {venv} by any other means, then run make again."
WRONG_PYTHON = "Python 3.11 is needed, and this is {version}. Name another one: make PYTHON=/path/to/python3.11"
WOULD_BRING_CUDA = """Stopped before installing torch: here it would bring {names}.
These are CUDA packages of several gigabytes, and the service needs none of them.
Set MATCHING_TORCH_INDEX to the address of PyTorch's CPU wheel index and run make again,
or put a CPU wheel of {torch} where pip looks (PIP_FIND_LINKS)."""


def say(words: str) -> None:
    """Write one line of progress at once."""
    sys.stdout.write(f"setup: {words}\n")
    sys.stdout.flush()


def made(venv: Path) -> Path:
    """The environment's interpreter; the environment is made when it is missing."""
    python = venv / "bin" / "python"
    if python.exists():
        return python
    say(f"making {venv}")
    if importlib.util.find_spec("ensurepip"):
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    elif importlib.util.find_spec("pip"):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
        lock = ["--require-hashes", "--no-deps", "-r", str(HERE / "build.txt")]
        subprocess.run([sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", *lock], check=True)
    else:
        raise SystemExit(NO_PIP.format(venv=venv))
    return python


def fingerprints(layers: list[str]) -> dict[str, str]:
    """SHA-256 of everything that decides what is installed, by file name."""
    files = [HERE / f"{layer}.txt" for layer in layers] + [HERE / "torch.txt", HERE.parent / "pyproject.toml"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def install_locked(python: Path, layers: list[str]) -> None:
    """Install the layers by their hashes, with one line of progress for every ten packages."""
    files = [HERE / f"{layer}.txt" for layer in layers]
    total = sum(line[:1].isalnum() for path in files for line in path.read_text(encoding="utf-8").splitlines())
    say(f"{total} packages of {', '.join(layers)}, each checked by its hash")
    command = [str(python), "-m", "pip", "install", "--require-hashes", "--no-deps", "--progress-bar", "off"]
    for path in files:
        command += ["-r", str(path)]
    seen = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if line.startswith(FOUND):
                seen += 1
                if seen % 10 == 0:
                    say(f"[{seen:3}/{total}] {named(line)}")
            elif line.startswith("Installing collected"):
                say(f"[{seen:3}/{total}] fetched; unpacking")
    if process.returncode:
        raise SystemExit(f"setup: pip ended with {process.returncode}; its words stand above.")


def named(line: str) -> str:
    """The package that pip's line is about."""
    words = line.split()
    return words[3 if words[0] == "Requirement" else 1].rsplit("/")[-1].rstrip(":")


def install_torch(python: Path) -> None:
    """Install torch alone; stop with an explanation when it would bring CUDA packages."""
    environment = dict(os.environ)
    if index := environment.get("MATCHING_TORCH_INDEX"):
        environment["PIP_INDEX_URL"] = index
    pip, lock = [str(python), "-m", "pip", "install"], ["-r", str(HERE / "torch.txt")]
    say("torch: looking at what it would bring")
    plan = subprocess.run([*pip, "--dry-run", "--quiet", "--report", "-", *lock], check=True, env=environment, stdout=subprocess.PIPE)
    names = sorted(item["metadata"]["name"] for item in json.loads(plan.stdout)["install"])
    if brought := [name for name in names if name.startswith(CUDA)]:
        shown = ", ".join(brought[:SHOWN]) + (f" and {len(brought) - SHOWN} more" if len(brought) > SHOWN else "")
        raise SystemExit(WOULD_BRING_CUDA.format(names=shown, torch=lock_line()))
    if strangers := set(names) - {"torch"}:
        raise SystemExit(f"torch needs what is not locked: {sorted(strangers)}. Name it in requirements/lock.py and run make lock.")
    say(f"{lock_line()}, the CPU build")
    subprocess.run([*pip, "--no-deps", "--progress-bar", "off", "--quiet", *lock], check=True, env=environment)


def lock_line() -> str:
    """The pin of torch."""
    return (HERE / "torch.txt").read_text(encoding="utf-8").strip()


def main(venv: Path, layers: list[str]) -> None:
    """Install what the stamp does not vouch for, then the project itself, then check the whole."""
    if sys.version_info[:2] != (3, 11):
        raise SystemExit(WRONG_PYTHON.format(version=sys.version.split()[0]))
    stamp = venv / STAMP
    have = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
    want = fingerprints(layers)
    if all(have.get(name) == digest for name, digest in want.items()):
        return
    python = made(venv)
    missing = [layer for layer in layers if have.get(f"{layer}.txt") != want[f"{layer}.txt"]]
    if missing:
        install_locked(python, missing)
    if "encoder" in missing or ("encoder" in layers and have.get("torch.txt") != want["torch.txt"]):
        install_torch(python)
    say("the project itself")
    pip = [str(python), "-m", "pip"]
    subprocess.run([*pip, "install", "-qq", "--no-deps", "--no-build-isolation", "-e", str(HERE.parent)], check=True)
    subprocess.run([*pip, "check"], check=True)
    stamp.write_text(json.dumps(have | want, indent=1), encoding="utf-8")
    say("done")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
