"""Admin page for the access log.

Auditors read all of it, administrators all but who viewed or changed which case.
Filters are sent by POST, so that no name, case or address appears in the logs of a web server.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from typing_extensions import override

from accounts.form_base import SiteForm
from accounts.models import AuditAction, AuditEntry, EntryPoint, User
from accounts.searching import OnlyFilters
from accounts.services.access.access_log import record_for
from accounts.services.access.access_report import (
    ABOUT_CASES,
    PAGE,
    Question,
    case_viewers,
    cases_with_docket,
    entries,
    reads_of_cases,
)

#: The span of the page before anything was asked.
RECENT = timedelta(days=7)
#: The longest span.
LONGEST = timedelta(days=366)

_INSTANT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
_WIDE_ADDRESS = forms.EmailInput(attrs={"size": 40})


class QuestionForm(SiteForm):
    """Filters for the access log."""

    since = forms.DateTimeField(label="From", widget=_INSTANT)
    until = forms.DateTimeField(
        label="Until", widget=_INSTANT, help_text="Connecticut time, at most a year after the start."
    )
    person = forms.EmailField(
        label="Who did it",
        required=False,
        widget=_WIDE_ADDRESS,
        help_text="The person's complete sign-in email address.",
    )
    account = forms.EmailField(
        label="Whose account it was about",
        required=False,
        widget=_WIDE_ADDRESS,
        help_text="That person's complete sign-in email address.",
    )
    case = forms.UUIDField(
        required=False,
        widget=forms.TextInput(attrs={"size": 40}),
        help_text="The complete public ID of the case.",
    )
    docket_number = forms.CharField(
        required=False, max_length=60, help_text="The docket number of the case, in any court."
    )
    action = forms.ChoiceField(required=False)
    entry_point = forms.ChoiceField(
        label="Through", required=False, choices=[("", "All"), *EntryPoint.choices]
    )
    older_than = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, reader: User, now: datetime) -> None:
        """Offer the actions and filters that `reader` may use."""
        super().__init__(data, initial={"since": now - RECENT, "until": now + timedelta(minutes=1)})
        may_read_cases = reads_of_cases(reader)
        actions = [action for action in AuditAction if may_read_cases or action not in ABOUT_CASES]
        self.fields["action"] = forms.ChoiceField(
            required=False, choices=[("", "All"), *((action.value, action.label) for action in actions)]
        )
        if not may_read_cases:
            del self.fields["case"], self.fields["docket_number"]

    def clean_person(self) -> User | None:
        """Return the user. Refuses an unknown address."""
        return _user_with(self.cleaned_data["person"])

    def clean_account(self) -> User | None:
        """Return the user. Refuses an unknown address."""
        return _user_with(self.cleaned_data["account"])

    def clean_docket_number(self) -> tuple[UUID, ...]:
        """Return the public ids of its cases. Refuses an unknown number."""
        typed = self.cleaned_data["docket_number"]
        if typed and not (found := cases_with_docket(typed)):
            raise forms.ValidationError("No case has this docket number. Check it, or leave it out.")
        return found if typed else ()

    def clean_older_than(self) -> tuple[datetime, int] | None:
        """Return the last entry of the previous page. Refuses a value that this page did not write."""
        if not (given := self.cleaned_data["older_than"]):
            return None
        at, _, number = given.partition(" ")
        try:
            return datetime.fromisoformat(at).astimezone(UTC), int(number)
        except ValueError:
            raise forms.ValidationError("Search again, starting with the newest entries.") from None

    def clean(self) -> dict[str, Any]:
        """Refuse a span that is empty, negative or too long."""
        given = self.cleaned_data
        if "since" in given and "until" in given:
            if given["until"] <= given["since"]:
                self.add_error("until", "Enter a time after the start.")
            elif given["until"] - given["since"] > LONGEST:
                self.add_error("until", "Enter a time at most a year after the start.")
        return given

    def laid_out(self) -> AdminForm:
        """Return the form in the layout of the admin site."""
        form: Any = self
        return AdminForm(form, [(None, {"fields": [one for one in self.fields if one != "older_than"]})], {})

    def question(self) -> Question:
        """Return the filters; before the form is sent, those of its initial values."""
        if self.is_bound:
            given = {name: value for name, value in self.cleaned_data.items() if name != "docket_number"}
            return Question(**given, cases=self.cleaned_data.get("docket_number", ()))
        return Question(**self.initial)


@admin.register(AuditEntry)
class AuditEntryAdmin(OnlyFilters[AuditEntry]):
    """One page with a filter form and its result. Entries cannot be changed; the database refuses it too."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return the one page."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="accounts_auditentry_changelist")]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show recent entries or those asked for. Reading the log is itself logged."""
        reader = request.user
        if not self.has_view_permission(request) or not isinstance(reader, User):
            raise PermissionDenied
        form = QuestionForm(
            request.POST if request.method == "POST" else None, reader=reader, now=timezone.now()
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Access log",
            "is_nav_sidebar_enabled": False,
            "form": form,
            "adminform": form.laid_out(),
            "page": PAGE,
        }
        if not form.is_bound or form.is_valid():
            context |= _result(request, form.question(), reader)
        return TemplateResponse(request, "admin/accounts/auditentry/log.html", context)


def _user_with(typed: str) -> User | None:
    if not typed:
        return None
    try:
        return User.objects.get_by_natural_key(typed)
    except User.DoesNotExist:
        raise forms.ValidationError(
            "No account has this email address. Look for the person under Users."
        ) from None


def _result(request: HttpRequest, question: Question, reader: User) -> dict[str, Any]:
    """Return the template context of the result, after logging that it was read."""
    found = entries(question, reader=reader)
    record_for(
        request,
        AuditAction.LOG_READ,
        subject=question.person or question.account,
        cases=sorted({*question.cases, *([question.case] if question.case else [])}),
        detail={
            "since": _utc(question.since),
            "until": _utc(question.until),
            "action": question.action,
            "entry_point": question.entry_point,
            "entries": len(found),
        },
    )
    last = found[-1] if len(found) == PAGE else None
    return {
        "lines": [(_utc(entry.at), entry) for entry in found],
        "older_than": f"{last.at.isoformat()} {last.pk}" if last else "",
        "case_viewers": [(one, _utc(one.first), _utc(one.last)) for one in case_viewers(question)]
        if question.case or question.cases
        else [],
        "has_result": True,
    }


def _utc(instant: datetime) -> str:
    """Format an instant in UTC, to a hundredth of a second."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-4] + " UTC"
