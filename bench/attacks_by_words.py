"""Attacks by what a text says: copied needs, texts about everything, keywords, near-copies."""

import random
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bench.attack_texts import Attack, Fields, Setting, added, edited, parted, said
from matcher.types import Document, FlagKind

LONG = 100_000


_PAIRS = """
people:individuals patients:service_users adults:grown-ups children:youngsters women:mothers find:identify found:identified late:too_slowly
early:promptly earlier:sooner wait:queue waits:queues waiting:queueing long:lengthy staff:personnel clinicians:practitioners
hospital:infirmary home:residence homes:residences care:support help:assist need:require needs:requires use:employ used:employed
fewer:less_numerous more:a_greater_number_of less:reduced reduce:lower cut:lower time:hours month:four_weeks year:twelve_months
years:twelvemonths cannot:are_unable_to hard:difficult slow:sluggish quick:rapid safe:secure risk:danger many:numerous some:certain
areas:districts service:provision services:provision support:backing treatment:therapy diagnosis:detection assessment:evaluation
assessments:evaluations access:entry get:receive before:ahead_of after:following between:among
"""
_SYNONYMS: Mapping[str, str] = MappingProxyType(dict(pair.split(":") for pair in _PAIRS.split()))


def _reworded(text: str) -> str:
    return re.sub(r"[A-Za-z]+", lambda found: _SYNONYMS.get(found.group().lower(), found.group()).replace("_", " "), text)


def _verbatim(fields: Fields, at: Setting) -> Fields:
    return {**fields, "problems_tackled": said(at.need)}


def _appended(fields: Fields, at: Setting) -> Fields:
    return added(fields, "description", said(at.need))


def _small_edits(fields: Fields, at: Setting) -> Fields:
    return added(fields, "description", edited(said(at.need), at.random))


def _shuffled(fields: Fields, at: Setting) -> Fields:
    sentences = parted(said(at.need))
    at.random.shuffle(sentences)
    return added(fields, "how_it_works", " ".join(sentences))


def _problem_alone(fields: Fields, at: Setting) -> Fields:
    return {**fields, "problems_tackled": f"{at.need.fields['title']}. {at.need.fields['problem']}"}


def _copied_reworded(fields: Fields, at: Setting) -> Fields:
    return added(fields, "problems_tackled", _reworded(said(at.need)))


def _spread_over_fields(fields: Fields, at: Setting) -> Fields:
    need = at.need.fields
    return {
        **added(added(fields, "problems_tackled", need["problem"]), "benefits", need.get("desired_outcome", "")),
        "eligibility": need.get("population", ""),
    }


def _alone(_: Fields, at: Setting) -> Fields:
    return {
        "name": "Our new solution",
        "description": edited(said(at.need), at.random),
        "benefits": at.need.fields.get("desired_outcome", ""),
    }


def _as_ones_own(fields: Fields, at: Setting) -> Fields:
    need = at.need.fields
    told = (
        f"We have seen it ourselves: {need['problem']}",
        f"Our people work with {need.get('population', 'many')}.",
        f"What we bring is this: {need.get('desired_outcome', 'better care')}.",
    )
    return added(fields, "how_it_works", " ".join(told))


def _between_ones_own(fields: Fields, at: Setting) -> Fields:
    own, others = parted(fields.get("description", "")) * 9, parted(said(at.need))
    return {**fields, "description": " ".join(part for pair in zip(own, others, strict=False) for part in pair)}


def _numbered_uses(fields: Fields, at: Setting) -> Fields:
    uses = (f"Use {number}: {need.fields['title']} ({need.fields.get('population', '')})" for number, need in enumerate(at.needs, start=1))
    return added(fields, "benefits", "\n".join(uses))


def _questions(fields: Fields, at: Setting) -> Fields:
    asked = " ".join(
        f"Do you see that {sentence.rstrip('.?!')[:1].lower()}{sentence.rstrip('.?!')[1:]}?" for sentence in parted(said(at.need))
    )
    return added(fields, "benefits", f"{asked} Then talk to us.")


def _letter(fields: Fields, at: Setting) -> Fields:
    told = ", and ".join(
        f"our {number}th branch knows why {need.fields['problem'].rstrip('.').lower()}" for number, need in enumerate(at.needs, 4)
    )
    return added(fields, "description", f"We are a large family of firms: {told}.")


def _every_need(fields: Fields, at: Setting) -> Fields:
    return added(fields, "description", " ".join(said(need) for need in at.needs))


def _every_title(fields: Fields, at: Setting) -> Fields:
    titles = ". It also helps to ".join(need.fields["title"].lower() for need in at.needs)
    return added(fields, "problems_tackled", f"It helps to {titles}.")


def _every_title_in_prose(fields: Fields, at: Setting) -> Fields:
    frames = ("Where teams struggle with {}, our people step in.", "Others use it for {}, and are glad of it.", "It is as good for {}.")
    return added(fields, "how_it_works", " ".join(at.random.choice(frames).format(need.fields["title"].lower()) for need in at.needs))


def _half_of_the_needs(fields: Fields, at: Setting) -> Fields:
    return added(fields, "benefits", " ".join(need.fields["problem"] for need in at.random.sample(list(at.needs), len(at.needs) // 2)))


def _every_innovation(fields: Fields, at: Setting) -> Fields:
    return added(fields, "description", " ".join(each.fields.get("description", "") for each in at.innovations))


def _catch_all(texts: Sequence[str]) -> str:
    joined = " ".join(texts)
    return (joined + " ") * (LONG // len(joined)) + joined[: LONG % len(joined)]


def _catch_all_of_needs(fields: Fields, at: Setting) -> Fields:
    return {**fields, "description": _catch_all([said(need) for need in at.needs])}


def _catch_all_of_both(fields: Fields, at: Setting) -> Fields:
    texts = [said(need) for need in at.needs] + [" ".join(each.fields.values()) for each in at.innovations]
    at.random.shuffle(texts)
    whole = _catch_all(texts)
    return {**fields, "description": whole[: LONG // 2], "how_it_works": whole[LONG // 2 :]}


_SMALL = re.compile(
    "the|and|of|to|for|in|is|are|with|that|from|who|which|their|this|have|has|not|but|its|it|they|them|only|too", re.IGNORECASE
)


def _keywords(need: Document) -> list[str]:
    return list(dict.fromkeys(word for word in re.findall(r"[A-Za-z][\w-]{2,}", said(need)) if not _SMALL.fullmatch(word)))


def _keyword_list(fields: Fields, at: Setting) -> Fields:
    return added(fields, "description", ", ".join(_keywords(at.need) * 2) + ".")


def _title_again_and_again(fields: Fields, at: Setting) -> Fields:
    return added(fields, "benefits", (at.need.fields["title"] + ". ") * 12)


def _hashtags(fields: Fields, at: Setting) -> Fields:
    return added(fields, "description", "\nKeywords: " + " ".join(f"#{word}" for word in _keywords(at.need) * 2))


def _keywords_after_each_sentence(fields: Fields, at: Setting) -> Fields:
    words = _keywords(at.need) * 3
    sentences = parted(fields.get("description", "") + " It is easy to use. It has been used for years. Staff like it.")
    share = len(words) // len(sentences)
    parts = [f"{sentence} {' '.join(words[place * share : (place + 1) * share])}" for place, sentence in enumerate(sentences)]
    return {**fields, "description": " ".join(parts)}


def _keywords_tied_by_ands(fields: Fields, at: Setting) -> Fields:
    return added(fields, "benefits", "It is for " + " and the ".join(_keywords(at.need) * 2) + ".")


def _in_brackets(fields: Fields, at: Setting) -> Fields:
    words = _keywords(at.need)
    at.random.shuffle(words)
    return added(fields, "how_it_works", f"Used widely ({'; '.join(words)}).")


def _alphabetical(fields: Fields, at: Setting) -> Fields:
    return added(fields, "eligibility", " / ".join(sorted(word.lower() for word in _keywords(at.need) * 2)))


def _near_copy(fields: Fields, at: Setting) -> Fields:
    """The same product under another name, a word changed here and there."""
    old = fields["name"]
    new = old.split()[0][:5].title() + at.random.choice(["ora", "ify", "is", "one", "ex"])
    changed = {name: _few_changes(text.replace(old, new), at.random) for name, text in fields.items()}
    return {**changed, "name": new}


def _few_changes(text: str, chance: random.Random) -> str:
    words = text.split()
    for place in range(chance.randrange(5), len(words), 11):
        words[place] = chance.choice(["really", "the", words[place].lower(), "now", words[place]])
    return " ".join(words)


def _near_copy_in_another_order(fields: Fields, at: Setting) -> Fields:
    copied = _near_copy(fields, at)
    for name, text in copied.items():
        sentences = parted(text)
        at.random.shuffle(sentences)
        copied[name] = " ".join(sentences)
    return copied


def _shortened_copy(fields: Fields, at: Setting) -> Fields:
    """Renamed, and the last words of every field left out."""
    return {name: " ".join(text.split()[: -len(text.split()) // 6 or None]) for name, text in _near_copy(fields, at).items()}


ATTACKS: tuple[Attack, ...] = (
    Attack(FlagKind.COPIED_NEED, "whole need", _verbatim),
    Attack(FlagKind.COPIED_NEED, "appended", _appended),
    Attack(FlagKind.COPIED_NEED, "small edits", _small_edits),
    Attack(FlagKind.COPIED_NEED, "shuffled", _shuffled),
    Attack(FlagKind.COPIED_NEED, "title and problem", _problem_alone),
    Attack(FlagKind.COPIED_NEED, "synonyms", _copied_reworded),
    Attack(FlagKind.COPIED_NEED, "over fields", _spread_over_fields),
    Attack(FlagKind.COPIED_NEED, "nothing else", _alone),
    Attack(FlagKind.COPIED_NEED, "as one's own", _as_ones_own),
    Attack(FlagKind.COPIED_NEED, "between own", _between_ones_own),
    Attack(FlagKind.COPIED_NEED, "as questions", _questions, kept_out=True),
    Attack(FlagKind.MANY_TOPICS, "letter", _letter, targeted=False, kept_out=True),
    Attack(FlagKind.KEYWORD_STUFFING, "in brackets", _in_brackets, kept_out=True),
    Attack(FlagKind.MANY_TOPICS, "every need", _every_need, targeted=False),
    Attack(FlagKind.MANY_TOPICS, "every title", _every_title, targeted=False),
    Attack(FlagKind.MANY_TOPICS, "100,000 of needs", _catch_all_of_needs, targeted=False),
    Attack(FlagKind.MANY_TOPICS, "in prose", _every_title_in_prose, targeted=False),
    Attack(FlagKind.MANY_TOPICS, "half of them", _half_of_the_needs, targeted=False),
    Attack(FlagKind.MANY_TOPICS, "every innovation", _every_innovation, targeted=False),
    Attack(FlagKind.MANY_TOPICS, "100,000 of both", _catch_all_of_both, targeted=False),
    Attack(FlagKind.MANY_TOPICS, "numbered uses", _numbered_uses, targeted=False),
    Attack(FlagKind.KEYWORD_STUFFING, "alphabetical", _alphabetical),
    Attack(FlagKind.KEYWORD_STUFFING, "word list", _keyword_list),
    Attack(FlagKind.KEYWORD_STUFFING, "title 12 times", _title_again_and_again),
    Attack(FlagKind.KEYWORD_STUFFING, "hashtags", _hashtags),
    Attack(FlagKind.KEYWORD_STUFFING, "between sentences", _keywords_after_each_sentence),
    Attack(FlagKind.KEYWORD_STUFFING, "tied by and", _keywords_tied_by_ands),
)

NEAR_COPIES = (
    Attack(FlagKind.NEAR_COPY, "shortened", _shortened_copy, targeted=False),
    Attack(FlagKind.NEAR_COPY, "renamed", _near_copy, targeted=False),
    Attack(FlagKind.NEAR_COPY, "in another order", _near_copy_in_another_order, targeted=False),
)
"""Several of these are put beside an innovation that answers a need, to take more than its one place."""
