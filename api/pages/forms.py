"""What forms send: read without trust, kept as typed, and told back with errors that name their field."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, BinaryIO, Final
from uuid import UUID

from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from api.pages.wording import LOCAL
from api.requests import CheckedRequest, Now, once_only
from api.security import CurrentVisit
from models.working_days import day_of


async def _form(request: Request) -> FormData:
    return await request.form()


def _sent(request: CheckedRequest, visit: CurrentVisit, now: Now, sent: Annotated[FormData, Depends(_form)]) -> FormData:
    once_only(request, visit, sent, now)
    return sent


# Named after the actor by every route, so that who may not come in takes no key.
Sent = Annotated[FormData, Depends(_sent)]


@dataclass(frozen=True, slots=True)
class FormError:
    """What is wrong, and where the summary leads: to the field of that id, or to another page."""

    field: str
    message: str
    href: str = ""


_TOO_LONG: Final = "Make this shorter: it has more than {limit} characters."


def text(sent: FormData, name: str) -> str:
    """One field as it was typed; a file in its place counts as nothing."""
    value = sent.get(name)
    return value if isinstance(value, str) else ""


def texts(sent: FormData, name: str) -> list[str]:
    """All values of a field that may come several times, as checkboxes do."""
    return [value for value in sent.getlist(name) if isinstance(value, str)]


def file(sent: FormData, name: str) -> BinaryIO:
    """A file that was chosen; an empty one where none was."""
    value = sent.get(name)
    return value.file if isinstance(value, UploadFile) else io.BytesIO()


def uuid(value: str) -> UUID | None:
    """An id as our pages write it; None for anything else."""
    try:
        found = UUID(value)
    except ValueError:
        return None
    return found if str(found) == value else None


def version(sent: FormData, name: str = "version") -> int:
    """The version of what the page showed, which the page put into its form; 0, which nothing has, for none."""
    return _version(text(sent, name))


def versions(ticked: Sequence[str]) -> dict[UUID, int]:
    """The ids of ticked lines and the versions that were looked at, from values `id.version`; what is none is left out."""
    split = [each.rpartition(".") for each in ticked]
    found = {uuid(one): _version(number) for one, _, number in split}
    return {one: number for one, number in found.items() if one is not None and number}


def _version(value: str) -> int:
    return int(value) if re.fullmatch("[0-9]{1,9}", value) else 0


def meanwhile(what: str) -> FormError:
    """What is told when somebody else changed something while the page stood open."""
    return FormError("", f"Somebody changed this {what} after you opened the page. This is how it stands now: look at it and try again.")


def meanwhile_typed(what: str, href: str) -> FormError:
    """Likewise, when something was typed: it is kept, and who sends it again knows what it replaces."""
    told = f"Somebody changed this {what} after you opened the form. Look at what it says now, or save again to replace it."
    return FormError("", told, href)


def errors_of(error: ValidationError, *, missing: Mapping[str, str], labels: Mapping[str, str]) -> list[FormError]:
    """The content rules' complaints in words for the field, one a field; `missing` says what to enter where nothing was."""
    found: dict[str, FormError] = {}
    for item in error.errors(include_input=False, include_url=False):
        field = str(item["loc"][0]) if item["loc"] else ""
        found.setdefault(field, FormError(field, _message(item, field, missing, labels)))
    return list(found.values())


def _message(item: Mapping[str, Any], field: str, missing: Mapping[str, str], labels: Mapping[str, str]) -> str:
    kind = item["type"]
    if kind in {"missing", "string_too_short", "too_short", "empty_title"} and field in missing:
        return missing[field]
    label = labels.get(field, field)
    if kind == "string_too_long" or (kind == "too_long" and item["ctx"]["field_type"] == "Value"):  # a text that null may stand for
        return f"{label}: {_TOO_LONG.format(limit=item['ctx']['max_length'])}"
    if kind in {"unknown_code", "enum", "too_long"}:
        return f"{label}: choose from the list on this page."
    return f"{label}: {item['msg']}"


def missing_answers(values: Mapping[str, str], missing: Mapping[str, str]) -> list[FormError]:
    """An error for each field that must be filled in and is empty."""
    return [FormError(name, message) for name, message in missing.items() if name in values and not values[name].strip()]


def day_typed(sent: FormData, prefix: str) -> datetime | None:
    """The day typed as three numbers, at its beginning in England; None when they are no day."""
    parts = [text(sent, f"{prefix}-{part}").strip() for part in ("year", "month", "day")]
    if not all(part.isascii() and part.isdecimal() and len(part) <= len("2027") for part in parts):
        return None
    try:
        return datetime.combine(date(*(int(part) for part in parts)), time(), LOCAL)
    except ValueError:
        return None


def like_day(at: datetime, *, days: int) -> str:
    """An example of a day as it is typed, so many days from now, so that what is shown would be taken."""
    day = day_of(at) + timedelta(days=days)
    return f"{day.day} {day.month} {day.year}"


def in_order(errors: Sequence[FormError], fields: Sequence[str]) -> list[FormError]:
    """The errors as their fields stand on the page, so that the summary reads from top to bottom."""
    place = {name: number for number, name in enumerate(fields)}
    return sorted(errors, key=lambda error: place.get(error.field, len(place)))


def by_field(errors: Sequence[FormError]) -> dict[str, str]:
    """The message of each field, for the place beside it."""
    return {error.field: error.message for error in errors}
