"""Base views of the API: DRF's generic views, with the matrix, entity tags and idempotency keys.

A view declares its `resource` (the object in the matrix) and its `actions` (method -> action in the matrix),
and beside DRF's `queryset` its serializers: `output`, and where it takes them `input` and `query`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, cast

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.generics import (
    CreateAPIView,
    DestroyAPIView,
    GenericAPIView,
    ListAPIView,
    RetrieveAPIView,
    UpdateAPIView,
)
from rest_framework.pagination import BasePagination
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from typing_extensions import override

from accounts.api.idempotency import idempotent
from accounts.api.pagination import EncryptedCursorPagination, PageQuery, SinglePagePagination
from accounts.api.permissions import EnumerationGuard, MatrixPermission
from accounts.api.problems import FieldError, Problem
from accounts.api.serializers import EmptyInput, InputSerializer, OutputSerializer
from accounts.api.throttles import HEADERS_OF_LIMITS, AccountThrottle
from accounts.crypto import digests
from accounts.models import User
from accounts.services.access import access_log

_NO_PARAMETERS = "Unknown parameter. Send no query parameters here."


def etag(data: Any) -> str:
    """Return the entity tag of what the caller sees: a digest of the JSON.

    It is keyed, because it is stored with a response to a POST: names could be found by trying them.
    """
    return f'"{digests("entity tag", JSONRenderer().render(data).decode())[0][:32]}"'


class ResourceView(GenericAPIView[Any]):
    """Base of every view."""

    #: The resource in the matrix.
    resource: ClassVar[str]
    #: Method -> action in the matrix. Other methods get 405.
    actions: ClassVar[Mapping[str, str]] = {"GET": "view"}
    output: ClassVar[type[OutputSerializer]]
    #: The query parameters of GET; None leaves them unchecked.
    query: ClassVar[type[InputSerializer] | None] = None
    #: OpenAPI parameters of the other methods besides the usual ones. Unknown query parameters are refused.
    extra_parameters: ClassVar[Sequence[OpenApiParameter]] = ()
    #: The validated query parameters of a GET.
    query_data: Mapping[str, Any]
    #: The throttles that counted this request; empty before it was allowed.
    throttles: Sequence[BaseThrottle] = ()

    permission_classes = (IsAuthenticated, MatrixPermission, EnumerationGuard)
    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    metadata_class = None

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the query after permissions and throttles, before any row is looked up."""
        super().initial(request, *args, **kwargs)
        self.query_data = {}
        if request.method not in SAFE_METHODS:
            self.check_action_parameters()
        elif self.query is not None:
            self.query_data = self.get_query_data(self.query)

    @override
    def get_throttles(self) -> list[BaseThrottle]:
        """Return the throttles of this request, which `finalize_response` asks what is left."""
        self.throttles = super().get_throttles()
        return self.throttles

    @override
    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Announce the limit of requests, also in a refusal that came after it was counted."""
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        counted = [one.headers() for one in self.throttles if isinstance(one, AccountThrottle)]
        for name in HEADERS_OF_LIMITS:
            if found := [one[name] for one in counted if name in one]:
                final.headers[name] = ", ".join(found)
        return final

    def check_action_parameters(self) -> None:
        """Raise `Problem` for query parameters that a method with an effect does not know.

        Passed over in silence, a `dry_run` that the view does not know would have acted.
        """
        known = {one.name for one in self.extra_parameters if one.location == OpenApiParameter.QUERY}
        unknown = sorted(self.request.query_params.keys() - known)
        if unknown:
            message = f"Unknown parameter. Use: {', '.join(sorted(known))}." if known else _NO_PARAMETERS
            errors = [FieldError(one.replace("\0", ""), "unknown_field", message) for one in unknown]
            raise Problem("invalid", errors=errors)
        self._check_sent_once()

    def _check_sent_once(self) -> None:
        params = self.request.query_params
        if repeated := [name for name in params if len(params.getlist(name)) > 1]:
            raise Problem("invalid", errors=[FieldError(one, "twice", "Send it once.") for one in repeated])

    def get_query_data(self, serializer_class: type[InputSerializer]) -> dict[str, Any]:
        """Return the validated query parameters. Raises `Problem` and `ValidationError`."""
        params = self.request.query_params
        self._check_sent_once()
        if unstorable := [name for name, value in params.dict().items() if "\0" in f"{name}{value}"]:
            message = "Contains a NUL character. Remove it."
            raise Problem(
                "invalid", errors=[FieldError(one.replace("\0", ""), "nul", message) for one in unstorable]
            )
        serializer = serializer_class(data=params.dict(), context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    @property
    @override
    def allowed_methods(self) -> list[str]:
        """The methods that are actions. DRF would add OPTIONS and the methods of base classes."""
        return [*self.actions]

    @property
    def user(self) -> User:
        """The caller, who has been authenticated."""
        return cast("User", self.request.user)

    @property
    def now(self) -> datetime:
        """The current time, in UTC."""
        return timezone.now()

    @override
    def get_serializer_class(self) -> type[OutputSerializer]:
        return self.output

    @override
    def get_serializer(self, *args: Any, **kwargs: Any) -> OutputSerializer:
        """Return the output serializer of a row, or with `many=True` of rows, and log access to their cases.

        `serializer_class` overrides the view's own.
        """
        (instance,) = args
        rows = instance if kwargs.get("many") else [instance]
        serializer_class = kwargs.pop("serializer_class", None) or self.get_serializer_class()
        access_log.log_access(self.request, self.get_cases(rows))
        context = self.get_serializer_context() | {"roles_of": self.get_roles_of(rows), "now": self.now}
        serializer: OutputSerializer = serializer_class(*args, **kwargs, context=context)
        return serializer

    @override
    def get_serializer_context(self) -> dict[str, Any]:
        return dict(super().get_serializer_context())

    def get_roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        """Return a function from a row to the roles in which the caller sees it.

        For rows that belong to no case, these are all roles that the caller has.
        """
        roles = self.user.roles
        return lambda _row: roles

    def get_cases(self, rows: Sequence[Any]) -> Iterable[Any]:
        """Return the public ids of the cases to which the rows belong."""
        return ()


class ResourceList(ResourceView, ListAPIView[Any]):
    """GET: a list, one page at a time."""

    query: ClassVar[type[InputSerializer] | None] = PageQuery
    pagination_class: type[BasePagination] | None = EncryptedCursorPagination
    #: Columns that are never null, the last one unique; an index serves them.
    ordering: ClassVar[Sequence[str]] = ("-id",)

    @property
    def filters(self) -> dict[str, Any]:
        """The query parameters without those of pagination."""
        return {name: value for name, value in self.query_data.items() if name not in ("cursor", "limit")}

    @override
    def paginate_queryset(self, queryset: Any, **options: Any) -> list[Any]:
        """Return one page."""
        paginator: Any = self.paginator
        page: list[Any] = paginator.paginate_queryset(queryset, self.request, view=self, **options)
        return page


class UnpagedList(ResourceList):
    """GET: a list that is short by nature, in the form of a single page."""

    query: ClassVar[type[InputSerializer] | None] = EmptyInput
    pagination_class = SinglePagePagination


class ResourceDetail(ResourceView, RetrieveAPIView[Any]):
    """GET: one row with its ETag; 304 if the caller already has this version."""

    @override
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().retrieve(request, *args, **kwargs)
        tag = etag(response.data)
        if tag in _entity_tags(request, "If-None-Match"):
            return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
        response.headers["ETag"] = tag
        return response


class ResourceSearch(ResourceView):
    """POST: a search whose text is in the body. It changes nothing, so it needs no Idempotency-Key."""

    actions = {"POST": "search"}
    input: ClassVar[type[InputSerializer]]

    def post(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Return the results, logged as seen."""
        serializer = self.input(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        access_log.log_as_viewing(request)
        rows = self.search(dict(serializer.validated_data))
        return Response({"results": self.get_serializer(rows, many=True).data})

    @abstractmethod
    def search(self, data: dict[str, Any]) -> Sequence[Any]:
        """Return the rows that fit. Raises `Problem`."""


class TargetView(ResourceView):
    """Base of the views that change something: they act on a target, of the version that the caller means."""

    input: ClassVar[type[InputSerializer]]
    #: OpenAPI responses (by status) besides the usual ones.
    extra_responses: ClassVar[Mapping[int, Any]] = {}

    def get_target(self) -> Any:
        """Return what the action acts on. Raises `Http404`."""
        return self.get_object()

    def lock_target(self, target: Any) -> Any:
        """Lock the target until the transaction ends, and return it as it is now."""
        return target

    def get_version(self, target: Any) -> str:
        """Return the ETag of the target as the caller sees it, or an empty string if it has none."""
        return ""

    def check_version(self, target: Any) -> None:
        """Compare `If-Match`, which only a POST may leave out. Raises `Problem`."""
        tags = _entity_tags(self.request, "If-Match")
        if not tags and self.request.method != "POST":
            raise Problem("precondition_required", "Send If-Match with the ETag of what you read.")
        if tags and tags != ["*"] and self.get_version(target) not in tags:
            raise Problem("stale")

    def get_input(self, target: Any) -> dict[str, Any]:
        """Return the validated request body. Raises `ValidationError`."""
        context = self.get_serializer_context() | {"target": target}
        serializer = self.input(data=self.request.data, context=context)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def run_action(self, target: Any) -> Response:
        """Lock, check and act, in one transaction."""
        with transaction.atomic():
            target = self.lock_target(target)
            self.check_version(target)
            return self.perform_action(target, self.get_input(target))

    @abstractmethod
    def perform_action(self, target: Any, data: dict[str, Any]) -> Response:
        """Do it and return the response."""


class ResourceAction(TargetView, CreateAPIView[Any]):
    """POST: an action on the target, done once for each Idempotency-Key."""

    actions = {"POST": "add"}

    @override
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        target = self.get_target()
        return idempotent(
            request, self.user, lambda: self.run_action(target), check=lambda: self.lock_target(target)
        )


class ResourceUpdate(TargetView, UpdateAPIView[Any]):
    """PATCH: a correction of the version that the caller read."""

    actions = {"PATCH": "change"}

    @override
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.run_action(self.get_target())


class ResourceDelete(TargetView, DestroyAPIView[Any]):
    """DELETE: remove the version that the caller read."""

    actions = {"DELETE": "remove"}

    @override
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            target = self.lock_target(self.get_target())
            self.check_version(target)
            self.perform_destroy(target)
        return Response(status=HTTPStatus.NO_CONTENT)


def _entity_tags(request: Request, header: str) -> list[str]:
    """Return the entity tags in a header."""
    return [tag.strip() for tag in request.headers.get(header, "").split(",") if tag.strip()]
