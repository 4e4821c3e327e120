"""The tokens of systems at the admin site: issued, shown once, listed, revoked."""

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

from accounts.models import ApiToken, Scope, User
from accounts.searching import Searched
from accounts.services import tokens


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """What an administrator says of a new token."""

    user = forms.ModelChoiceField(
        label="System",
        queryset=User.objects.filter(is_system=True, is_active=True, locked_at=None).order_by("name"),
        help_text="Add an account that is a system, with its role in an agency, under Users.",
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="As few as will do. The roles of the account still decide which rows and acts.",
    )
    days = forms.IntegerField(
        label="Days until it ends", min_value=1, max_value=tokens.LONGEST.days, initial=90
    )

    class Meta:
        model = ApiToken
        fields = ["user", "name", "scopes"]


@admin.register(ApiToken)
class TokenAdmin(Searched):
    """Tokens. None is changed or deleted: a wrong one is revoked, and another issued."""

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
        """For a token that stands, what is kept of it: not the token, and not its digest."""
        kept = ["user", "name", "scopes", "created_at", "created_by", "expires_at", "revoked_at", "used_at"]
        return kept if obj else super().get_fields(request, obj)

    @admin.display(description="State")
    def state(self, token: ApiToken) -> str:
        """Whether it works."""
        if token.revoked_at:
            return "Revoked"
        if token.expires_at <= timezone.now():
            return "Expired"
        return "Works" if token.user.is_active and not token.user.locked_at else "Its account may not call"

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: revoke it instead."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """For whoever issues them."""
        return request.user.has_perm("accounts.revoke_apitoken")

    @override
    def save_model(
        self, request: HttpRequest, obj: ApiToken, form: BaseModelForm[ApiToken], change: bool
    ) -> None:
        """The token is issued; the answer shows it, and nothing does again."""
        said = form.cleaned_data
        token, given = tokens.issue_token(
            user=said["user"],
            name=said["name"],
            scopes=said["scopes"],
            lasts=timedelta(days=said["days"]),
            request=request,
        )
        obj.pk = token.pk
        obj.refresh_from_db()
        request.issued_token = given  # type: ignore[attr-defined]

    @override
    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The one page that shows the token."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "The token, shown this once",
            "token": obj,
            "given": request.issued_token,  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "admin/accounts/apitoken/issued.html", context)

    @admin.action(description="Revoke: works no more, at once", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        """The chosen tokens work no more."""
        for token in chosen.select_related("user"):
            tokens.revoke_token(token=token, request=request)
        self.message_user(request, "They work no more.")
