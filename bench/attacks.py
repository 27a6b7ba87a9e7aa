"""What an attack earns: how often the attacked innovation comes among the first five, is flagged, and what that costs honest texts.

Every attack is written into innovations that do not answer the need, spread over the library by a fixed seed, and ranked
beside the clean ones. A need counts for an attack unless the clean innovation answers it (grade 2 or 3) or came among its
first five before. Variants that are kept out had no say in any threshold.
"""

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench import attacks_by_signs, attacks_by_words
from bench.attack_texts import Attack, Setting
from bench.judged_sets import DATA, demo_collection
from bench.kept_vectors import KeptEncoder
from matcher.copying import DENSE, LEAST_SHARED, OF_MANY
from matcher.embedding import encode_documents
from matcher.encoding import Encoder, load_encoder
from matcher.folder import Collection, Row, read_folder
from matcher.integrity import Traces, flags_of_pair, traces_of
from matcher.metrics import ndcg
from matcher.pairing import Prepared
from matcher.rankers import RankerFile, read_ranker_file
from matcher.ranking import RETRIEVED, MemoryLibrary, Ranker, Scored
from matcher.types import Document, EncodedDocument, FlagKind, Side

ATTACKS = (*attacks_by_words.ATTACKS, *attacks_by_signs.ATTACKS)
FIRST = 5
SEED = 20261122
BASES = 4  # innovations that an attack without a target is written into
COPIES = 5
KEPT = 4_096  # documents that a ranker keeps prepared
HONEST = Path(__file__).parents[2] / "shared" / "data" / "sbir-unlabelled"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attacked innovation before one need; `place` counts from 1, and `flagged` says whether staff are told."""

    attack: Attack
    place: int
    place_without: int
    flagged: bool


@dataclass(frozen=True)
class View:
    """Needs and innovations of one telling, encoded, with the judgements of their pairs."""

    name: str
    collection: Collection
    needs: Sequence[EncodedDocument]
    innovations: Sequence[EncodedDocument]

    def grade(self, need: str, innovation: str) -> int:
        """The grade of a pair; 0 when nobody gave it one."""
        return self.collection.judgements.get(need, {}).get(innovation, 0)


class Unguarded(Ranker):
    """The same ranker without the integrity part: it sees no flag, no copy and no near-copy."""

    def prepare(self, encoded: EncodedDocument) -> Prepared:
        """As ever, but without a trace."""
        return replace(super().prepare(encoded), traces=_NO_TRACES)


_NO_TRACES = Traces(flags=(), suspect=False, phrases=np.empty(0, dtype=np.uint32))


Rankings = Mapping[str, Sequence[tuple[float, str]]]
"""For each need its clean candidates as (-probability, id), best first."""


@dataclass(frozen=True, eq=False)
class Contest:
    """A view with the ranker, and with the same one unguarded, each with its clean rankings."""

    view: View
    ranker: Ranker
    unguarded: Ranker
    clean: Rankings
    clean_unguarded: Rankings

    @classmethod
    def of(cls, view: View, file: RankerFile) -> "Contest":
        """Rank the clean library by both."""
        ranker, unguarded = Ranker(file).keeping(KEPT), Unguarded(file).keeping(KEPT)
        return cls(view, ranker, unguarded, _clean_rankings(view, ranker), _clean_rankings(view, unguarded))

    def is_on_topic(self, need: str, innovation: str) -> bool:
        """Whether an innovation answers a need, or came among its first five before anybody attacked."""
        first = {id_ for _, id_ in self.clean_unguarded[need][:FIRST]}
        return self.view.grade(need, innovation) >= self.view.collection.relevant_from or innovation in first


Written = tuple[Attack, str, Document, str | None]
"""An attack, the innovation that it is written into, the attacked text, and the need that is aimed at."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("encoder", type=Path, help="folder of the exported encoder, e.g. var/encoder/...")
    parser.add_argument("--vectors", type=Path, help="file that keeps encoded vectors from run to run (default: none)")
    parser.add_argument("--honest-only", action="store_true", help="only count how many honest texts are flagged")
    options = parser.parse_args()
    if not options.honest_only:
        encoder = KeptEncoder(load_encoder(options.encoder, threads=2), options.vectors)
        wy = read_folder(DATA / "wy", "dev")
        for collection in (wy, demo_collection(wy)):
            view = View(collection.name, collection, *(_encoded(collection, side, encoder) for side in (Side.NEED, Side.INNOVATION)))
            report_attacks(Contest.of(view, read_ranker_file()), encoder)
            encoder.keep()
    report_honest()


def report_attacks(contest: Contest, encoder: Encoder) -> None:
    """Print what each attack earns on one view, with the integrity part and without."""
    view = contest.view
    print(f"\n## {view.name}: {len(view.needs)} needs, {len(view.innovations)} innovations")
    figures = [_clean_ndcg(view, rankings) for rankings in (contest.clean, contest.clean_unguarded)]
    print(f"clean nDCG@10 {figures[0]:.4f} with the integrity part, {figures[1]:.4f} without")
    outcomes = list(_outcomes(contest, encoder))
    print(f"{'kind':17} {'variant':18} {'out of first 5':>15} {'without':>8} {'flagged':>8}  needs counted (k: kept out of tuning)")
    for kind in FlagKind:
        for attack in (attack for attack in ATTACKS if attack.kind is kind):
            _print_row(attack.name + (" k" if attack.kept_out else ""), kind, [each for each in outcomes if each.attack is attack])
    for name, kept_out in (("ALL TUNED", False), ("ALL KEPT OUT", True)):
        _print_row(name, "", [each for each in outcomes if each.attack.kept_out is kept_out])
    for attack in attacks_by_words.NEAR_COPIES:
        _report_near_copies(contest, attack, encoder)


def report_honest() -> None:
    """Print the share of honest texts that is flagged, by kind; an innovation counts when it is flagged beside any need."""
    print("\n## honest texts flagged")
    for name, needs, innovations in _honest_sets():
        asking, answering = ([traces_of(document) for document in side] for side in (needs, innovations))
        _print_honest(f"{name} needs", [{flag.kind for flag in traces.flags} for traces in asking])
        own = [{flag.kind for flag in traces.flags} for traces in answering]
        beside = _copied(asking, answering, innovations)
        _print_honest(f"{name} innovations", [flags | copied for flags, copied in zip(own, beside, strict=True)])


def _print_honest(name: str, kinds: Sequence[set[FlagKind]]) -> None:
    shares = {kind: np.mean([kind in found for found in kinds]) for kind in FlagKind}
    told = ", ".join(f"{kind} {share:.2%}" for kind, share in shares.items() if share)
    print(f"{name}: {np.mean([bool(found) for found in kinds]):.2%} of {len(kinds)}{': ' if told else ''}{told}", flush=True)


def _clean_rankings(view: View, ranker: Ranker) -> Rankings:
    library = MemoryLibrary(view.innovations)
    return {
        need.document.id: [(-each.probability, each.candidate.document.id) for each in ranker.judged(ranker.prepare(need), library)]
        for need in view.needs
    }


def _clean_ndcg(view: View, rankings: Rankings) -> float:
    judged = view.collection.judgements
    answerable = [need for need in rankings if max(judged[need].values()) >= view.collection.relevant_from]
    return float(np.mean([ndcg([id_ for _, id_ in rankings[need]], judged[need], k=10) for need in answerable]))


def _outcomes(contest: Contest, encoder: Encoder) -> Iterator[Outcome]:
    written = list(_written(contest))
    attacked = list(zip(written, encode_documents([document for _, _, document, _ in written], encoder), strict=True))
    for start in range(0, len(attacked), RETRIEVED):
        part = attacked[start : start + RETRIEVED]  # few enough that each retriever puts all of them forward
        library = MemoryLibrary([each for _, each in part])
        for need in contest.view.needs:
            aimed = [each for each, _ in part if each[3] in {None, need.document.id}]
            counted = [each for each in aimed if not contest.is_on_topic(need.document.id, each[1])]
            yield from _outcomes_of(contest, need, counted, library)


def _outcomes_of(contest: Contest, need: EncodedDocument, written: Sequence[Written], library: MemoryLibrary) -> Iterator[Outcome]:
    allowed = library.only(frozenset(document.id for _, _, document, _ in written))
    asker = contest.ranker.prepare(need)
    guarded = {each.candidate.document.id: each for each in contest.ranker.judged(asker, allowed)}
    unguarded = {each.candidate.document.id: each for each in contest.unguarded.judged(contest.unguarded.prepare(need), allowed)}
    for attack, _, document, _ in written:
        traces = guarded[document.id].candidate.traces
        yield Outcome(
            attack,
            _place(contest.clean[need.document.id], guarded[document.id]),
            _place(contest.clean_unguarded[need.document.id], unguarded[document.id]),
            flagged=bool(traces.flags or flags_of_pair(asker.traces, traces, document)),
        )


def _written(contest: Contest) -> Iterator[Written]:
    """Each attack on each need, or on a few innovations."""
    chance = random.Random(SEED)  # noqa: S311 -- chance that anybody can repeat
    needs, innovations = ([each.document for each in side] for side in (contest.view.needs, contest.view.innovations))
    filler = [row.whole for row in read_folder(DATA / "fp7-dev", "test").corpus]
    for attack in ATTACKS:
        for number, need in enumerate(needs if attack.targeted else needs[:BASES]):
            at = Setting(need, needs, innovations, chance.sample(filler, 400), chance)
            base = chance.choice([each for each in innovations if not contest.is_on_topic(need.id, each.id)])
            yield attack, base.id, attack.on(base, at, number), need.id if attack.targeted else None


def _place(ranking: Sequence[tuple[float, str]], attacked: Scored) -> int:
    return 1 + sum(1 for each in ranking if each < (-attacked.probability, attacked.candidate.document.id))


def _print_row(name: str, kind: str, outcomes: Sequence[Outcome]) -> None:
    out, without = (
        np.mean([place > FIRST for place in places]) for places in zip(*((o.place, o.place_without) for o in outcomes), strict=True)
    )
    flagged = np.mean([each.flagged for each in outcomes])
    print(f"{kind:17} {name:18} {out:>15.1%} {without:>8.1%} {flagged:>8.1%}  {len(outcomes)}", flush=True)


def _report_near_copies(contest: Contest, attack: Attack, encoder: Encoder) -> None:
    """Print how many of the first five places the best innovation of a need takes with five near-copies of itself."""
    chance = random.Random(SEED)  # noqa: S311 -- chance that anybody can repeat
    view = contest.view
    by_id = {each.document.id: each.document for each in view.innovations}
    taken: Counter[int] = Counter()
    flagged = []
    for need in view.needs:
        best = by_id[contest.clean[need.document.id][0][1]]
        at = Setting(need.document, [], [], [], chance)
        copies = encode_documents([attack.on(best, at, number) for number in range(COPIES)], encoder)
        listed = contest.ranker.rank(need, MemoryLibrary([*view.innovations, *copies]), limit=FIRST).judgements
        group = {best.id, *(each.document.id for each in copies)}
        taken[sum(each.innovation_id in group for each in listed)] += 1
        flagged.append(any(flag.kind is FlagKind.NEAR_COPY for each in listed if each.innovation_id in group for flag in each.flags))
    shares = ", ".join(f"{count} of {FIRST} for {needs / len(view.needs):.0%}" for count, needs in sorted(taken.items()))
    kept_out = " k" if attack.kept_out else ""
    print(f"{attack.kind} {attack.name}{kept_out}: with {COPIES} copies the best takes {shares} of needs; flagged {np.mean(flagged):.1%}")


def _honest_sets() -> Iterator[tuple[str, Sequence[Document], Sequence[Document]]]:
    wy = read_folder(DATA / "wy", "dev")
    for collection in (wy, demo_collection(wy), read_folder(DATA / "fp7-dev", "test")):
        needs = [row.document(Side.NEED) for row in collection.queries]
        yield collection.name, needs, [row.document(Side.INNOVATION) for row in collection.corpus]
    if HONEST.exists():
        yield HONEST.name, _rows("needs.jsonl", Side.NEED), _rows("innovations.jsonl", Side.INNOVATION)
    else:
        print(f"{HONEST.name}: not here, so not counted; it is no part of the repository")


def _rows(file: str, side: Side) -> list[Document]:
    stored = map(json.loads, (HONEST / file).read_text(encoding="utf-8").splitlines())
    return [Row(id=row["_id"], title=row["title"], text=row["text"], metadata={}, place=file).document(side) for row in stored]


def _copied(asking: Sequence[Traces], answering: Sequence[Traces], innovations: Sequence[Document]) -> list[set[FlagKind]]:
    """For each innovation, whether it is flagged beside any need; the needs that share most are looked at, because pairs are millions."""
    holding: dict[int, list[int]] = defaultdict(list)
    for number, need in enumerate(asking):
        for phrase in need.phrases.tolist():
            holding[phrase].append(number)
    found = []
    for traces, innovation in zip(answering, innovations, strict=True):
        shared = Counter(number for phrase in traces.phrases.tolist() for number in holding.get(phrase, ()))
        near = [asking[number] for number, count in shared.items() if _may_be_copied(asking[number], count)]
        found.append({flag.kind for need in near for flag in flags_of_pair(need, traces, innovation)})
    return found


def _may_be_copied(need: Traces, shared_pairs: int) -> bool:
    """Whether so many shared pairs are worth a look; fewer are never flagged."""
    least = LEAST_SHARED if need.parts else min(DENSE, OF_MANY * len(need.phrases))
    return shared_pairs >= max(LEAST_SHARED, least)


def _encoded(collection: Collection, side: Side, encoder: Encoder) -> list[EncodedDocument]:
    rows = collection.queries if side is Side.NEED else collection.corpus
    return encode_documents([row.document(side) for row in rows], encoder)


if __name__ == "__main__":
    main()
