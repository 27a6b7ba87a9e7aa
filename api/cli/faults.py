"""Failures that somebody can mend, in one sentence that ends with what to do."""

from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, OperationalError

from api.services.faults import Fault
from api.settings import EncoderSwitch, Settings
from models.base import DomainError


def told(error: Exception) -> str | None:
    """The sentence; None for what nobody foresaw, which keeps its traceback."""
    if isinstance(error, DomainError):
        return error.message
    if isinstance(error, Fault):
        return str(error)
    if isinstance(error, ValidationError):
        return _unusable(error)
    if isinstance(error, (OperationalError, ArgumentError)):
        return "The database cannot be reached or is busy. Run `matching doctor` to see why."
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}. Check the path, and who may read and write there."
    return None


def _unusable(error: ValidationError) -> str | None:
    """The sentence for a setting, or for what a switch of encoders wrote down; any other has no reader but a traceback's."""
    if error.title == EncoderSwitch.__name__:
        return "What `matching encoder switch` wrote down is damaged. Delete encoder/switched.json in the home folder, and switch again."
    if error.title == Settings.__name__:
        wrong = ", ".join(f"MATCHING_{str(item['loc'][0]).upper()} ({item['msg']})" for item in error.errors())
        return f"A setting cannot be used: {wrong}. Mend it in the environment."
    return None
