"""Attacks as somebody would write them who wants an innovation found for needs that it does not answer.

Each attack takes an innovation and changes its text; those with a target are written for one need. Variants that are *kept
out* were written after the last threshold was chosen, and run once: nothing was changed for what they showed.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from matcher.types import Document, FlagKind

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Setting:
    """What an attacker knows: the need that is aimed at, all needs, all innovations, some prose of others to fill pages with."""

    need: Document
    needs: Sequence[Document]
    innovations: Sequence[Document]
    filler: Sequence[str]
    random: random.Random


@dataclass(frozen=True, slots=True)
class Attack:
    """One way to write an attack; `targeted` ones are written anew for each need."""

    kind: FlagKind
    name: str
    write: Callable[[Fields, Setting], Fields]
    targeted: bool = True
    kept_out: bool = False

    def on(self, innovation: Document, setting: Setting, number: int) -> Document:
        """The innovation with the attack in its text, under an id of its own."""
        return replace(
            innovation, id=f"{innovation.id}+{self.kind}+{self.name}+{number}", fields=self.write(dict(innovation.fields), setting)
        )


def said(need: Document) -> str:
    """The whole text of a need, as an attacker copies it."""
    names = ("title", "problem", "population", "desired_outcome", "metric", "consequence_for_patients", "current_practice")
    return " ".join(need.fields[name].rstrip(".") + "." for name in names if need.fields.get(name))


def added(fields: Fields, name: str, text: str) -> Fields:
    """The fields with a text added to one of them."""
    return {**fields, name: f"{fields.get(name, '')} {text}".strip()}


def parted(text: str) -> list[str]:
    """The sentences of a text."""
    return re.split(r"(?<=[.!?])\s+", text)


def edited(text: str, chance: random.Random) -> str:
    """Every sixth word left out or replaced by an empty one."""
    words = text.split()
    return " ".join(chance.choice(["", "such", "certain"]) if place % 6 == 4 else word for place, word in enumerate(words))  # noqa: PLR2004
