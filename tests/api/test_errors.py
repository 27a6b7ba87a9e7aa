"""Domain errors become problems by one table."""

import importlib
import pkgutil

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount

import api
import models
from api import errors
from api.errors import problems
from api.security import Door, OpenDoor
from api.statuses import STATUS
from models.base import DomainError
from models.decisions import ReasonMissing
from models.proposals import ProposalClosed


def every_domain_error() -> list[type[DomainError]]:
    for package in (api, models):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found, following = [], [DomainError]
    while following:
        kinds = following.pop().__subclasses__()
        found += kinds
        following += kinds
    return sorted((kind for kind in found if kind.__module__.startswith(("api.", "models."))), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", every_domain_error(), ids=lambda kind: kind.__name__)
def test_every_domain_error_has_a_status_and_words(kind):
    assert 400 <= STATUS[kind] < 600
    assert kind.__doc__


def dependencies_of(dependant):
    for each in dependant.dependencies:
        yield each.call
        yield from dependencies_of(each)


def test_every_route_names_its_actor(app):
    checked = 0
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, Mount):
            continue
        assert isinstance(context.original_route, APIRoute), context.path
        calls = list(dependencies_of(context.dependant))
        actors = [call for call in calls if isinstance(call, Door | OpenDoor)]
        assert len(set(actors)) == 1, f"{context.path} names {len(set(actors))} actors"
        checked += 1
    assert checked > 25


def test_a_problem_says_what_it_is_where_it_stands_and_what_to_do(client):
    reply = client.get("/api/v1/needs/0b1f5b0e-6f0c-4f4c-8f63-3c1a5d0e9a11", headers={"X-Correlation-ID": "a-test-of-problems"})

    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["x-correlation-id"] == "a-test-of-problems"
    assert reply.json() == {
        "type": "urn:matching:problem:not-found",
        "title": "NotFound",
        "status": 404,
        "detail": "There is no need of that id that you may see. Check the id, or sign in as somebody who may.",
        "correlation_id": "a-test-of-problems",
    }


def test_an_address_that_there_is_not_is_a_problem_too(client):
    reply = client.get("/api/v1/nowhere")

    assert (reply.status_code, reply.json()["title"]) == (404, "NotFound")
    assert reply.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client):
    reply = client.delete("/api/v1/places")

    assert (reply.status_code, reply.json()["title"], reply.headers["allow"]) == (405, "MethodNotAllowed", "GET, HEAD")
    assert client.delete("/api/v1/needs").headers["allow"] == "GET, HEAD, POST"
    assert client.put("/api/v1/needs/1").headers["allow"] == "GET, HEAD, PATCH"


def test_what_routes_may_answer_is_told_status_by_status():
    told = problems(ProposalClosed, ReasonMissing)

    assert "**ProposalClosed**: Somebody decided the proposal before." in told[409]["description"]
    assert "**ReasonMissing**" in told[422]["description"]
    assert "**InvalidRequest**" in told[422]["description"]


def test_the_details_of_an_error_never_overwrite_the_problem():
    told = errors.tell(ProposalClosed("Somebody was faster.", status="confirmed", decided_by="Hub officer", nothing=None))

    assert errors.problem(told).status_code == 409
    assert told.members == {"decided_by": "Hub officer"}
