"""Write the FP7 judgements that had a part in nothing as a split of their own, so that anybody can ask for the figures on them.

`matching evaluate bench/data/fp7-dev bench/data/fp7-dev-reverse --split unseen` ranks the whole corpus for them.
"""

from collections.abc import Iterator
from pathlib import Path

from bench.judged_sets import DATA, parts_of
from matcher.folder import read_folder

FOLDERS = ("fp7-dev", "fp7-dev-reverse")
SPLIT = "unseen"


def main() -> None:
    """Write both files."""
    for name in FOLDERS:
        (DATA / name / "qrels" / f"{SPLIT}.tsv").write_text("".join(unseen_lines(DATA / name)), encoding="utf-8")


def unseen_lines(folder: Path) -> Iterator[str]:
    """The lines of the judgements of the queries that neither weights nor counts of words nor any choice have seen."""
    judgements = read_folder(folder, "test").judgements
    parts = parts_of(judgements)
    yield "query-id\tcorpus-id\tscore\n"
    for query, grades in judgements.items():
        if parts[query] == "test":
            yield from (f"{query}\t{document}\t{grade}\n" for document, grade in grades.items())


if __name__ == "__main__":
    main()
