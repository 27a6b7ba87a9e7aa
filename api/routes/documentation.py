"""The description of the API, for programs as OpenAPI 3.1 and for people as a page; every file comes from here."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter
from starlette.staticfiles import StaticFiles

from api.browsers import COOKIE, cookie_name
from api.errors import Problem
from api.requests import StrictRoute
from api.security import Door, Nobody

router = APIRouter(prefix="/api/v1", route_class=StrictRoute, include_in_schema=False)
ASSETS = "/api/v1/docs/assets"
_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>API documentation</title>
<link rel="icon" href="/assets/images/favicon.svg">
<link rel="stylesheet" href="{ASSETS}/swagger-ui.css">
<script nonce="NONCE" src="{ASSETS}/swagger-ui-bundle.js" defer></script>
<script nonce="NONCE" src="{ASSETS}/start.js" defer></script>
</head>
<body>
<main id="documentation"><p>The description of the API is at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p></main>
</body>
</html>
"""


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document, made once; `docs/openapi.json` is checked against it."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, tags=app.openapi_tags, routes=app.routes)
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        made["components"]["schemas"] |= problem.pop("$defs") | {"Problem": problem}
        for name, example in _examples(app):
            made["components"]["schemas"][name]["example"] = example
        made["components"]["securitySchemes"]["SignIn"]["name"] = cookie_name(COOKIE, app.state.settings)
        for header in _needed_headers(made):
            header |= {"required": True, "schema": {"type": "string", "title": "If-Match"}}
        for operation in _open_operations(app, made):
            operation["security"].append({})  # neither key nor sign-in is needed
        app.openapi_schema = made
    return app.openapi_schema


def _needed_headers(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The headers that are needed though the framework lets them be left out, so that we can say 428 in our own words."""
    for path in made["paths"].values():
        for operation in path.values():
            yield from (each for each in operation.get("parameters", ()) if each["name"] == "if-match")


def _examples(app: FastAPI) -> Iterator[tuple[str, Any]]:
    """The examples of answers as their models give them: FastAPI leaves null out of them, where it means something."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema and route.response_model is not None:
            schema = TypeAdapter(route.response_model).json_schema(mode="serialization")
            described = {**schema.get("$defs", {}), schema.get("title"): schema}
            yield from ((name, each["example"]) for name, each in described.items() if "example" in each)


def _open_operations(app: FastAPI, made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for context in iter_route_contexts(app.routes):
        calls = [each.call for each in context.dependant.dependencies] if isinstance(context.original_route, APIRoute) else []
        if any(isinstance(call, Door) and call.policy.is_open for call in calls):
            yield from (made["paths"][context.path][method.lower()] for method in context.methods or () if context.path in made["paths"])


def assets() -> StaticFiles:
    """The files that the page loads."""
    return StaticFiles(directory=str(files("api").joinpath("static/vendor/swagger-ui")))


@router.get("/openapi.json")
async def openapi(_: Nobody, request: Request) -> JSONResponse:
    """Give the description of the API to programs."""
    return JSONResponse(describe(request.app))


@router.get("/docs")
async def documentation(_: Nobody, request: Request) -> HTMLResponse:
    """Show the description of the API to people."""
    return HTMLResponse(_PAGE.replace("NONCE", request.state.nonce))
