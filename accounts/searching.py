"""Searching a list of the admin site without the term in the address, where logs and histories keep it."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR, SEARCH_VAR, ChangeList
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from typing_extensions import override

from accounts.services.audit import only_asked

#: Characters of the longest term.
MOST = 100


class SearchedList(ChangeList):
    """A list narrowed by the term that the session keeps for it."""

    @override
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        """The rows of that term."""
        self.query = request.session.get(_name_of(self.model_admin), "")
        return super().get_queryset(request, exclude_parameters)


class Searched(ModelAdmin):  # type: ignore[type-arg]
    """The term comes by POST, is kept in the sealed session, and the list opens anew at its own address."""

    # “All of them” across pages would be all of what another window searched for since.
    actions_selection_counter = False

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that knows of the session."""
        return SearchedList

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, or the way to it: with what was typed, without what stands in the address."""
        if not (self.search_fields and self.has_view_or_change_permission(request)):
            return super().changelist_view(request, extra_context)
        if request.method == "POST" and SEARCH_VAR in request.POST:
            return self.search(request, request.POST[SEARCH_VAR].replace("\0", "").strip()[:MOST])
        if SEARCH_VAR in request.GET:
            return _opened(request)
        return super().changelist_view(request, extra_context)

    def search(self, request: HttpRequest, term: str) -> HttpResponse:
        """The way to the list of this term; without one, to the whole list."""
        if term and "clear" not in request.POST:
            request.session[_name_of(self)] = term
        else:
            request.session.pop(_name_of(self), None)
        only_asked(request)
        return _opened(request)


def _opened(request: HttpRequest) -> HttpResponse:
    """The list from its first page, with the filters that it had."""
    query = request.GET.copy()
    for name in (SEARCH_VAR, PAGE_VAR, ERROR_FLAG):
        query.pop(name, None)
    return HttpResponseRedirect(f"{request.path}?{query.urlencode()}" if query else request.path)


def _name_of(desk: Any) -> str:
    """Under which name a session keeps the term of a list."""
    return f"search:{desk.opts.label_lower}"
