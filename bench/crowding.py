"""What the weight of crowding earns among neighbours of the same field, and loses among foreign ones.

`python -m bench.crowding ENCODER_FOLDER` ranks the validation part of FP7, both ways, with the shipped weights, the one of
crowding changed, first among the shipped reference texts and then among US health research texts, which are of other fields.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np

from bench.fit_ranker import SHIPPED
from bench.judged_sets import Group, foreign_texts, fp7_groups
from bench.kept_vectors import KeptEncoder
from matcher.encoding import load_encoder
from matcher.metrics import mean_interval
from matcher.pairing import FEATURES
from matcher.rankers import DEFAULT, read_ranker_file
from matcher.ranking import Ranker

SHARES = (0.0, 0.5, 1.0, 2.0)
"""How much of the shipped weight of crowding is used."""


def main() -> None:
    """Print nDCG@10 for each share, and how far it stands above no crowding at all on the same queries."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, help="folder of the exported encoder, e.g. var/encoder/...")
    parser.add_argument("--vectors", type=Path, help="file that keeps vectors from run to run")
    options = parser.parse_args()
    encoder = KeptEncoder(load_encoder(options.encoder, threads=2), options.vectors)
    file = read_ranker_file(SHIPPED / f"{DEFAULT}.json")
    foreign = foreign_texts(encoder)
    for name, reference in (("of the same field", file.reference), ("foreign", foreign)):
        ranker = Ranker(replace(file, reference=reference))
        for way, groups in fp7_groups(encoder, ranker).items():
            taught = [group for group in groups if group.part == "validation" and group.is_answerable]
            print(f"neighbours {name}, {way}, {len(taught)} queries")
            _print_shares(taught, file.calibration.weights)
        encoder.keep()


def _print_shares(groups: Sequence[Group], weights: Sequence[float]) -> None:
    without = _figures(groups, weights, 0.0)
    for share in SHARES:
        found = _figures(groups, weights, share)
        low, high = mean_interval([one - other for one, other in zip(found, without, strict=True)])
        gain = fmean(found) - fmean(without)
        print(f"  {share:3.1f} of the weight: nDCG@10 {fmean(found):.4f}, above none {gain:+.4f} [{low:+.4f}, {high:+.4f}]")


def _figures(groups: Sequence[Group], weights: Sequence[float], share: float) -> list[float]:
    changed = np.array([weight * share if name == "crowding" else weight for name, weight in zip(FEATURES, weights, strict=True)])
    return [group.ndcg(changed) for group in groups]


if __name__ == "__main__":
    main()
