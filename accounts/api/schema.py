"""The OpenAPI 3.1 document, read from the views by drf-spectacular."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import Direction, OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from typing_extensions import override

from accounts.api import idempotency
from accounts.api.problems import MEDIA_TYPE, PROBLEMS, ProblemSerializer
from accounts.api.serializers import InputSerializer
from accounts.api.views import ResourceAction, ResourceDelete, ResourceDetail, ResourceSearch, ResourceView
from accounts.models import MAX_KEY

#: Example bodies, by the name of their serializer.
EXAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_text())

#: A clock time as DRF reads and writes it. The format "time" of JSON Schema has an offset.
_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"

#: Codes with which any request may be refused, and those of a request with a body.
_ALWAYS = ("not_signed_in", "not_permitted", "scope_missing", "not_acceptable", "too_many_requests", "busy")
_OF_A_BODY = ("malformed", "invalid", "refused", "stale", "too_large", "unsupported_media_type")


def problems_of(view: ResourceView, method: str, path: str) -> set[str]:
    """Return the codes with which this method of the view may be refused."""
    codes = {*_ALWAYS}
    if "{" in path:
        codes.add("not_found")
    if method == "GET" and view.query is not None:
        codes |= {"invalid", "refused"}
    if method == "POST" and isinstance(view, ResourceSearch):
        codes |= {*_OF_A_BODY} - {"stale"}
    elif method == "POST":
        codes |= {*_OF_A_BODY, "idempotency_key_missing", "idempotency_key_reused", "in_progress"}
    if method == "PATCH":
        codes |= {*_OF_A_BODY, "precondition_required"}
    if method == "DELETE":
        codes |= {"invalid", "stale", "precondition_required"}
    if method == "PUT":
        codes |= {"malformed", "invalid", "refused", "too_large", "unsupported_media_type"}
    return codes


class ClosedInput(OpenApiSerializerExtension):
    """Input has the declared fields and no others, and text that may not be blank has a pattern."""

    target_class = InputSerializer
    match_subclasses = True

    @override
    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Any:
        """Return the schema of the serializer, closed."""
        build: Any = auto_schema._map_serializer  # noqa: SLF001 - as drf-spectacular's documentation shows
        schema = build(self.target, direction, bypass_extensions=True)
        for name, field_schema in schema.get("properties", {}).items():
            field = self.target.fields[name]
            # DRF strips surrounding spaces before it tests for blank.
            if isinstance(field, serializers.CharField) and not field.allow_blank:
                field_schema.setdefault("pattern", r"\S")
        return {**schema, "additionalProperties": False}


class ClockTime(OpenApiSerializerFieldExtension):
    """A time of day has a pattern and no offset."""

    target_class = serializers.TimeField

    @override
    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> Any:
        """Return the schema of the field."""
        return {"type": "string", "pattern": _CLOCK}


class Schema(AutoSchema):
    """One method of one view."""

    view: Any

    @override
    def get_description(self) -> str:  # type: ignore[override] # drf-spectacular takes no arguments
        """Return the docstring: of a search that of its class, because all share one method."""
        if isinstance(self.view, ResourceSearch):
            return inspect.getdoc(type(self.view)) or ""
        return str(super().get_description())

    @override
    def get_summary(self) -> str:
        """Return what the operation does, in one line.

        A docstring that describes several methods speaks of reading first. The others are named by their
        action in the matrix.
        """
        text = " ".join(self.get_description().split())
        first = re.split(r"(?<=[.:]) |; ", text.removeprefix("POST: "))[0].rstrip(".:")
        is_shared = re.search(r"(?<!^)\b(POST|PATCH|PUT|DELETE)\b(?!:)", text) is not None
        if self.method != "GET" and is_shared:
            name = self.view.resource.replace("_", " ")
            article = "an" if name[0] in "aeiou" else "a"
            return f"{self.view.actions[self.method].replace('_', ' ').capitalize()} {article} {name}"
        return first[0].upper() + first[1:]

    @override
    def get_tags(self) -> list[str]:
        """Return the resource in the matrix."""
        return [self.view.resource.replace("_", " ")]

    @override
    def get_request_serializer(self) -> Any:
        """Return the input of the view, or the media types of a file upload."""
        if self.method not in ("POST", "PATCH", "PUT"):
            return None
        return getattr(self.view, "uploads", None) or self.view.input

    @override
    def get_override_parameters(self) -> list[Any]:
        """Return the headers and the query parameters."""
        view = self.view
        match self.method:
            case "GET" if view.query is not None:
                return [view.query] if view.query().fields else []
            case "GET" if isinstance(view, ResourceDetail):
                return [_header("If-None-Match", "The ETag of what you have: 304 if it has not changed.")]
            case "POST" if isinstance(view, ResourceSearch):
                return []
            case "POST":
                key = _header(
                    idempotency.HEADER,
                    "New for each act. A repeated request with the same key changes nothing and gets the "
                    "first response.",
                    pattern=rf"^[\x21-\x7e]{{1,{MAX_KEY}}}$",
                    required=True,
                )
                return [key, _if_match(required=False), *view.extra_parameters]
            case "PATCH" | "DELETE":
                return [_if_match(required=True), *view.extra_parameters]
        return [*view.extra_parameters] if self.method == "PUT" else []

    @override
    def get_examples(self) -> list[OpenApiExample]:
        """Return examples on invented data. drf-spectacular puts those of a list into a page."""
        examples = []
        request = EXAMPLES.get(_name_of(self.get_request_serializer()))
        response = EXAMPLES.get(_name_of(self._output()))
        if request is not None:
            examples.append(OpenApiExample("Request", value=request, request_only=True))
        if response is not None:
            status = "201" if self.method == "POST" else "200"
            examples.append(
                OpenApiExample("Response", value=response, response_only=True, status_codes=[status])
            )
        return examples

    @override
    def get_paginated_name(self, serializer_name: str) -> str:
        """Return the name of a page: `ReceiptPage`."""
        return f"{serializer_name.removesuffix('Output')}Page"

    @override
    def get_response_serializers(self) -> Any:
        """Return the responses by status: success, and every problem."""
        responses: dict[Any, Any] = dict(self._successes())
        for code in sorted(problems_of(self.view, self.method, self.path)):
            status, title = PROBLEMS[code]
            known = responses.get((status.value, MEDIA_TYPE))
            description = f"{known.description} `{code}`: {title}" if known else f"`{code}`: {title}"
            responses[status.value, MEDIA_TYPE] = OpenApiResponse(ProblemSerializer, description=description)
        return responses

    def _output(self) -> Any:
        view = self.view
        if hasattr(view, "successes"):
            return None
        name = {"POST": "created_output", "PUT": "replaced_output"}.get(self.method, "")
        return getattr(view, name, view.output)

    def _successes(self) -> dict[Any, Any]:
        if successes := getattr(self.view, "successes", None):
            return dict(successes())
        match self.method:
            case "GET" if isinstance(self.view, ResourceDetail):
                unchanged = OpenApiResponse(description="You already have this version.")
                return {200: self._output(), 304: unchanged}
            case "POST" if isinstance(self.view, ResourceAction):
                return {201: self._output(), **self.view.extra_responses}
            case "DELETE" if isinstance(self.view, ResourceDelete):
                return {204: OpenApiResponse(description="It has been removed.")}
        return {200: self._output()}


def _name_of(serializer_class: Any) -> str:
    return str(getattr(serializer_class, "__name__", ""))


def _if_match(*, required: bool) -> OpenApiParameter:
    description = "The ETag of what you want to change: 412 if it has changed since."
    return _header("If-Match", description, required=required)


def _header(name: str, description: str, *, pattern: str = "", required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=description,
        required=required,
        pattern=pattern or None,
    )


#: The headers of responses, by their name among the components.
HEADERS = {
    "RateLimit": "How many requests are left (`r`), and the seconds until one more is allowed (`t`).",
    "RateLimit-Policy": "How many requests (`q`) an account may send within how many seconds (`w`).",
    "Retry-After": "Seconds after which to send the request again.",
}


def announce(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Declare the tags, and the headers about the limit of requests (a hook of drf-spectacular)."""
    operations = [one for methods in result["paths"].values() for one in methods.values()]
    result["tags"] = [{"name": one} for one in sorted({tag for one in operations for tag in one["tags"]})]
    kinds = {"Retry-After": {"type": "integer", "minimum": 1}}
    result["components"]["headers"] = {
        name: {"description": about, "schema": kinds.get(name, {"type": "string"})}
        for name, about in HEADERS.items()
    }
    for operation in operations:
        for status, response in operation["responses"].items():
            names = ["Retry-After"] if status in ("429", "503") else []
            if status[0] == "2" or status == "429":
                names += ["RateLimit", "RateLimit-Policy"]
            if names:
                response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return result
