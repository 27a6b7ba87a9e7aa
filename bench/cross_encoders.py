"""What a cross-encoder costs: seconds of one core for a pair, by its length, and for the pairs of one query.

`python -m bench.cross_encoders [FOLDER]`, an exported one; without it a network with random weights in the shape of MiniLM-L6,
which takes as long as a trained one and says nothing about quality.
"""

import argparse
import tempfile
import time
from pathlib import Path

from matcher.cross_encoding import OnnxPairScorer, load_pair_scorer
from matcher.cross_exporting import export_cross_encoder
from matcher.encoding import TOKENIZER
from matcher.sources import find_folder, resolve_source

LAYERS, WIDTH, HEADS, INNER = 6, 384, 12, 1536
SIDES = (32, 128, 250)  # tokens of either text, about
TIMED = 20
WORDS = ["people", "fall", "at", "home", "and", "wait", "for", "help", "while", "a", "nurse", "looks", "for", "a", "sensor"]


def main() -> None:
    """Print a line for each length."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", help="an exported cross-encoder (default: one with random weights)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or _random(Path(scratch))
        began = time.process_time()
        scorer = load_pair_scorer(folder)
        print(f"{scorer.id}: {time.process_time() - began:.2f} s to load, {scorer.max_tokens} tokens of either text at once")
        for tokens in SIDES:
            print(f"{2 * tokens:4} tokens a pair: {1000 * _seconds(scorer, tokens):.0f} ms of one core")


def _seconds(scorer: OnnxPairScorer, tokens: int) -> float:
    text = " ".join((WORDS * tokens)[:tokens])
    scorer.score([(text, text)])
    began = time.process_time()
    scorer.score([(text, text)] * TIMED)
    return (time.process_time() - began) / TIMED


def _random(scratch: Path) -> Path:
    """A cross-encoder that knows nothing, with the tokenizer of the packaged encoder."""
    from transformers import BertConfig, BertForSequenceClassification  # noqa: PLC0415 -- seconds, and only this needs it

    shape = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": INNER}
    source = scratch / "random-MiniLM-L6"
    BertForSequenceClassification(BertConfig(num_labels=1, **shape)).save_pretrained(source)
    for name in (TOKENIZER, "tokenizer_config.json"):
        (source / name).write_bytes((resolve_source().folder / name).read_bytes())
    return export_cross_encoder(scratch / "exported", source=find_folder(str(source)))


if __name__ == "__main__":
    main()
