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
# role -> what it lets its holder do, as they are told it
YOURS: Final[Mapping[Role, str]] = {
    Role.INNOVATOR: "You look after what your organisation offers, and see the needs that it may answer",
    Role.PLACE: "You write your place’s needs, and answer for it when a match is confirmed",
    Role.HUB: "You read what comes in, decide on matches and write to innovators",
    Role.LEAD: "You do all that Hub staff do, and look after people, keys, bodies that help and rankers",
    Role.PIPELINE: "You read confirmed matches and how far they come",
    Role.BOARD: "You read the reports, and what partners may read",
}
