"""The table of who may do what, as people read it."""

from typing import Final

from fastapi import FastAPI

from models import policies
from models.grants import Grant, Relation
from tests.authorisation import ASKERS, World, cases_of, expected, routes


def as_markdown(app: FastAPI, world: World) -> str:
    """The table route x role x own or other, and the policies behind it."""
    lines = [HEAD]
    for method, path, (policy, *_) in sorted(
        routes(app), key=lambda each: (each[1].startswith(("/api/", "/health/", "/metrics")), each[1], each[0])
    ):
        alike: dict[tuple[str, ...], list[str]] = {}
        for case in cases_of(world, method, path):
            alike.setdefault(tuple(expected(policy, asker.actor, case) for asker in world.askers.values()), []).append(case.words)
        lines += [_row(f"`{method} {path}`", policy.name, "; ".join(words), *told) for told, words in alike.items()]
    lines.append(POLICIES_HEAD)
    for policy in policies.POLICIES.values():
        grants = "; ".join(_grant(grant) for grant in policy.grants)
        lines.append(_row(f"`{policy.name}`", policy.scope, grants, policy.sees.name if policy.sees else ""))
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _grant(grant: Grant) -> str:
    said = [grant.to.value, "" if grant.on is Relation.ANY else grant.on.value.replace("_", " ")]
    said += [f"({', '.join(sorted(some))})" for some in (grant.states, grant.visibilities) if some]
    said += ["with consent"] * grant.consented + ["but not what their own organisation offers"] * (grant.but_not is Relation.OFFERER)
    return " ".join(each for each in said if each)


HEAD: Final = f"""# Who may do what

Made from the router and from `models/policies.py` by `python -m tests.api.test_policies`; never edited by hand.
A test asks every route for every line of it, as every role, and fails where the service does otherwise.

*yes* is let in (and may still be told that a form or a state does not fit), *no* is refused (403),
*hidden* is as if it were not there (404), *sign in* asks who it is (401; on a page that is read, the way to the sign-in page).
The place is Leeds, the innovator is of one organisation, and the pipeline is a key with every scope but to decide.
A key also needs the scope of the policy; a person has all. A page asks the same of its visitor as the API does.

## Routes

{_row("route", "policy", "about", *ASKERS)}
{_row(*["---"] * (3 + len(ASKERS)))}"""
POLICIES_HEAD: Final = f"""
## Policies

Who holds a grant may do it on the rows that the grant is about: *owner* is whose need or innovation it is,
*concerned* whose place it names, *author* who brought it in, *handed on* is a match that was confirmed and announced.
A row must be readable by the policy of the last column first.

{_row("policy", "scope of a key", "who, on which rows", "sees by")}
{_row(*["---"] * 4)}"""
