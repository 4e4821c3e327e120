"""What every address of the API has in common."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.views import APIView
from typing_extensions import override

from accounts.access import MATRIX
from accounts.api import pages
from accounts.api.body import Given, Shown
from accounts.api.pages import Paged
from accounts.api.problems import Fault, Problem
from accounts.api.replay import once
from accounts.models import ApiToken, Scope, User
from accounts.services import audit, guessing

_SAFE = ("GET", "HEAD")


def scope_for(things: str, *, is_reading: bool) -> str:
    """The scope that a token needs. Where there is none for reading, the one for writing is needed."""
    reading = f"{things}:read"
    return reading if is_reading and reading in Scope.values else f"{things}:write"


class ApiView(APIView):
    """One address. `thing` is its object in the matrix, `acts` the act that each method is.

    Who has no role that may do the act is answered 403 before anything is looked up: the answer is the same
    whether or not there is such a row.
    """

    thing: ClassVar[str]
    acts: ClassVar[Mapping[str, str]] = {"GET": "view"}
    shows: ClassVar[type[Shown]]
    metadata_class = None

    @override
    def check_permissions(self, request: Request) -> None:
        """Raises for nobody, a token that is not for this, and a role that does not do this."""
        super().check_permissions(request)
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in self.acts:
            raise MethodNotAllowed(method)
        thing = MATRIX.things[self.thing]
        if isinstance(request.auth, ApiToken):
            needed = scope_for(thing.scope, is_reading=request.method in _SAFE)
            if needed not in request.auth.scopes:
                raise Problem("scope_missing", f"The token's scopes do not include {needed}.")
        if not MATRIX.may(self.user.roles, self.acts[method], self.thing):
            raise Problem("not_permitted")
        if self.kwargs or request.query_params:
            self._check_guesses()

    def _check_guesses(self) -> None:
        """Raises `Problem` for who guessed a short while ago: nothing is looked up, by its id or a filter."""
        if guessing.too_many_guesses(self.user):
            wait = guessing.WINDOW.total_seconds()
            raise Problem("too_many_requests", headers={"Retry-After": str(round(wait))})

    @property
    @override
    def allowed_methods(self) -> list[str]:
        """Those that are acts."""
        return [*self.acts]

    @property
    def user(self) -> User:
        """Who calls."""
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101 - narrows; who is nobody was refused before
        return user

    @property
    def now(self) -> datetime:
        """The instant of the request."""
        return timezone.now()

    def roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        """In which roles the caller sees each of these rows; without cases in play, in all the caller has."""
        roles = self.user.roles
        return lambda _row: roles

    def shown(self, rows: Sequence[Any], shape: type[Shown] | None = None) -> list[dict[str, Any]]:
        """The rows as the caller may see them, and on record as seen."""
        audit.seen(self.request, self.cases_of(rows))
        context = {"roles_of": self.roles_of(rows), "request": self.request, "now": self.now}
        return list((shape or self.shows)(rows, many=True, context=context).data)

    def cases_of(self, rows: Sequence[Any]) -> Iterable[Any]:
        """The public ids of the cases that these rows tell of."""
        return ()


class Asking(ApiView):
    """An address that can be asked for more than its path says."""

    asks: ClassVar[type[Given]] = Given
    #: What names one thing that the caller may not see: to find nothing by it is to be refused.
    guessable: ClassVar[Sequence[str]] = ()

    def asked(self) -> dict[str, Any]:
        """What the query asks for. Raises `Problem` and `ValidationError` for what is not known here."""
        query = self.request.query_params
        if twice := [name for name in query if len(query.getlist(name)) > 1]:
            raise Problem(
                "invalid", faults=[Fault(name, "twice", "Given twice. Give it once.") for name in twice]
            )
        if unkept := [name for name, value in query.dict().items() if "\0" in f"{name}{value}"]:
            raise Problem(
                "invalid",
                faults=[Fault(name.replace("\0", ""), "nul", "Holds a NUL character.") for name in unkept],
            )
        asks = self.asks(data=query.dict(), context={"request": self.request})
        asks.is_valid(raise_exception=True)
        return dict(asks.validated_data)

    def found(self, asked: Mapping[str, Any], rows: Sequence[Any]) -> None:
        """Puts on record that nothing was found by a name that might have been guessed."""
        guessed = [name for name in self.guessable if name in asked]
        if guessed and not rows:
            audit.asked_in_vain(self.request, asked[guessed[0]])


class Whole(Asking):
    """GET: the whole of what is bounded by its nature, in the form of a page that is the last."""

    def get(self, request: Request, **_ids: Any) -> HttpResponse:
        """All of it."""
        return Answer({"results": self.shown(self.whole(**self.asked())), "next": None})

    @abstractmethod
    def whole(self, **asked: Any) -> Sequence[Any]:
        """What was asked for."""


class Listing(Asking):
    """GET: rows, a page at a time."""

    asks: ClassVar[type[Paged]] = Paged
    #: Columns that are never null, the last of them unique; an index serves them.
    order_by: ClassVar[Sequence[str]] = ("-id",)

    def get(self, request: Request, **_ids: Any) -> HttpResponse:
        """One page."""
        asked = self.asked()
        cursor, limit = asked.pop("cursor", ""), asked.pop("limit")
        found, after = self.page(asked, cursor=cursor, limit=limit)
        if not cursor:
            self.found(asked, found)
        return Answer({"results": self.shown(found), "next": self._address(after)})

    def page(self, asked: Mapping[str, Any], *, cursor: str, limit: int) -> tuple[list[Any], str]:
        """One page of what was asked for, and the cursor of the page after."""
        return pages.page(self.rows(**asked), self.order_by, cursor=cursor, limit=limit)

    @abstractmethod
    def rows(self, **asked: Any) -> QuerySet[Any]:
        """The rows that the caller may see, of those asked for."""

    def _address(self, cursor: str) -> str | None:
        if not cursor:
            return None
        query = self.request.query_params.copy()
        query["cursor"] = cursor
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")


class Showing(ApiView):
    """GET: one row, with the version of it that the caller sees."""

    def get(self, request: Request, **ids: Any) -> HttpResponse:
        """The row; 304 when the caller has it already."""
        answer = Answer(self.shown([self.row(**ids)])[0], is_versioned=True)
        if answer.headers["ETag"] in _tags(request, "If-None-Match"):
            return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": answer.headers["ETag"]})
        return answer

    @abstractmethod
    def row(self, **ids: Any) -> Any:
        """The row. Raises `Http404` where the caller sees none."""


class Undone(Exception):  # noqa: N818 - nothing went wrong
    """An act was tried, and nothing of it stays but the answer."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__()
        self.answer = answer


class Acting(ApiView):
    """POST: an act upon `subject`, done once for each Idempotency-Key.

    With `If-Match` it is done only while `version_of` the subject is the one named.
    """

    body: ClassVar[type[Given]]
    acts = {"POST": "add"}
    #: What the schema says of it besides: parameters, and answers by status.
    parameters: ClassVar[Sequence[Any]] = ()
    other_answers: ClassVar[Mapping[int, Any]] = {}

    def post(self, request: Request, **ids: Any) -> HttpResponse:
        """What came of the act."""
        subject = self.subject(**ids)
        try:
            return once(request, self.user, lambda: self._perform(subject))
        except Undone as tried:
            return tried.answer

    def _perform(self, subject: Any) -> HttpResponse:
        with transaction.atomic():
            subject = self.locked(subject)
            self.check_version(subject)
            given = self.body(data=self.request.data, context=self.given_context(subject))
            given.is_valid(raise_exception=True)
            return self.perform(subject, dict(given.validated_data))

    def subject(self, **_ids: Any) -> Any:
        """What is acted upon. Raises `Http404` where the caller sees no such thing."""
        return None

    def locked(self, subject: Any) -> Any:
        """The subject as it is now and stays until the act is done."""
        return subject

    def given_context(self, subject: Any) -> dict[str, Any]:
        """What the fields of the body look into."""
        return {"request": self.request, "subject": subject}

    def version_of(self, subject: Any) -> str:
        """The entity tag of the subject as the caller sees it; empty where it has none."""
        return ""

    def check_version(self, subject: Any, *, is_required: bool = False) -> None:
        """Raises `Problem` when the caller means another version than stands."""
        tags = _tags(self.request, "If-Match")
        if not tags and is_required:
            raise Problem("precondition_required", "Send If-Match with the ETag of what you read.")
        if tags and tags != ["*"] and self.version_of(subject) not in tags:
            raise Problem("stale")

    @abstractmethod
    def perform(self, subject: Any, given: dict[str, Any]) -> HttpResponse:
        """The act, done."""


class Changing(Acting):
    """PATCH: a correction of one row, of the version that the caller read."""

    acts = {"PATCH": "change"}

    def patch(self, request: Request, **ids: Any) -> HttpResponse:
        """The row as it is now."""
        try:
            return self._perform(self.subject(**ids))
        except Undone as tried:
            return tried.answer

    @override
    def check_version(self, subject: Any, *, is_required: bool = True) -> None:
        """A correction always says of what."""
        super().check_version(subject, is_required=is_required)


class Removing(Acting):
    """DELETE: one row is taken away, of the version that the caller read."""

    acts = {"DELETE": "remove"}

    def delete(self, request: Request, **ids: Any) -> HttpResponse:
        """Nothing: it is gone."""
        with transaction.atomic():
            subject = self.locked(self.subject(**ids))
            self.check_version(subject, is_required=True)
            self.remove(subject)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)

    @abstractmethod
    def remove(self, subject: Any) -> None:
        """The row is taken away."""


class Answer(HttpResponse):
    """A JSON body, with its entity tag where it `is_versioned`: the digest of what the caller sees."""

    def __init__(
        self,
        body: Any,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        location: str = "",
        is_versioned: bool = False,
    ) -> None:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str).encode()
        super().__init__(content, status=status, content_type="application/json")
        if location:
            self.headers["Location"] = location
        if is_versioned:
            self.headers["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _tags(request: Request, header: str) -> list[str]:
    """The entity tags that a header names."""
    return [tag.strip() for tag in request.headers.get(header, "").split(",") if tag.strip()]
