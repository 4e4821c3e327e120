"""What the API says of itself, OpenAPI 3.1, read from the views as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import Direction, OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from typing_extensions import override

from accounts.api import replay
from accounts.api.body import Given
from accounts.api.problems import MEDIA_TYPE, PROBLEMS, ProblemShape
from accounts.api.views import Acting, ApiView, Asking, Changing, Listing, Removing, Showing, Whole
from accounts.models import MAX_KEY

#: What bodies look like, by the name of their shape.
EXAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_text())

#: What any request may be answered.
_ALWAYS = ("not_signed_in", "not_permitted", "scope_missing", "not_acceptable", "too_many_requests", "busy")
_OF_A_BODY = ("malformed", "invalid", "refused", "stale", "too_large", "unsupported_media_type")


def problems_of(view: ApiView, method: str, path: str) -> set[str]:
    """The codes that the method of this view may refuse with."""
    codes = {*_ALWAYS}
    if "{" in path:
        codes.add("not_found")
    if method == "GET" and isinstance(view, Asking):
        codes |= {"invalid", "refused"}
    if method == "POST":
        codes |= {*_OF_A_BODY, "idempotency_key_missing", "idempotency_key_reused", "in_progress"}
    if method == "PATCH":
        codes |= {*_OF_A_BODY, "precondition_required"}
    if method == "DELETE":
        codes |= {"stale", "precondition_required"}
    if method == "PUT":
        codes |= {"malformed", "refused", "too_large", "unsupported_media_type"}
        # A body that is no file has fields, which may be wrong.
        codes |= {"invalid"} if isinstance(getattr(view, "takes", None), type) else set()
    return codes


class GivenShape(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """What a caller sends has the fields declared and no others, and what may not be blank is not."""

    target_class = Given
    match_subclasses = True

    @override
    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Any:
        """As it is, closed."""
        build: Any = auto_schema._map_serializer  # noqa: SLF001 - as spectacular's documentation has it
        shape = build(self.target, direction, bypass_extensions=True)
        for name, said in shape.get("properties", {}).items():
            field = self.target.fields[name]
            # Spaces around a text do not count.
            if isinstance(field, serializers.CharField) and not field.allow_blank:
                said.setdefault("pattern", r"\S")
        return {**shape, "additionalProperties": False}


class Schema(AutoSchema):
    """One method of one view."""

    view: Any

    @override
    def get_tags(self) -> list[str]:
        """The object in the matrix."""
        return [self.view.thing.replace("_", " ")]

    @override
    def get_operation_id(self) -> str:
        """The method and the name of the address: `list_orders`, `post_receipt`."""
        name = type(self.view).__name__
        words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        return f"{self.method.lower()}{words}"

    @override
    def get_request_serializer(self) -> Any:
        """The body of an act."""
        if self.method == "PUT":
            return self.view.takes
        return self.view.body if self.method in ("POST", "PATCH") else None

    @override
    def get_override_parameters(self) -> list[Any]:
        """Headers and, for a list, what it can be asked."""
        view = self.view
        match self.method:
            case "GET" if isinstance(view, Asking):
                return [view.asks] if view.asks().fields else []
            case "GET" if isinstance(view, Showing):
                return [_header("If-None-Match", "The ETag of what you have: 304 while it stands.")]
            case "POST" if isinstance(view, Acting):
                key = _header(
                    replay.HEADER,
                    "New for each act; a repetition with the same key does nothing and is answered the same.",
                    pattern=rf"^[\x21-\x7e]{{1,{MAX_KEY}}}$",
                    required=True,
                )
                return [key, _if_match(required=False), *view.parameters]
            case "PATCH" if isinstance(view, Changing):
                return [_if_match(required=True), *view.parameters]
            case "DELETE" if isinstance(view, Removing):
                return [_if_match(required=True)]
        return []

    @override
    def get_examples(self) -> list[OpenApiExample]:
        """On invented data, from a file, by the name of the shape."""
        if self.method == "DELETE":
            return []
        view, examples = self.view, []
        if (given := EXAMPLES.get(_name_of(self.get_request_serializer()))) is not None:
            examples.append(OpenApiExample("Sent", value=given, request_only=True))
        shape = view.shows if self.method != "POST" else getattr(view, "makes", view.shows)
        if (shown := EXAMPLES.get(_name_of(shape))) is not None:
            is_page = self.method == "GET" and isinstance(view, Listing | Whole)
            value = {"results": [shown], "next": None} if is_page else shown
            examples.append(OpenApiExample("Answered", value=value, response_only=True))
        return examples

    @override
    def get_response_serializers(self) -> Any:
        """What succeeds, and every refusal."""
        answers: dict[Any, Any] = dict(self._successes())
        for code in sorted(problems_of(self.view, self.method, self.path)):
            status, title = PROBLEMS[code]
            known = answers.get((status.value, MEDIA_TYPE))
            said = f"{known.description} `{code}`: {title}" if known else f"`{code}`: {title}"
            answers[status.value, MEDIA_TYPE] = OpenApiResponse(ProblemShape, description=said)
        return answers

    def _successes(self) -> dict[Any, Any]:
        view = self.view
        match self.method:
            case "GET" if isinstance(view, Listing | Whole):
                return {200: _page_of(view.shows)}
            case "GET" if isinstance(view, Asking):
                return {200: view.shows}
            case "GET":
                return {200: view.shows, 304: OpenApiResponse(description="You have it already.")}
            case "PATCH" | "PUT":
                return {200: view.shows}
            case "DELETE":
                return {204: OpenApiResponse(description="It is gone.")}
        return {201: getattr(view, "makes", view.shows), **view.other_answers}


def _name_of(shape: Any) -> str:
    return str(getattr(shape, "__name__", ""))


def _if_match(*, required: bool) -> OpenApiParameter:
    said = "The ETag of what you mean to change: 412 when it has changed since."
    return _header("If-Match", said, required=required)


def _header(name: str, description: str, *, pattern: str = "", required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=description,
        required=required,
        pattern=pattern or None,
    )


def _page_of(shape: type[serializers.BaseSerializer[Any]]) -> Any:
    """A page of rows: `results`, and `next`, the address of the page after."""
    name = f"{shape.__name__.removesuffix('Out')}Page"
    fields = {
        "results": shape(many=True),
        "next": serializers.URLField(allow_null=True, help_text="The page after; null on the last."),
        "__doc__": f"A page of {shape.__name__}.",
    }
    if name not in _PAGES:
        _PAGES[name] = type(name, (serializers.Serializer,), fields)
    return _PAGES[name]


_PAGES: dict[str, Any] = {}
