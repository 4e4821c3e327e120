"""The administrator's desk: people and their roles, agencies, and who answers for which town."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import BaseModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from typing_extensions import override

from accounts.audit_admin import AuditEntryAdmin  # noqa: F401 - it registers itself
from accounts.errors import LastAdministrator
from accounts.forms import AddUserForm, SetPasswordForm
from accounts.models import Agency, JudicialDistrict, Membership, Town, User
from accounts.searching import Searched
from accounts.services import directory, people
from accounts.token_admin import TokenAdmin  # noqa: F401 - it registers itself

admin.site.site_header = admin.site.site_title = "ctcompliance"
admin.site.index_title = "Administration"
# Roles are the project's own: see accounts.backends.
admin.site.unregister(Group)
# django-allauth's rows are no desk's: how people sign in is changed by themselves, or reset below.
admin.site.unregister([Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken])


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    """The roles of one person."""

    model = Membership
    extra = 0
    fields = ["role", "agency", "receives_alerts"]
    autocomplete_fields = ["agency"]
    verbose_name = "role"
    verbose_name_plural = "roles"

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """With what a row says of itself."""
        return super().get_queryset(request).select_related("agency")

    @override
    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Without the buttons that add, change or delete an agency from within a person's form."""
        formset = super().get_formset(request, obj, **kwargs)
        agency = formset.form.base_fields.get("agency")
        if agency and isinstance(agency.widget, RelatedFieldWidgetWrapper):
            agency.widget = agency.widget.widget
        return formset


class LockedFilter(admin.EmptyFieldListFilter):
    """Who is locked and waits for a release."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "whether locked"

    @override
    def choices(self, changelist: Any) -> Any:
        """In words that say what an empty instant means."""
        words = ["All", "Not locked", "Locked"]
        for choice, display in zip(super().choices(changelist), words, strict=True):
            yield choice | {"display": display}


@admin.register(User)
class UserAdmin(Searched, DjangoUserAdmin):  # type: ignore[type-arg]
    """People. Nobody is deleted: what a person did stays on record under the person's name."""

    list_display = ["name", "email", "held_roles", "is_active", "is_locked", "last_login"]
    list_filter = ["is_active", ("locked_at", LockedFilter), "is_system", "memberships__role"]
    search_fields = ["name", "email", "memberships__agency__name"]
    ordering = ["name"]
    list_per_page = 50
    filter_horizontal = ()
    readonly_fields = ["is_system", "locked_at", "last_login", "joined_at", "enabled_at"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password", "is_active", "is_system"]}),
        ("Dates", {"fields": ["locked_at", "last_login", "joined_at", "enabled_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "is_system", "password1", "password2"]})]
    add_form = AddUserForm
    change_password_form = SetPasswordForm
    inlines = [MembershipInline]
    actions = ["release", "reset_second_factor", "deactivate", "reactivate"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With everything a row of the list shows."""
        return super().get_queryset(request).prefetch_related("memberships__agency")

    @admin.display(description="Roles")
    def held_roles(self, user: User) -> str:
        """Each role and where it is held."""
        return "; ".join(str(membership) for membership in user.memberships.all())

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whether it is a system is said once, when the account is made."""
        return [name for name in self.readonly_fields if obj or name != "is_system"]

    @admin.display(description="Locked", boolean=True, ordering="locked_at")
    def is_locked(self, user: User) -> bool:
        """True after too many wrong guesses, until it is released."""
        return user.locked_at is not None

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: deactivate instead."""
        return False

    @override
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form; a change that a service refuses is undone and said."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except LastAdministrator as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    @override
    def save_model(self, request: HttpRequest, obj: User, form: BaseModelForm[User], change: bool) -> None:
        """The person is stored as the form has it."""
        if not change:
            obj.pk = people.create_user(
                email=obj.email,
                name=obj.name,
                password=form.cleaned_data["password1"] or None,
                is_system=obj.is_system,
                request=request,
            ).pk
            obj.refresh_from_db()
            return
        people.change_user(user=obj, email=obj.email, name=obj.name, request=request)
        if "is_active" in form.changed_data:
            allow_or_not = people.reactivate_user if obj.is_active else people.deactivate_user
            allow_or_not(user=obj, request=request)

    @override
    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """The person's roles are as the form has them."""
        changed = formset.save(commit=False)
        # First what is added, so that the role can be handed over in one step.
        for membership in changed:
            people.record_membership(membership=membership, request=request)
        for membership in formset.deleted_objects:
            people.revoke_role(membership=membership, request=request)

    @admin.action(description="Deactivate: may no longer sign in", permissions=["change"])
    def deactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """The chosen people can no longer sign in, save the last administrator."""
        for user in users:
            try:
                people.deactivate_user(user=user, request=request)
            except LastAdministrator as refusal:
                self.message_user(request, f"{user}: {refusal}", messages.ERROR)

    @admin.action(description="Reactivate", permissions=["change"])
    def reactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """The chosen people can sign in again."""
        for user in users:
            people.reactivate_user(user=user, request=request)
        self.message_user(request, "They can sign in again.")

    @admin.action(description="Release: locked after wrong passwords or codes", permissions=["change"])
    def release(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """The chosen people can try to sign in again."""
        for user in users:
            people.release_user(user=user, request=request)
        self.message_user(request, "They can try to sign in again.")

    @admin.action(description="Reset second factor: lost phone or key", permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """The chosen people set up a new second factor when they next sign in."""
        for user in users:
            people.reset_second_factor(user=user, request=request)
        self.message_user(request, "They set up a new second factor when they next sign in.")


class DirectoryAdmin(Searched):
    """Agencies and towns: what the reference files brought can be corrected but comes back when deleted."""

    list_per_page = 50

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only rows that a person added can go."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.loaded)

    @override
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The row is stored as the form has it."""
        directory.record(row=obj, request=request)

    @override
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """The row is gone."""
        directory.remove(row=obj, request=request)

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The rows are gone."""
        for row in queryset:
            directory.remove(row=row, request=request)


@admin.register(Agency)
class AgencyAdmin(DirectoryAdmin):
    """Bodies that can be told something."""

    list_display = ["name", "kind", "ori", "judicial_district", "email"]
    list_select_related = ["judicial_district"]
    list_filter = ["kind"]
    search_fields = ["name", "ori", "email"]
    fields = ["name", "kind", "ori", "email", "judicial_district", "docket_prefixes"]


@admin.register(Town)
class TownAdmin(DirectoryAdmin):
    """Towns and villages, and the police who answer for each."""

    list_display = ["name", "within", "police", "fips"]
    list_select_related = ["within", "police"]
    list_filter = ["police__kind"]
    search_fields = ["name", "police__name"]
    fields = ["name", "within", "fips", "police"]
    autocomplete_fields = ["within", "police"]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Town | None = None) -> list[str]:
        """What a town is called and where it lies is not an administrator's to change; who answers is."""
        return ["name", "within", "fips"] if obj and obj.loaded else []


@admin.register(JudicialDistrict)
class JudicialDistrictAdmin(Searched):
    """The thirteen districts, to look at: statute makes them."""

    list_display = ["name", "former_name"]
    search_fields = ["name", "former_name"]

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False
