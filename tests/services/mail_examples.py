"""An example of the values of every mail template: what whoever posts it gives, in invented words."""

from typing import Any

EXAMPLES: dict[str, dict[str, Any]] = {}
