"""The description of the API is checked in, so that every change of it is seen in review."""

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter

from api import schemas
from api.main import create_app
from api.routes.documentation import describe
from api.schemas.matches import MATCHES_IN_EXAMPLES, MatchesIn
from api.settings import Settings

CHECKED_IN = Path(__file__).parents[2] / "docs" / "openapi.json"
AGAIN = "The API changed. Look at the change, then write it down by: python -m tests.api.test_openapi"


def as_text(description: dict[str, Any]) -> str:
    return json.dumps(description, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def operations(app: FastAPI) -> list[tuple[str, dict[str, Any]]]:
    found = describe(app)["paths"]
    return [(f"{method.upper()} {path}", told) for path, methods in found.items() for method, told in methods.items()]


def with_examples() -> list[tuple[type[BaseModel], Any]]:
    modules = [importlib.import_module(f"api.schemas.{info.name}") for info in pkgutil.iter_modules(schemas.__path__)]
    found = {
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, BaseModel) and each.__module__.startswith(schemas.__name__)
    }
    told = [(each, each.model_json_schema()) for each in sorted(found, key=lambda each: each.__name__)]
    return [(each, example) for each, schema in told for example in [*schema.get("examples", []), *filter(None, [schema.get("example")])]]


def test_the_description_is_the_one_that_is_checked_in(app):
    assert as_text(describe(app)) == CHECKED_IN.read_text(encoding="utf-8"), AGAIN


def test_it_is_openapi_3_1_and_served(app, client):
    reply = client.get("/api/v1/openapi.json")

    assert reply.json() == describe(app)
    assert reply.json()["openapi"].startswith("3.1")


def test_every_operation_has_a_name_of_its_own_words_a_tag_and_its_problems(app):
    told = operations(app)

    assert len({operation["operationId"] for _, operation in told}) == len(told) > 20
    for name, operation in told:
        assert operation["summary"], name
        assert operation["description"].endswith("."), name
        assert len(operation["tags"]) == 1, name
        assert "application/problem+json" in operation["responses"]["422"]["content"], name
        assert "HTTPValidationError" not in json.dumps(operation), name


@pytest.mark.parametrize(("model", "example"), [pytest.param(m, e, id=f"{m.__name__}{i}") for i, (m, e) in enumerate(with_examples())])
def test_every_example_is_one_that_the_service_takes_or_gives(model, example):
    model.model_validate(example)


@pytest.mark.parametrize(("model", "example"), [pytest.param(m, e, id=f"{m.__name__}{i}") for i, (m, e) in enumerate(with_examples())])
def test_no_example_loses_its_nulls_on_the_way_into_the_description(app, model, example):
    told = describe(app)["components"]["schemas"][model.__name__]

    assert example in [told.get("example"), *told.get("examples", [])]


def test_the_examples_of_unstored_texts_are_taken():
    for example in MATCHES_IN_EXAMPLES:
        TypeAdapter(MatchesIn).validate_python(example)


def test_every_answer_is_described_by_a_model_with_an_example(app):
    made = describe(app)["components"]["schemas"]
    for name, operation in operations(app):
        content = next(told for status, told in operation["responses"].items() if status.startswith("2")).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        if "$ref" in schema:
            schema = made[schema["$ref"].rsplit("/", 1)[1]]
            assert {"example", "examples"} & schema.keys() or "PageOut" in schema["title"] or schema["title"] == "CodeLists", name


def test_only_what_anyone_may_read_needs_neither_key_nor_sign_in(app):
    opened = {name for name, operation in operations(app) if {} in operation.get("security", [{}])}

    assert opened == {
        "POST /api/v1/session",
        "GET /api/v1/places",
        "GET /api/v1/organisations",
        "GET /api/v1/codes",
        "GET /api/v1/needs",
        "GET /api/v1/needs/{need_id}",
        "GET /api/v1/needs/{need_id}/result",
        "GET /api/v1/calls",
        "GET /api/v1/calls/{reference}",
        "POST /api/v1/front-door/matches",
        "POST /api/v1/front-door/submissions",
        "POST /api/v1/session/link",
        "GET /api/v1/links/{token}",
        "POST /api/v1/links/{token}",
        "GET /api/v1/asks/{token}",
        "POST /api/v1/asks/{token}/answer",
        "POST /api/v1/feedback/{token}",
        "GET /health/live",
        "GET /health/ready",
    }


def test_the_page_loads_nothing_from_elsewhere(client):
    page = client.get("/api/v1/docs")

    assert page.status_code == 200
    assert "//" not in page.text.replace("<!doctype html>", "")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js", "LICENSE"):
        assert client.get(f"/api/v1/docs/assets/{name}").status_code == 200


if __name__ == "__main__":
    CHECKED_IN.write_text(as_text(describe(create_app(Settings()))), encoding="utf-8")
