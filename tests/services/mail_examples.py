"""An example of the values of every mail template: what whoever posts it gives, in invented words."""

from datetime import UTC, datetime
from typing import Any

from api.services.writing import Entry, Section

EXAMPLES: dict[str, dict[str, Any]] = {
    "digest": {
        "name": "Managing director",
        "since": datetime(2026, 10, 26, 7, tzinfo=UTC),
        "sections": [Section("New needs in Leeds", [Entry("People wait too long for an ADHD assessment", "/needs/1"), Entry("A call")])],
    },
}
