"""Lists of the admin site: only their filters filter, and no search term is in an address.

An address is kept by logs and browser histories. An address with any lookup would read any column,
letter by letter, by which rows are found.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR, SEARCH_VAR, ChangeList
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from typing_extensions import override

from accounts.form_base import SiteModelForm
from accounts.services.access.access_log import skip_done_entry
from accounts.text import clean

Row = TypeVar("Row", bound=Model)

#: Maximum length of a search term, in characters.
MAX_TERM = 100


class SearchedList(ChangeList):
    """A list filtered by the search term in the session."""

    @override
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        """Return the rows that match the term."""
        self.query = request.session.get(_session_key(self.model_admin), "")
        return super().get_queryset(request, exclude_parameters)


class OnlyFilters(ModelAdmin[Row]):
    """An admin whose list is filtered by what `list_filter` names, and by nothing else."""

    @override
    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow what the filters of the list write into the address."""
        filters = self.list_filter if request is None else self.get_list_filter(request)
        return any(lookup in parameters_of(one) for one in filters)


def parameters_of(list_filter: Any) -> set[str]:
    """Return the parameters of one filter: a class, the path of a field, or both."""
    if isinstance(list_filter, type) and issubclass(list_filter, SimpleListFilter):
        return {str(list_filter.parameter_name)}
    path = list_filter if isinstance(list_filter, str) else list_filter[0]
    return {path, *(f"{path}__{word}" for word in ("exact", "isnull", "isempty"))}


class Searched(OnlyFilters[Row]):
    """An admin whose search term is sent by POST and kept in the encrypted session."""

    form: Any = SiteModelForm

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list class that reads the session."""
        return SearchedList

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, or save the typed term and redirect to it. Ignore a term in the address."""
        if not (self.search_fields and self.has_view_or_change_permission(request)):
            return super().changelist_view(request, extra_context)
        if request.method == "POST" and SEARCH_VAR in request.POST:
            return self.search(request, clean(request.POST[SEARCH_VAR])[:MAX_TERM])
        if SEARCH_VAR in request.GET:
            return _redirect_to_list(request)
        return super().changelist_view(request, extra_context)

    def search(self, request: HttpRequest, term: str) -> HttpResponse:
        """Save the term, or clear it, and redirect to the list."""
        if term and "clear" not in request.POST:
            request.session[_session_key(self)] = term
        else:
            request.session.pop(_session_key(self), None)
        skip_done_entry(request)
        return _redirect_to_list(request)


class RecordedOnce(Searched[Row]):
    """An admin of rows that are recorded, and ended by an action: never changed, never deleted."""

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse always."""
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse always."""
        return False


def _redirect_to_list(request: HttpRequest) -> HttpResponse:
    """Redirect to the first page of the list, keeping its filters."""
    query = request.GET.copy()
    for name in (SEARCH_VAR, PAGE_VAR, ERROR_FLAG):
        query.pop(name, None)
    return HttpResponseRedirect(f"{request.path}?{query.urlencode()}" if query else request.path)


def _session_key(model_admin: Any) -> str:
    """Return the session key for the search term of a list."""
    return f"search:{model_admin.opts.label_lower}"
