import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.text import (
    DOCUMENT_LIMIT,
    FIELD_ASPECTS,
    FIELD_LIMIT,
    Readability,
    document_readability,
    normalise,
    passages,
    pooled,
    readability,
    sentences,
    text_hash,
    windows,
)
from matcher.types import Aspect, Document, Side
from tests.matcher.encoders import WordEncoder

DEMO = Path(__file__).parents[2] / "api" / "data" / "demo"
SMALL = WordEncoder(max_tokens=12)


def need(**fields):
    return Document(id="n1", side=Side.NEED, fields=fields)


def read(document, encoder=SMALL):
    return passages(document, encoder=encoder)


def test_the_whole_comes_first_and_then_each_field_in_reading_order():
    reading = read(need(population="Older people", problem="They fall at home.", title="Falls", funding="Ask the board."))

    assert [(passage.ordinal, passage.aspect, passage.field, passage.text) for passage in reading.passages] == [
        (0, Aspect.WHOLE, "", "Falls. They fall at home. Older people."),
        (1, Aspect.TITLE, "title", "Falls"),
        (2, Aspect.PROBLEM, "problem", "They fall at home."),
        (3, Aspect.POPULATION, "population", "Older people"),
    ]
    assert (reading.read_characters, reading.cut_characters, dict(reading.cut)) == (35, 0, {})


def test_a_long_field_is_cut_at_sentence_borders():
    reading = read(need(problem="People fall at home.  Nobody knows for hours! Help comes late, and by road."))

    assert [passage.text for passage in reading.passages if passage.field] == [
        "People fall at home.  Nobody knows for hours!",
        "Help comes late, and by road.",
    ]


def test_a_sentence_that_does_not_fit_is_parted_between_words():
    text = " ".join(f"word{number}" for number in range(25))

    parts = [text[start:end] for start, end in windows(text, encoder=SMALL)]

    assert " ".join(parts) == text
    assert all(SMALL.count_tokens(part) <= SMALL.max_tokens for part in parts)


def test_a_word_that_does_not_fit_is_parted():
    text = "-" * 50

    assert "".join(text[start:end] for start, end in windows(text, encoder=SMALL)) == text


@pytest.mark.parametrize(("field_characters", "fields"), [(FIELD_LIMIT, 1), (DOCUMENT_LIMIT // 2, 3)])
def test_a_very_long_text_stops_at_the_limit_and_says_so(field_characters, fields):
    names = list(FIELD_ASPECTS[Side.NEED])[:fields]
    text = "People fall at home. " * 5_000

    reading = read(need(**dict.fromkeys(names, text)), WordEncoder())

    assert reading.read_characters + reading.cut_characters == len(text) * fields
    assert min(FIELD_LIMIT * fields, DOCUMENT_LIMIT) - 100 < reading.read_characters <= min(FIELD_LIMIT * fields, DOCUMENT_LIMIT)
    assert list(reading.cut) == names
    assert {passage.text.split()[-1].rstrip(".") for passage in reading.passages} <= {"People", "fall", "at", "home"}


@pytest.mark.parametrize(("text", "kept"), [("wording " * 10_000, FIELD_LIMIT - 1), ("." * 80_000, FIELD_LIMIT)])
def test_a_long_text_without_a_sentence_is_cut_between_words_or_at_the_limit(text, kept):
    reading = read(need(problem=text), WordEncoder())

    assert dict(reading.cut) == {"problem": 80_000 - kept}


@pytest.mark.parametrize("fields", [{}, {"title": " \n"}, {"title": "\u200b", "problem": ""}, {"funding": "Ask the board."}])
def test_a_document_that_says_nothing_has_no_passage(fields):
    assert read(need(**fields)).passages == ()


def test_two_texts_that_read_alike_have_one_hash():
    first, second = read(need(title="heart  failure")), read(need(title="heart\u200b failure"))

    assert [passage.text_hash for passage in first.passages] == [passage.text_hash for passage in second.passages]
    assert text_hash("caf\u00e9") == text_hash("cafe\u0301") != text_hash("cafe")


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from(sorted(FIELD_ASPECTS[Side.INNOVATION])), st.text(max_size=300)), st.integers(4, 30))
def test_every_passage_fits_and_is_an_exact_span_and_nothing_visible_is_lost(fields, max_tokens):
    encoder = WordEncoder(max_tokens=max_tokens)
    document = Document(id="i1", side=Side.INNOVATION, fields=fields)

    reading = read(document, encoder)

    for passage in reading.passages:
        assert encoder.count_tokens(passage.text) <= max_tokens
        assert not passage.field or passage.text == fields[passage.field][passage.start : passage.end]
    for name, text in fields.items():
        kept = "".join(passage.text for passage in reading.passages if passage.field == name)
        assert normalise(kept).replace(" ", "") == normalise(text).replace(" ", "")
    whole = "".join(passage.text for passage in reading.passages if passage.aspect is Aspect.WHOLE)
    assert len(whole.replace(" ", "")) >= sum(len(normalise(text).replace(" ", "")) for text in fields.values())


@given(st.text())
def test_normalising_twice_changes_nothing_more(text):
    assert normalise(normalise(text)) == normalise(text)


def test_normalising_drops_what_nobody_sees():
    assert normalise("\ufeffa\u202eb\u200b\u00ad\U000e0041 \x00\ud800c\u00a0d\r\ne\u0301 ") == "ab c d \u00e9"


def test_sentences_are_spans_without_the_space_between():
    text = ' He fell. "Who knows?" Nobody!\n- one\n\n- two (see p. 3.) end '

    assert [text[start:end] for start, end in sentences(text)] == [
        "He fell.",
        '"Who knows?"',
        "Nobody!",
        "- one",
        "- two (see p.",
        "3.)",
        "end",
    ]


def test_the_pooled_vector_is_the_mean_of_the_whole_windows():
    encoder = WordEncoder(max_tokens=8)
    reading = read(need(title="Falls", problem="They fall at home. Nobody knows it for hours."), encoder)
    vectors = encoder.encode([passage.text for passage in reading.passages])
    mean = vectors[[passage.aspect is Aspect.WHOLE for passage in reading.passages]].mean(axis=0)

    vector = pooled(reading.passages, vectors)

    assert sum(passage.aspect is Aspect.WHOLE for passage in reading.passages) > 1
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-6)
    assert vector.dtype == np.float32


def test_a_document_without_text_has_no_pooled_vector():
    with pytest.raises(ValueError, match="without text"):
        pooled((), np.empty((0, 64), dtype=np.float32))


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u202e"])
def test_nothing_is_empty(text):
    assert readability(text) is Readability.EMPTY


@pytest.mark.parametrize(
    "text",
    [
        "???",
        "12345 67890",
        "asdfgh jklqwrt sdfkjh wertzxcv sdfgsdfg",
        "aGVsbG8gd29ybGQgdGhpcyBpcyBiYXNlNjQgZW5jb2RlZCBkYXRh" * 2,
        "T\ufffdp\ufffd 2 d\ufffdab\ufffdt\ufffds is f\ufffdund l\ufffdte",
    ],
)
def test_what_no_person_reads_is_unreadable(text):
    assert readability(text) is Readability.UNREADABLE


@pytest.mark.parametrize(
    "text",
    [
        "Die Patientinnen und Patienten mit Diabetes werden zu spät erkannt und erhalten keine ausreichende Versorgung in der Praxis.",
        "Les personnes âgées qui vivent à domicile tombent souvent et personne ne le remarque avant plusieurs heures.",
        "Los pacientes con diabetes no reciben la atención que necesitan y llegan tarde al hospital.",
        "Osoby starsze mieszkające samotnie często upadają i czekają zbyt długo na pomoc medyczną w domu.",
        "Mae pobl hŷn yn cwympo gartref ac yn aros yn rhy hir am ambiwlans, ac nid oes neb yn gwybod beth ddigwyddodd.",
        "ذیابیطس کے مریضوں کو وقت پر علاج نہیں ملتا اور وہ ہسپتال دیر سے پہنچتے ہیں",
        "ਸ਼ੂਗਰ ਦੇ ਮਰੀਜ਼ਾਂ ਨੂੰ ਸਮੇਂ ਸਿਰ ਇਲਾਜ ਨਹੀਂ ਮਿਲਦਾ",
        "糖尿病患者未能及时发现，治疗目标的达成情况参差不齐，需要改进的方法。",
    ],
)
def test_prose_of_another_language_is_foreign(text):
    assert readability(text) is Readability.FOREIGN


@pytest.mark.parametrize(
    "text",
    [
        "UroLift",
        "QWO 36J 02T X2C4Y 15F 03R",
        "DTAC UKCA EMIS SystmOne CQUIN NHSBSP FHIR HL7 SNOMED NEWS2 PIFU",
        "Müller, Schröder & Söhne GmbH, Köln: Wundversorgung",
        "Привет",
        "HbA1c < 48 mmol/mol (6.5%)",
        "Sepsis / VTE / AKI dashboards",
        "Strengths of the workforce, lengths of stay",
        "Cardiology dermatology endocrinology gastroenterology haematology nephrology neurology oncology ophthalmology rheumatology",
    ],
)
def test_names_codes_and_short_texts_are_readable(text):
    assert readability(text) is Readability.READABLE


def demo_documents():
    for side, file in ((Side.NEED, "needs.json"), (Side.INNOVATION, "innovations.json")):
        for row in json.loads((DEMO / file).read_text(encoding="utf-8")):
            yield Document(id=row["key"], side=side, fields={name: row[name] for name in FIELD_ASPECTS[side] if row.get(name)})


def test_honest_english_is_not_flagged():
    documents = list(demo_documents())
    texts = [text for document in documents for text in document.fields.values() if any(letter.isalpha() for letter in text)]

    flagged = [text for text in texts if readability(text) is not Readability.READABLE]

    assert len(texts) > 600
    assert len(flagged) <= 0.005 * len(texts), flagged
    assert all(document_readability(document) is Readability.READABLE for document in documents)
