"""The two modes: a test marked `both` runs embedded on SQLite, and again on PostgreSQL with Celery."""

from enum import StrEnum


class Mode(StrEnum):
    """How the service is run."""

    EMBEDDED = "sqlite-embedded"
    SERVICE = "postgresql-celery"
