"""Admin pages for users and their roles."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar

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

from accounts.errors import LastAdministrator
from accounts.forms import AddUserForm, ChangeUserForm, SetPasswordForm
from accounts.models import AuditAction, Membership, User
from accounts.models.people import SITE_ROLES
from accounts.searching import Searched
from accounts.services import people
from accounts.services.access.access_log import record_for
from accounts.services.managers import agencies_to_choose, is_site_administrator, people_managed_by

admin.site.site_header = admin.site.site_title = "ctcompliance"
admin.site.index_title = "Administration"
# The navigation at the head of every page replaces it.
admin.site.enable_nav_sidebar = False
# The project has its own roles: see accounts.backends.
admin.site.unregister(Group)
# People change their sign-in methods themselves, or an administrator resets them below.
admin.site.unregister([Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken])


class MembershipInline(admin.TabularInline[Membership, User]):
    """The roles of one user."""

    model = Membership
    extra = 0
    fields = ["role", "agency", "receives_alerts", "is_backup"]
    autocomplete_fields = ["agency"]
    verbose_name = "role"
    verbose_name_plural = "roles"

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Fetch the agencies with the rows."""
        return super().get_queryset(request).select_related("agency")

    @override
    def get_autocomplete_fields(self, request: HttpRequest) -> Any:
        """Let agency administrators choose among their agencies, without a look at the others."""
        return self.autocomplete_fields if is_site_administrator(request.user) else []

    @override
    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the agencies in which the user may grant roles."""
        if db_field.name == "agency":
            kwargs["queryset"] = agencies_to_choose(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @override
    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the roles that the user may grant."""
        field: Any = super().formfield_for_choice_field(db_field, request, **kwargs)
        if not is_site_administrator(request.user):
            field.choices = [one for one in field.choices if one[0] not in SITE_ROLES]
        return field

    @override
    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Leave out the buttons that add, change or delete an agency from a user's form.

        An agency administrator gives each account a role, and so an agency. Without one it would be lost.
        """
        if not is_site_administrator(request.user):
            kwargs |= {"min_num": 1, "validate_min": True}
        formset = super().get_formset(request, obj, **kwargs)
        for field in formset.form.base_fields.values():
            # The heading of a column is no label of the fields below it.
            field.widget.attrs["aria-label"] = str(field.label).capitalize()
        agency = formset.form.base_fields.get("agency")
        if agency and isinstance(agency.widget, RelatedFieldWidgetWrapper):
            agency.widget = agency.widget.widget
        return formset


class _WordedFilter(admin.EmptyFieldListFilter):
    """Filter by whether a date is empty, in words that explain what that means."""

    words: ClassVar[tuple[str, str, str, str]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = self.words[0]

    @override
    def choices(self, changelist: Any) -> Any:
        """Use the words as labels."""
        for choice, label in zip(super().choices(changelist), self.words[1:], strict=True):
            yield choice | {"display": label}


class LockedFilter(_WordedFilter):
    """Filter for locked accounts."""

    words = ("whether locked", "All", "Not locked", "Locked")


class TemporaryFilter(_WordedFilter):
    """Filter for temporary accounts."""

    words = ("whether temporary", "All", "Not temporary", "Temporary")


@admin.register(User)
class UserAdmin(Searched[User], DjangoUserAdmin[User]):
    """Users. They are deactivated, never deleted, so that the access log keeps their names."""

    list_display = ["name", "email", "held_roles", "is_active", "is_locked", "last_login"]
    list_filter = [
        "is_active",
        ("locked_at", LockedFilter),
        "is_system",
        ("ends_at", TemporaryFilter),
        "memberships__role",
    ]
    search_fields = ["name", "email", "memberships__agency__name"]
    ordering = ["name"]
    list_per_page = 50
    filter_horizontal = ()
    readonly_fields = ["is_system", "locked_at", "last_login", "joined_at", "enabled_at"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password", "is_active", "ends_at", "is_system"]}),
        ("Dates", {"fields": ["locked_at", "last_login", "joined_at", "enabled_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "ends_at", "is_system", "password1", "password2"]})]
    form = ChangeUserForm
    add_form = AddUserForm
    change_password_form = SetPasswordForm
    inlines = [MembershipInline]
    actions = ["unlock", "reset_second_factor", "end_access", "deactivate", "reactivate"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the accounts that the user manages, with the roles and agencies that a row shows."""
        managed = super().get_queryset(request).filter(pk__in=people_managed_by(request.user).values("pk"))
        return managed.prefetch_related("memberships__agency")

    @override
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Let only administrators of the whole site add systems."""
        found = super().get_fieldsets(request, obj)
        if is_site_administrator(request.user):
            return found
        return [
            (title, {**options, "fields": [one for one in options["fields"] if one != "is_system"]})
            for title, options in found
        ]

    @admin.display(description="Roles")
    def held_roles(self, user: User) -> str:
        """Return each role with its agency."""
        return "; ".join(str(membership) for membership in user.memberships.all())

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Allow `is_system` to be set only when the account is created."""
        return [name for name in self.readonly_fields if obj or name != "is_system"]

    @admin.display(description="Locked", boolean=True, ordering="locked_at")
    def is_locked(self, user: User) -> bool:
        """Return True from too many wrong attempts until an administrator unlocks the account."""
        return user.locked_at is not None

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: administrators deactivate instead."""
        return False

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, and log that it was read, with its filters."""
        response = super().changelist_view(request, extra_context)
        if request.method == "GET" and response.status_code == HTTPStatus.OK:
            record_for(request, AuditAction.ACCOUNTS_READ, detail={"filters": sorted(request.GET)})
        return response

    @override
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form, and log it. If a service refuses a change, roll it back and show the reason."""
        try:
            response = super().changeform_view(request, object_id, form_url, extra_context)
        except LastAdministrator as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        if object_id and request.method == "GET" and response.status_code == HTTPStatus.OK:
            subject = self.get_object(request, object_id)
            record_for(request, AuditAction.ACCOUNTS_READ, subject=subject)
        return response

    @override
    def save_model(self, request: HttpRequest, obj: User, form: BaseModelForm[User], change: bool) -> None:
        """Save the user through the services."""
        if not change:
            obj.pk = people.create_user(
                email=obj.email,
                name=obj.name,
                password=form.cleaned_data["password1"] or None,
                is_system=obj.is_system and is_site_administrator(request.user),
                must_change_password=True,
                ends_at=obj.ends_at,
                request=request,
            ).pk
            obj.refresh_from_db()
            return
        people.change_user(user=obj, email=obj.email, name=obj.name, ends_at=obj.ends_at, request=request)
        if "is_active" in form.changed_data:
            set_active = people.reactivate_user if obj.is_active else people.deactivate_user
            set_active(user=obj, request=request)

    @override
    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the user's roles through the services."""
        changed = formset.save(commit=False)
        # Additions first, so that the last administrator can pass the role on in one step.
        for membership in changed:
            people.record_membership(membership=membership, request=request)
        for membership in formset.deleted_objects:
            people.revoke_role(membership=membership, request=request)

    @admin.action(description="Deactivate: may no longer sign in", permissions=["change"])
    def deactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Deactivate the selected users, except the last administrator."""
        for user in users:
            try:
                people.deactivate_user(user=user, request=request)
            except LastAdministrator as refusal:
                self.message_user(request, f"{user}: {refusal}", messages.ERROR)

    @admin.action(description="Reactivate", permissions=["change"])
    def reactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Let the selected users sign in again."""
        for user in users:
            people.reactivate_user(user=user, request=request)
        self.message_user(request, "The selected users can sign in again.")

    @admin.action(description="Unlock: locked after wrong passwords or codes", permissions=["change"])
    def unlock(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Let the selected users try to sign in again."""
        for user in users:
            people.unlock_user(user=user, request=request)
        self.message_user(request, "The selected users can try to sign in again.")

    @admin.action(
        description="End all access: password, device, link or token in wrong hands", permissions=["change"]
    )
    def end_access(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """End sessions, tokens and calendar links of the selected users, the acting person last."""
        for user in sorted(users, key=lambda one: one == request.user):
            people.end_access(user=user, reason="incident", request=request)

    @admin.action(description="Reset second factor: lost phone or key", permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Make the selected users set up a new second factor at their next sign-in."""
        for user in users:
            people.reset_second_factor(user=user, request=request)
        self.message_user(request, "The selected users set up a new second factor when they next sign in.")
