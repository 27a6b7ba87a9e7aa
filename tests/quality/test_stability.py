"""How steady judgements are when texts are said a little differently, on a few needs; `python -m bench stability` tells all."""

import pytest

from bench.judged_sets import DATA
from bench.perturbing import PERTURBATIONS, perturbed
from bench.stability import Effect, effects_on, together
from matcher.folder import Collection, Row, read_folder
from matcher.ranking import load_ranker
from matcher.text import fields_read, text_hash
from matcher.types import Document, Side

NEEDS, INNOVATIONS = 10, 36


def few(rows: tuple[Row, ...], count: int) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: text_hash(row.id))[:count])


@pytest.fixture(scope="module")
def effects(encoder) -> list[Effect]:
    needs = read_folder(DATA / "wy", "dev")
    queries = few(needs.queries, NEEDS)
    answering = {document for row in queries for document, grade in needs.judgements[row.id].items() if grade >= needs.relevant_from}
    others = few(tuple(row for row in needs.corpus if row.id not in answering), INNOVATIONS - len(answering))
    corpus = tuple(row for row in needs.corpus if row.id in answering) + others
    kept = {row.id: needs.judgements[row.id] for row in queries}
    cut = Collection(name="wy", split="dev", queries=queries, corpus=corpus, judgements=kept)
    return list(effects_on(cut, encoder=encoder, ranker=load_ranker(), without_codes=False))


def test_saying_a_text_a_little_differently_hardly_moves_a_judgement(effects):
    whole = together(effects)

    assert whole.moved <= 0.04 * whole.shown
    assert whole.leapt == 0
    assert whole.overlap >= 0.9


@pytest.mark.parametrize("perturbation", ["title in capitals", "all in capitals", "all in lower case"])
def test_capitals_move_nothing(effects, perturbation):
    moved = together([each for each in effects if each.perturbation == perturbation])

    assert moved.shown > 0
    assert moved.moved == 0
    assert moved.change < 0.005


@pytest.fixture(scope="module")
def document() -> Document:
    fields = {
        "title": "Falls of older people",
        "problem": "GPs organise checks late. Many of them wait for a programme of treatment. Nobody counts.",
    }
    return Document(id="n", side=Side.NEED, fields=fields)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_a_perturbation_is_the_same_every_time_and_changes_only_what_is_read(document, name):
    assert perturbed(document, name).fields == perturbed(document, name).fields != document.fields
    assert perturbed(document, name).fields.keys() == document.fields.keys()


def test_slips_are_few_and_spare_the_first_word(document):
    before, after = (" ".join(fields_read(each).values()).split() for each in (document, perturbed(document, "spelling slips")))

    assert len(before) == len(after)
    assert before[0] == after[0]
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_other_words_stand_where_the_listed_ones_stood(document):
    assert perturbed(document, "all listed synonyms").fields["title"] == "Falling over of elderly people"
    assert "General practitioners organise" in perturbed(document, "all listed synonyms").fields["problem"]
    assert "GPs organize" in perturbed(document, "American spelling").fields["problem"]
