"""The OpenAPI document: correct, stored, with examples, and behind sign-in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator, FormatChecker
from pytest_django import Settings

from accounts.api.schema import EXAMPLES
from accounts.models import AgencyKind, Role
from ctcompliance.middleware import CONTENT_SECURITY_POLICY
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.document import document

STORED = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return document()


def test_stored_schema_matches_the_code(schema: dict[str, Any]) -> None:
    said = OpenApiYamlRenderer().render(schema, renderer_context={})

    assert said.decode() == STORED.read_text(), (
        "run `make schema`, and describe the change in docs/api-changelog.md"
    )


def test_schema_is_valid_openapi(schema: dict[str, Any]) -> None:
    validate_schema(schema)
    assert schema["openapi"] == "3.1.0"


def test_every_example_fits_its_schema(schema: dict[str, Any]) -> None:
    checked = set()
    for place, media in media_types(schema):
        for example in media.get("examples", {}).values():
            problems = errors_of(example["value"], media["schema"], schema)
            assert not problems, f"{place}: {problems}"
            checked.add(str(example["value"]))

    pages = len({str(one) for one in EXAMPLES.values()})
    assert len(checked) >= pages


def media_types(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each body of each operation, with the place where it is."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for name, body in bodies.items():
                for media in body.get("content", {}).values():
                    yield f"{method} {path} {name}", media


def errors_of(value: Any, shape: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """The errors of a value under a schema of the document. Times need an offset."""
    formats = FormatChecker(["date", "uuid"])
    formats.checks("date-time", raises=ValueError)(
        lambda one: not isinstance(one, str) or datetime.fromisoformat(one).tzinfo is not None
    )
    validator = Draft202012Validator({**shape, "components": schema["components"]}, format_checker=formats)
    return [one.message for one in validator.iter_errors(value)]


def test_an_example_that_does_not_fit_is_found(schema: dict[str, Any]) -> None:
    shape = {"$ref": "#/components/schemas/OrderInput"}

    assert errors_of(EXAMPLES["OrderInput"], shape, schema) == []
    for change in ({"issued_at": "2026-11-20T15:10:00"}, {"hearing_on": "soon"}, {"docket": "1"}):
        assert errors_of(EXAMPLES["OrderInput"] | change, shape, schema)


def test_every_operation_has_a_summary_of_its_own_and_a_declared_tag(schema: dict[str, Any]) -> None:
    tags = {one["name"] for one in schema["tags"]}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert 5 < len(operation["summary"]) < 100, (method, path)
            assert set(operation["tags"]) <= tags
            assert "POST" not in operation["summary"], (method, path)


def test_limits_of_requests_are_declared(schema: dict[str, Any]) -> None:
    declared = schema["components"]["headers"].keys()
    for methods in schema["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                names = set(answer.get("headers", {}))
                assert names <= declared
                assert ("RateLimit" in names) == (status[0] == "2" or status == "429")
                assert ("Retry-After" in names) == (status in ("429", "503"))


def test_required_text_has_a_pattern(schema: dict[str, Any]) -> None:
    order = schema["components"]["schemas"]["OrderInput"]["properties"]

    assert re.search(order["docket_number"]["pattern"], " ") is None
    assert "pattern" not in order["por_number"]


def test_schema_contains_the_examples(schema: dict[str, Any]) -> None:
    order = schema["paths"]["/api/v1/orders"]
    sent = order["post"]["requestBody"]["content"]["application/json"]["examples"]
    page = order["get"]["responses"]["200"]["content"]["application/json"]["examples"]

    assert sent["Request"]["value"] == EXAMPLES["OrderInput"]
    assert page["Response"]["value"] == {"results": [EXAMPLES["OrderOutput"]], "next": None}


@pytest.mark.django_db
def test_schema_needs_sign_in() -> None:
    answer = Client().get("/api/v1/schema")

    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["code"] == "not_signed_in"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/docs?script="])
def test_docs_page_redirects_to_sign_in_and_back(path: str) -> None:
    answer = Client().get(path)

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in/?next={quote(path)}")


@pytest.mark.django_db
def test_docs_page_needs_the_second_factor(settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    client = Client()
    client.force_login(make.person(Role.AUDITOR))

    page, schema = client.get("/api/v1/docs"), client.get("/api/v1/schema")

    assert (page.status_code, page.headers["Location"]) == (302, reverse("set-up-second-factor"))
    assert schema.status_code == 401


@pytest.mark.django_db
def test_schema_by_token_and_docs_page_in_a_browser(caller: MakeCaller) -> None:
    person = make.person(Role.MARSHAL, make.agency(AgencyKind.MARSHAL))
    client = Client()
    client.force_login(person)

    by_token = caller(person).get("/schema")
    page = client.get("/api/v1/docs")

    assert by_token.status_code == 200
    assert yaml.load(by_token.content, Loader=yaml.CSafeLoader)["info"]["title"] == "ctcompliance"
    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.django_db
def test_docs_page_has_no_inline_script_or_style(caller: MakeCaller) -> None:
    client = Client()
    client.force_login(make.person(Role.AUDITOR))

    page = client.get("/api/v1/docs").content.decode()

    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    sources = re.findall(r"<script([^>]*)>\s*</script>", page)
    assert len(sources) == page.count("<script") == 3
    for source in sources:
        address = re.findall(r'src="([^"]+)"', source)[0].replace("&amp;", "&")
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
        else:
            assert "javascript" in client.get(address).headers["Content-Type"]
