"""Whether a national record loses an answer on its way: `python -m bench.records`.

Generated records of all versions are written in each of the four shapes and read again, by themselves and onto the
record that was kept, as an import does. Their answers hold what is hard: formulas, quotation marks, line ends, HTML,
texts that look like JSON or like nothing, labels in the place of codes, codes of other versions, ids that nobody knows.
"""

import argparse
import io
import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from api.services.records.csv_shapes import SEARCHED, record_csv, search_csv
from api.services.records.document import NationalRecord, answers, lost
from api.services.records.entries import MOST_RECORDS
from api.services.records.files import read_file
from api.services.records.identifiers import check_digit
from api.services.records.json_shapes import all_sections
from api.services.records.schema import Kind, Question, Schemas, shipped_file, shipped_schema

VERSIONS: Final = ("202209", "202304", 202304, 1, 2, 3, 4, 17, None)
COUNT: Final = 5_000
HARD: Final = (
    *("=SUM(A1:A9)", "+44 113 000 0000", "-1", "@home", "\tindented", "'=quoted", "''=twice", "＝wide", "'apostrophe' first"),
    *('say "hi"', '"quoted"', "two\nlines", "old\rends", "dos\r\nends", "back\\slash", "\\n", "\\u0041", "  spaces  ", "a,b;c\td"),
    *("undefined", "null", "true", "12", "1e9", "[]", '["DIGITAL"]', "{}", 'json:"x"', "json:not", "json:", "Yes", "Digital", "DIGITAL"),
    *(
        "<b>bold</b>",
        "<script>alert(1)</script>",
        "naïve – “quotes” … 你好 🙂",
        "e\u0301",
        "\u200bhidden",
        "A: b",
        "Class I medical device: Yes",
    ),
)
WORDS: Final = ("falls", "ward", "staff", "sensor", "carers", "patient", "wait", "home", "nurse", "data", "trial", "cost", "audit", "Leeds")
MOSTLY, HALF, OFTEN, SELDOM, RARELY = 0.8, 0.5, 0.3, 0.1, 0.05
Shape = Callable[[Sequence[tuple[str, NationalRecord]], Schemas], list[str]]


def unique_id(number: int) -> str:
    """A national id with its check digit, another for each number below 9,600,000."""
    months, counter = divmod(number, 10_000)
    digits = f"{20 + months // 12:02}{months % 12 + 1:02}{counter:04}"
    return f"INN-{digits[:4]}-{digits[4:]}-{check_digit(digits)}"


def generated(number: int, seed: int = 1) -> NationalRecord:
    """A record whose version follows from its number, with some of the questions answered."""
    draw = random.Random(f"{seed}/{number}")  # noqa: S311 -- no secret
    version = VERSIONS[number % len(VERSIONS)]
    document: dict[str, Any] = {} if version is None else {"version": version}
    for section in shipped_schema().sections:
        answered = [question for question in section.questions if draw.random() < HALF]
        document[section.id] = {question.id: _answer(draw, question) for question in answered}
    document["INNOVATION_DESCRIPTION"]["name"] = _text(draw)
    document["INNOVATION_DESCRIPTION"]["countryName"] = "England"
    if str(version) == "202209":
        _as_in_202209(draw, document)
    elif draw.random() < HALF:
        document["evidences"] = [_evidence(draw) for _ in range(draw.randrange(3))]
    if draw.random() < OFTEN:
        document["NEW_SECTION"] = {"newQuestion": _text(draw), "odd name": [1, None, {"deep": [True, 2.5]}]}
        document["DEPLOYMENT"]["newQuestion"] = draw.choice([7, False, None, {"a": "b"}, ["x", "y\nz"], ""])
        document["standing"] = draw.choice(["text", 3, ["list"]])
    return NationalRecord(document=document)


def _as_in_202209(draw: random.Random, document: dict[str, Any]) -> None:
    older = shipped_file()["older_versions"]["202209"]
    document["VALUE_PROPOSITION"] = {"problemsTackled": _text(draw), "hasProblemTackleKnowledge": "YES"}
    document["UNDERSTANDING_OF_BENEFITS"] = {"generalBenefits": draw.sample(older["generalBenefits"], 3)}
    document["IMPLEMENTATION_PLAN"] = {"deploymentPlans": [{"name": _text(draw), "commercialBasis": _text(draw)}]}
    document["INNOVATION_DESCRIPTION"] |= {
        "areas": draw.sample(older["areas"], 3),
        "careSettings": draw.sample(older["careSettings"], 2),
        "moreSupportDescription": _text(draw),
    }
    piece = {"evidenceType": "CLINICAL", "clinicalEvidenceType": "DATA_PUBLISHED", "description": "", "summary": _text(draw)}
    document["EVIDENCE_OF_EFFECTIVENESS"]["evidences"] = [piece]


def _evidence(draw: random.Random) -> dict[str, str]:
    kinds = shipped_file()["evidences"]
    told = {
        "id": f"{draw.getrandbits(64):016x}",
        "evidenceSubmitType": draw.choice(kinds["evidenceSubmitType"])["value"],
        "summary": _text(draw),
    }
    return told | ({"evidenceType": draw.choice(kinds["evidenceType"])["value"]} if draw.random() < HALF else {})


def _text(draw: random.Random) -> str:
    if draw.random() < OFTEN:
        return draw.choice(HARD)
    return " ".join(draw.choice((*WORDS, *HARD) if draw.random() < SELDOM else WORDS) for _ in range(draw.randint(1, 40)))


def _code(draw: random.Random, question: Question) -> str:
    if not question.labels:
        return _text(draw)
    if draw.random() < RARELY:
        return draw.choice(("NOT_A_CODE", "OPERATIONAL_EXCELLENCE", "CCGS", "two\nlines"))
    return draw.choice(list(question.labels.values() if draw.random() < RARELY else question.labels))


def _answer(draw: random.Random, question: Question) -> str | list[Any]:
    if question.kind in {Kind.TEXT, Kind.CODE}:
        return _code(draw, question)
    entries = [_code(draw, question) for _ in range(draw.randrange(4))]
    if question.kind is not Kind.PAIRS:
        return entries
    first, second = question.parts
    seconds = [draw.choice(list(question.part_labels)) if question.part_labels else _text(draw) for _ in entries]
    return [{first: each, **({second: other} if draw.random() < MOSTLY else {})} for each, other in zip(entries, seconds, strict=True)]


SHAPES: Final[dict[str, Shape]] = {
    "stored document": lambda some, _: [
        json.dumps([{"uniqueId": name, "document": record.document} for name, record in some], ensure_ascii=False)
    ],
    "all-sections answer": lambda some, schemas: [
        json.dumps([{"uniqueId": name, "sections": all_sections(record, schemas)} for name, record in some], ensure_ascii=False)
    ],
    "search CSV": lambda some, schemas: [search_csv(some, schemas)],
    "record CSV": lambda some, schemas: [record_csv(name, record, schemas) for name, record in some],
}
PARTLY: Final = "search CSV"


def trip(shape: str, records: Sequence[tuple[str, NationalRecord]], schemas: Schemas) -> tuple[int, int]:
    """How many answers went there and back in a shape, and how many of them were lost.

    The search CSV has columns for some answers alone: those are looked for in what it says, all of them in what is kept.
    """
    carried = missing = 0
    read = [entry for text in SHAPES[shape](records, schemas) for entry in read_file(io.BytesIO(text.encode()), schemas)]
    for (name, record), entry in zip(records, read, strict=True):
        only = SEARCHED if shape == PARTLY else None
        carried += len(answers(record.document)) + (entry.unique_id != name)
        missing += len(lost(record.document, entry.record.document, only=only))
        missing += len(lost(record.document, record.taking(entry.record, entry.covers).document))
        missing += entry.unique_id != name
    return carried, missing


def run(count: int = COUNT) -> bool:
    """Print n and lost for each shape; whether nothing was lost."""
    schemas, table, whole = Schemas(), Table(title=f"{count:,} generated records of {len(VERSIONS)} versions, there and back"), 0
    for heading in ("shape", "n records", "n answers", "lost", "seconds"):
        table.add_column(heading, justify="left" if heading == "shape" else "right")
    for shape in SHAPES:
        began, carried, missing = time.perf_counter(), 0, 0
        for numbers in batched_numbers(count):
            found = trip(shape, [(unique_id(number), generated(number)) for number in numbers], schemas)
            carried, missing = carried + found[0], missing + found[1]
        table.add_row(shape, f"{count:,}", f"{carried:,}", str(missing), f"{time.perf_counter() - began:.1f}")
        whole += missing
    Console().print(table)
    print(f"n = {count} records, lost = {whole} answers")
    return whole == 0


def batched_numbers(count: int) -> list[range]:
    """The numbers of the records, as many at once as one file may hold."""
    size = MOST_RECORDS // 5
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT)
    raise SystemExit(0 if run(parser.parse_args().count) else 1)
