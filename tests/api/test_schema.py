"""What the API says of itself: true, stored, exemplified, and to be read behind sign-in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema
from pytest_django import Settings

from accounts.api.schema import EXAMPLES
from accounts.models import AgencyKind, Role
from ctcompliance.middleware import CONTENT_SECURITY_POLICY
from tests import make
from tests.api.conftest import MakeCaller

STORED = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return dict(SchemaGenerator().get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


def test_the_stored_schema_is_what_the_code_says(schema: dict[str, Any]) -> None:
    said = OpenApiYamlRenderer().render(schema, renderer_context={})  # type: ignore[no-untyped-call]

    assert said.decode() == STORED.read_text(), (
        "run `make schema`, and say in docs/api-changelog.md what changed"
    )


def test_it_is_open_api(schema: dict[str, Any]) -> None:
    validate_schema(schema)  # type: ignore[no-untyped-call]
    assert schema["openapi"] == "3.1.0"


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_the_fields_of_its_shape(schema: dict[str, Any], name: str) -> None:
    shape = schema["components"]["schemas"][name]
    example = EXAMPLES[name]

    assert example.keys() <= shape["properties"].keys()
    assert set(shape.get("required", [])) <= example.keys() or not name.endswith("In")


def test_what_may_not_be_blank_is_not(schema: dict[str, Any]) -> None:
    order = schema["components"]["schemas"]["OrderIn"]["properties"]

    assert re.search(order["docket_number"]["pattern"], " ") is None
    assert "pattern" not in order["por_number"]


def test_examples_stand_in_the_schema(schema: dict[str, Any]) -> None:
    order = schema["paths"]["/api/v1/orders"]
    sent = order["post"]["requestBody"]["content"]["application/json"]["examples"]
    page = order["get"]["responses"]["200"]["content"]["application/json"]["examples"]

    assert sent["Sent"]["value"] == EXAMPLES["OrderIn"]
    assert page["Answered"]["value"] == {"results": [EXAMPLES["OrderOut"]], "next": None}


@pytest.mark.django_db
def test_nobody_reads_it_without_signing_in() -> None:
    answer = Client().get("/api/v1/schema")

    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["code"] == "not_signed_in"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/docs?script="])
def test_the_page_leads_to_sign_in_and_back(path: str) -> None:
    answer = Client().get(path)

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in/?next={quote(path)}")


@pytest.mark.django_db
def test_the_page_leads_half_a_sign_in_to_the_other_half(settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    client = Client()
    client.force_login(make.person(Role.AUDITOR))

    page, schema = client.get("/api/v1/docs"), client.get("/api/v1/schema")

    assert (page.status_code, page.headers["Location"]) == (302, reverse("set-up-second-factor"))
    assert schema.status_code == 401


@pytest.mark.django_db
def test_a_system_reads_it_by_token_and_a_person_in_a_browser(caller: MakeCaller) -> None:
    person = make.person(Role.MARSHAL, make.agency(AgencyKind.MARSHAL))
    client = Client()
    client.force_login(person)

    by_token = caller(person).get("/schema")
    page = client.get("/api/v1/docs")

    assert by_token.status_code == 200
    assert yaml.safe_load(by_token.content)["info"]["title"] == "ctcompliance"
    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.django_db
def test_the_page_holds_no_script_or_style_of_its_own(caller: MakeCaller) -> None:
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
