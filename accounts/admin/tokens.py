"""Admin pages for the API tokens of systems: issue, show once, list, revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import BaseModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from typing_extensions import override

from accounts.form_base import SiteModelForm
from accounts.form_middleware import keep_page
from accounts.models import ApiToken, Scope, User
from accounts.searching import RecordedOnce
from accounts.services.access import tokens


class TokenForm(SiteModelForm[ApiToken]):
    """A new token."""

    user = forms.ModelChoiceField(
        label="System",
        queryset=User.objects.filter(is_system=True, is_active=True, locked_at=None).order_by("name"),
        help_text="First add an account for the system under Users, with a role in an agency.",
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose as few as possible. The account's roles still limit its rows and actions.",
    )
    days = forms.IntegerField(
        label="Days until it expires", min_value=1, max_value=tokens.LONGEST.days, initial=90
    )

    class Meta:
        model = ApiToken
        fields = ["user", "name", "scopes"]


@admin.register(ApiToken)
class TokenAdmin(RecordedOnce[ApiToken]):
    """Tokens. They are never changed or deleted: revoke a wrong one and issue another."""

    form = TokenForm
    fields = ["user", "name", "scopes", "days"]
    list_display = ["name", "user", "scopes", "expires_at", "state", "used_at"]
    list_select_related = ["user"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "user__name"]
    ordering = ["-id"]
    list_per_page = 50
    actions = ["revoke"]

    @override
    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show what is stored of an existing token. The token itself is not, and its digest stays hidden."""
        stored = ["user", "name", "scopes", "created_at", "created_by", "expires_at", "revoked_at", "used_at"]
        return stored if obj else super().get_fields(request, obj)

    @admin.display(description="State")
    def state(self, token: ApiToken) -> str:
        """Return whether the token works, and if not, why."""
        if token.revoked_at:
            return "Revoked"
        if token.expires_at <= timezone.now():
            return "Expired"
        return "Active" if token.user.is_active and not token.user.locked_at else "Account locked or inactive"

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Allow those who may issue tokens."""
        return request.user.has_perm("accounts.revoke_apitoken")

    @override
    def save_model(
        self, request: HttpRequest, obj: ApiToken, form: BaseModelForm[ApiToken], change: bool
    ) -> None:
        """Issue the token. Only the response to this request shows it."""
        data = form.cleaned_data
        token, secret = tokens.issue_token(
            user=data["user"],
            name=data["name"],
            scopes=data["scopes"],
            lasts=timedelta(days=data["days"]),
            request=request,
        )
        obj.pk = token.pk
        obj.refresh_from_db()
        obj.secret = secret

    @override
    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Return the only page that shows the token."""
        keep_page(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Copy the token now: it is shown only once",
            "token": obj,
            "secret": obj.secret,
        }
        return TemplateResponse(request, "admin/accounts/apitoken/issued.html", context)

    @admin.action(description="Revoke: stops working at once", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        """Revoke the selected tokens."""
        for token in chosen.select_related("user"):
            tokens.revoke_token(token=token, request=request)
        self.message_user(request, "The selected tokens no longer work.")
