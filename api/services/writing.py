"""Mail as text: templates, one a mail, that end in who we are and how to reach us.

A template `api/templates/mail/<name>.txt` begins with `Subject: …`; a second line `Subscription: digest`
makes it mail that people may do without. After an empty line comes the text. The end, with name and address of the
service and the way out of a subscription, is not the template's: it is put below when the mail leaves.
A name that ends in `_link` is for mails that hold a secret link: their text is not kept once they have left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from api.services.content import shown_title
from models.mail import Subscription
from models.working_days import LONDON, time_of_day

SITE: Final = "https://site.invalid"
"""Stands for our own address in a text that is kept, since that may move before the mail leaves; RFC 2606 gives it to nobody."""
_LONGEST_SUBJECT: Final = 200


@dataclass(frozen=True, slots=True)
class Written:
    """A mail's own words; links to our site begin with SITE."""

    subject: str
    body: str
    subscription: Subscription | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a digest, with the path of the page or address of ours that tells more."""

    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What a digest holds of one kind, such as new needs of a place; `watching.digest_of` gives them, none for nothing new."""

    heading: str
    entries: Sequence[Entry]


class UnknownTemplate(Exception):
    """There is no template of that name: a fault of ours, not of anybody's words."""


def write(template: str, **values: object) -> Written:
    """Render a template; raises UnknownTemplate, and jinja2's UndefinedError for a value that it asks for and is not given."""
    parts = _parts(template)
    return Written(one_line(parts.subject.render(**values)), f"{parts.body.render(**values).strip()}\n", parts.subscription)


@cache
def names() -> frozenset[str]:
    """The file names of all templates."""
    return frozenset(each.name for each in files("api").joinpath("templates/mail").iterdir() if each.name.endswith(".txt"))


def link(path: str) -> str:
    """A link to a page of ours, as kept in a text."""
    return f"{SITE}{path}"


def day(moment: date | datetime) -> str:
    """A day in words, such as `Monday 2 November 2026`, as it is in London."""
    when = moment.astimezone(LONDON) if isinstance(moment, datetime) else moment
    return f"{when:%A} {when.day} {when:%B %Y}"


def clock(moment: datetime) -> str:
    """Day and time of day in London, such as `Monday 2 November 2026 at 2:05pm`."""
    return f"{day(moment)} at {time_of_day(moment)}"


def one_line(text: str) -> str:
    """Text without line breaks and unseen characters, of bounded length."""
    line = shown_title(text)
    return line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1].rstrip()}…"


@dataclass(frozen=True, slots=True)
class _Parts:
    """A template, parted before it is rendered, so that a line break in a value stays in its part."""

    subject: Template
    body: Template
    subscription: Subscription | None


@cache
def _parts(template: str) -> _Parts:
    name = f"{template}.txt"
    if name not in names():
        raise UnknownTemplate(f"There is no mail template {name}.")
    head, _, body = files("api").joinpath("templates/mail", name).read_text("utf-8").partition("\n\n")
    said = dict(line.partition(": ")[::2] for line in head.splitlines())
    kind = said.get("Subscription")
    made = _environment()
    return _Parts(made.from_string(said["Subject"]), made.from_string(body), Subscription(kind) if kind else None)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("api", "templates/mail"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        autoescape=select_autoescape(default_for_string=False),  # a mail is plain text, in which nothing is to be escaped
    )
    made.globals["link"] = link
    filters: dict[str, Any] = {"day": day, "clock": clock, "line": one_line}
    made.filters.update(filters)
    return made
