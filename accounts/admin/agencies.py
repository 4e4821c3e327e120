"""Admin pages for agencies, towns and judicial districts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from typing_extensions import override

from accounts.admin import state_file
from accounts.form_base import SiteModelForm
from accounts.models import Agency, JudicialDistrict, Town
from accounts.searching import Searched
from accounts.services.agencies import directory


class DirectoryForm(SiteModelForm[Any]):
    """One agency or town. What the service refuses is shown beside its field."""

    def _post_clean(self) -> None:
        parent: Any = super()
        parent._post_clean()  # noqa: SLF001 - the step of `full_clean` after which the row is complete
        if not self.errors:
            try:
                directory.check(self.instance)
            except ValidationError as refusal:
                self.add_error(None, refusal)


class DirectoryAdmin(Searched[Any]):
    """Agencies and towns. Rows of the reference files can be corrected, but come back if deleted."""

    form = DirectoryForm
    list_per_page = 50

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow only rows that a person added to be deleted."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.loaded)

    @override
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the row through the service."""
        directory.record(row=obj, request=request)

    @override
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the row through the service."""
        directory.remove(row=obj, request=request)

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the rows through the service."""
        for row in queryset:
            directory.remove(row=row, request=request)


@admin.register(Agency)
class AgencyAdmin(DirectoryAdmin):
    """Agencies that can be notified."""

    list_display = ["name", "kind", "jurisdiction", "ori", "judicial_district", "email", "answers_for_state"]
    list_select_related = ["judicial_district"]
    list_filter = ["kind", "jurisdiction", "answers_for_state"]
    search_fields = ["name", "ori", "email"]
    fields = [
        "name",
        "kind",
        "jurisdiction",
        "ori",
        "email",
        "telephone",
        "answers_for_state",
        "judicial_district",
        "area",
        "docket_prefixes",
    ]

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return Django's addresses and that of the upload of a state's file."""
        upload = self.admin_site.admin_view(self.load_state_view)
        return [path("load-state/", upload, name="accounts_agency_load_state"), *super().get_urls()]

    def load_state_view(self, request: HttpRequest) -> HttpResponse:
        """Take a state's file: check it, show what it would change, then load it."""
        return state_file.page(request, {**self.admin_site.each_context(request), "opts": self.opts})


@admin.register(Town)
class TownAdmin(DirectoryAdmin):
    """Towns and villages, with the police agency of each."""

    list_display = ["name", "jurisdiction", "within", "police", "fips"]
    list_select_related = ["within", "police"]
    list_filter = ["jurisdiction", "police__kind"]
    search_fields = ["name", "police__name"]
    fields = ["name", "jurisdiction", "within", "fips", "police"]
    autocomplete_fields = ["within", "police"]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Town | None = None) -> list[str]:
        """Let administrators change the police agency of a loaded town, not its name or location."""
        return ["name", "jurisdiction", "within", "fips"] if obj and obj.loaded else []


@admin.register(JudicialDistrict)
class JudicialDistrictAdmin(Searched[JudicialDistrict]):
    """The thirteen districts, read-only: they are set by statute."""

    list_display = ["name", "former_name"]
    search_fields = ["name", "former_name"]

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse always."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse always."""
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse always."""
        return False
