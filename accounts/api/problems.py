"""Errors of the API as problem details (RFC 9457), each with a code that does not change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.db import OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions, serializers

MEDIA_TYPE = "application/problem+json"

#: Code -> its status and a title that fits every request refused with it.
PROBLEMS: dict[str, tuple[HTTPStatus, str]] = {
    "malformed": (HTTPStatus.BAD_REQUEST, "The body is not JSON, or holds text that cannot be stored."),
    "invalid": (HTTPStatus.BAD_REQUEST, "Part of the request is missing, unknown or malformed."),
    "idempotency_key_missing": (HTTPStatus.BAD_REQUEST, "A POST needs a key, so that it is safe to repeat."),
    "not_signed_in": (HTTPStatus.UNAUTHORIZED, "Sign in, or send a valid token."),
    "not_permitted": (HTTPStatus.FORBIDDEN, "Your role does not allow this."),
    "scope_missing": (HTTPStatus.FORBIDDEN, "The token's scopes do not allow this."),
    "not_found": (HTTPStatus.NOT_FOUND, "Not found."),
    "method_not_allowed": (HTTPStatus.METHOD_NOT_ALLOWED, "This URL does not accept that method."),
    "not_acceptable": (HTTPStatus.NOT_ACCEPTABLE, "Responses are JSON only."),
    "refused": (HTTPStatus.CONFLICT, "The facts on record, or the law, do not allow this."),
    "in_progress": (HTTPStatus.CONFLICT, "The first request with this key is not finished yet."),
    "stale": (HTTPStatus.PRECONDITION_FAILED, "It has changed since you read it."),
    "too_large": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."),
    "unsupported_media_type": (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Request bodies are JSON only."),
    "idempotency_key_reused": (HTTPStatus.UNPROCESSABLE_ENTITY, "The key was used for another request."),
    "precondition_required": (HTTPStatus.PRECONDITION_REQUIRED, "Name the version that you want to change."),
    "too_many_requests": (HTTPStatus.TOO_MANY_REQUESTS, "Too many requests in too short a time."),
    "unexpected": (HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here. Nothing was changed."),
    "busy": (HTTPStatus.SERVICE_UNAVAILABLE, "The database is busy. Nothing was changed."),
}


@dataclass(frozen=True)
class FieldError:
    """One error of a request.

    `field` is a dotted path in the body, or the name of a parameter or header. `message` names the problem
    and the remedy. `confirmable`: the fact may be true, and is taken with its reason in `confirm`.
    """

    field: str
    code: str
    message: str
    confirmable: bool = False


class Problem(exceptions.APIException):
    """A refusal with one of the codes of `PROBLEMS`."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        status, self.title = PROBLEMS[code]
        self.status_code = status.value
        self.code = code
        self.errors = errors
        self.headers = headers or {}
        super().__init__(detail or self.title)

    def body(self) -> dict[str, Any]:
        """Return the response body."""
        body: dict[str, Any] = {
            "type": f"urn:ctcompliance:problem:{self.code}",
            "title": self.title,
            "status": self.status_code,
            "detail": str(self.detail),
            "code": self.code,
        }
        if self.errors:
            body["errors"] = [asdict(error) for error in self.errors]
        return body

    def response(self) -> JsonResponse:
        """Return the response.

        Not a DRF `Response`: the renderer of the view may be another (the schema is YAML), and Django's error
        handlers have no view.
        """
        return JsonResponse(
            self.body(), status=self.status_code, headers=self.headers, content_type=MEDIA_TYPE
        )


class FieldErrorSerializer(serializers.Serializer[Any]):
    """One error of a request, for the OpenAPI document."""

    field = serializers.CharField(
        help_text="A dotted path in the body, or the name of a parameter or header."
    )
    code = serializers.CharField()
    message = serializers.CharField(help_text="The problem and its remedy.")
    confirmable = serializers.BooleanField(
        help_text="True if the fact is taken all the same with the reason in `confirm`."
    )


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457), for the OpenAPI document."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.ChoiceField(choices=list(PROBLEMS))

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `errors`, which cannot be declared: a serializer has an attribute of that name."""
        return {**super().get_fields(), "errors": FieldErrorSerializer(many=True, required=False)}


def exception_handler(exception: Exception, _context: dict[str, Any]) -> JsonResponse | None:
    """Return the problem as a response; None for an unexpected exception, which Django logs and answers."""
    problem = _to_problem(exception)
    return problem.response() if problem else None


def _to_problem(exception: Exception) -> Problem | None:
    if isinstance(exception, Problem):
        return exception
    for kind, code in _CODES.items():
        if isinstance(exception, kind):
            errors = _errors_of(exception)
            is_well_formed = errors and all(error.code in _WELL_FORMED for error in errors)
            return Problem(
                "refused" if is_well_formed else code, errors=errors, headers=_headers_of(code, exception)
            )
    return None


@contextmanager
def invalid_rows_as_problems(fields: Collection[str]) -> Iterator[None]:
    """Turn the refusal of a row by its model or service into a `Problem`.

    `fields` are the names in the request body. A refusal of another field concerns the body as a whole.
    """
    try:
        yield
    except ValidationError as refusal:
        errors = [
            FieldError(name if name in fields else "body", one.code or "invalid", message)
            for name, found in refusal.error_dict.items()
            for one in found
            for message in one.messages
        ]
        raise Problem("refused", errors=errors) from refusal


#: Codes of values in the right form that fail only against the data: no such town, no such year.
_WELL_FORMED = frozenset({"does_not_exist", "range"})


def _errors_of(exception: Exception) -> list[FieldError]:
    if isinstance(exception, exceptions.ValidationError):
        return list(_flatten(exception.get_full_details()))
    return []


def _headers_of(code: str, exception: Exception) -> dict[str, str]:
    if code == "not_signed_in":
        return {"WWW-Authenticate": "Bearer"}
    if PROBLEMS[code][0] in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        wait = getattr(exception, "wait", None) or 1
        return {"Retry-After": str(max(1, round(wait)))}
    return {}


_CODES: dict[type[Exception], str] = {
    exceptions.ValidationError: "invalid",
    exceptions.ParseError: "malformed",
    exceptions.NotAuthenticated: "not_signed_in",
    exceptions.AuthenticationFailed: "not_signed_in",
    exceptions.PermissionDenied: "not_permitted",
    PermissionDenied: "not_permitted",
    exceptions.NotFound: "not_found",
    Http404: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    RequestDataTooBig: "too_large",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.Throttled: "too_many_requests",
    OperationalError: "busy",
}

#: The keys of an error in DRF's full details.
_LEAF = frozenset({"message", "code"})


def _flatten(details: Any, path: str = "") -> Iterator[FieldError]:
    """Yield every leaf of DRF's tree of errors."""
    if isinstance(details, dict) and not details.keys() <= _LEAF:
        branches: Iterable[tuple[Any, Any]] = details.items()
    elif isinstance(details, list):
        # A list holds either the errors of one value, or for each item its errors (empty if it has none).
        is_per_item = any(isinstance(one, dict) and not one.keys() <= _LEAF for one in details)
        branches = enumerate(details) if is_per_item else (("", one) for one in details)
    elif details:
        yield FieldError(path or "body", str(details["code"]), str(details["message"]))
        return
    else:
        return
    for name, branch in branches:
        step = "" if name in ("", "non_field_errors") else str(name)
        yield from _flatten(branch, ".".join(filter(None, [path, step])))
