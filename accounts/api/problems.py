"""Every refusal of the API, as RFC 9457 has it, with a code that does not change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions, serializers

MEDIA_TYPE = "application/problem+json"

#: Every code, its status, and what it says of any request that gets it.
PROBLEMS: dict[str, tuple[HTTPStatus, str]] = {
    "malformed": (HTTPStatus.BAD_REQUEST, "The body is not JSON, or not JSON that can be kept."),
    "invalid": (HTTPStatus.BAD_REQUEST, "Something in the request is missing, unknown or of the wrong form."),
    "idempotency_key_missing": (HTTPStatus.BAD_REQUEST, "A POST needs a key that makes its repetition safe."),
    "not_signed_in": (HTTPStatus.UNAUTHORIZED, "The request names nobody who may call."),
    "not_permitted": (HTTPStatus.FORBIDDEN, "Your role does not do this."),
    "scope_missing": (HTTPStatus.FORBIDDEN, "The token is not for this."),
    "not_found": (HTTPStatus.NOT_FOUND, "There is no such thing."),
    "method_not_allowed": (HTTPStatus.METHOD_NOT_ALLOWED, "This address does not take that method."),
    "not_acceptable": (HTTPStatus.NOT_ACCEPTABLE, "Answers are JSON."),
    "refused": (HTTPStatus.CONFLICT, "The facts as they stand, or the law, do not allow this."),
    "in_progress": (HTTPStatus.CONFLICT, "The first request with this key is not finished yet."),
    "stale": (HTTPStatus.PRECONDITION_FAILED, "It has changed since you read it."),
    "too_large": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."),
    "unsupported_media_type": (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Bodies are JSON."),
    "idempotency_key_reused": (HTTPStatus.UNPROCESSABLE_ENTITY, "The key was used for another request."),
    "precondition_required": (HTTPStatus.PRECONDITION_REQUIRED, "Say which version you mean to change."),
    "too_many_requests": (HTTPStatus.TOO_MANY_REQUESTS, "Too many requests in too short a time."),
    "unexpected": (HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here. Nothing was changed."),
    "busy": (HTTPStatus.SERVICE_UNAVAILABLE, "The database is busy. Nothing was changed."),
}


@dataclass(frozen=True)
class Fault:
    """One thing wrong: where (a dotted path in the body, or a parameter's or header's name), the code of it,
    and a sentence that says what would be right."""

    field: str
    code: str
    message: str


class Problem(exceptions.APIException):
    """A refusal with one of the codes of `PROBLEMS`."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        faults: Sequence[Fault] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        status, self.title = PROBLEMS[code]
        self.status_code = status.value
        self.code = code
        self.faults = faults
        self.headers = headers or {}
        super().__init__(detail or self.title)

    def body(self) -> dict[str, Any]:
        """What the caller reads."""
        body: dict[str, Any] = {
            "type": f"urn:ctcompliance:problem:{self.code}",
            "title": self.title,
            "status": self.status_code,
            "detail": str(self.detail),
            "code": self.code,
        }
        if self.faults:
            body["errors"] = [asdict(fault) for fault in self.faults]
        return body

    def response(self) -> JsonResponse:
        """The refusal as an answer, whatever form the view's own answers have."""
        return JsonResponse(
            self.body(), status=self.status_code, headers=self.headers, content_type=MEDIA_TYPE
        )


class FaultShape(serializers.Serializer[Any]):
    """One thing wrong."""

    field = serializers.CharField(help_text="A dotted path in the body, or a parameter's or header's name.")
    code = serializers.CharField()
    message = serializers.CharField(help_text="What is wrong with the value, and what would be right.")


class ProblemShape(serializers.Serializer[Any]):
    """A refusal, RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.ChoiceField(choices=list(PROBLEMS))

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """With `errors`, a name that a serializer keeps for itself."""
        return {**super().get_fields(), "errors": FaultShape(many=True, required=False)}


def answer(exception: Exception, _context: dict[str, Any]) -> JsonResponse | None:
    """The refusal as an answer; None for what nobody foresaw, which Django logs and answers."""
    problem = _problem(exception)
    return problem.response() if problem else None


def _problem(exception: Exception) -> Problem | None:
    if isinstance(exception, Problem):
        return exception
    for kind, code in _CODES.items():
        if isinstance(exception, kind):
            faults = _faults_of(exception)
            is_well_formed = faults and all(fault.code in _WELL_FORMED for fault in faults)
            return Problem(
                "refused" if is_well_formed else code, faults=faults, headers=_headers_of(code, exception)
            )
    return None


#: Codes of values that are of the right form, and wrong only as the world is: no such town, no such century.
_WELL_FORMED = frozenset({"does_not_exist", "range"})


def _faults_of(exception: Exception) -> list[Fault]:
    if isinstance(exception, exceptions.ValidationError):
        return list(_faults(exception.get_full_details()))
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


def _faults(details: Any, path: str = "") -> Iterator[Fault]:
    """Every leaf of DRF's tree of errors."""
    if isinstance(details, dict) and not details.keys() <= {"message", "code"}:
        branches: Iterable[tuple[Any, Any]] = details.items()
    elif isinstance(details, list):
        # Errors of one value stand in a list; errors of the items of a list too, empty where an item is well.
        is_items = any(isinstance(one, dict) and not one.keys() <= {"message", "code"} for one in details)
        branches = enumerate(details) if is_items else (("", one) for one in details)
    elif details:
        yield Fault(path or "body", str(details["code"]), str(details["message"]))
        return
    else:
        return
    for name, branch in branches:
        step = "" if name in ("", "non_field_errors") else str(name)
        yield from _faults(branch, ".".join(filter(None, [path, step])))
