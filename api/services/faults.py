"""What a person at the command line can mend, and what may be told of everything else."""

import traceback
from collections.abc import Iterator


class Fault(Exception):
    """Something is not as it must be; the message says what to do, and nobody needs a traceback."""


def trace_of(error: BaseException) -> str:
    """Kind and place of an error and of those that led to it, the first cause last; never a message, which may repeat what was sent."""
    return "; because of ".join(f"{_kind(each)} at {' > '.join(_places(each)) or 'no place'}" for each in _with_causes(error))


def _kind(error: BaseException) -> str:
    """The name of an error; of one of the operating system, which knows no texts of ours, its words too."""
    words = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.") + words


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _places(error: BaseException) -> list[str]:
    """From the outside in; no more of the file's path than tells it from others."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{'/'.join(frame.filename.rsplit('/', 3)[1:])}:{frame.lineno} {frame.name}" for frame in frames]
