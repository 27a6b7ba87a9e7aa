"""The roles in words."""

from collections.abc import Mapping
from typing import Final

from models.people import Role

# role -> (what it is called, what it may do)
ROLES: Final[Mapping[Role, tuple[str, str]]] = {
    Role.INNOVATOR: ("Innovator", "Their own organisation’s innovations, and the needs that these may answer"),
    Role.PLACE: ("Place team", "Their own place’s needs, and its answers to matches"),
    Role.HUB: ("Hub staff", "Everything operational: triage, matches, letters"),
    Role.LEAD: ("Hub lead", "All that Hub staff may, and people, keys, bodies and rankers"),
    Role.PIPELINE: ("Pipeline", "Confirmed matches and their stages"),
    Role.BOARD: ("Board", "Reports, and what partners may read"),
}
