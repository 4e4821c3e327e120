"""The access log at the admin site: for the auditor all of it, for administrators all but who saw which case.

What is asked for comes by POST, so that no name, case or address stands in a log of addresses.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from typing_extensions import override

from accounts.models import Act, AuditEntry, Door, User
from accounts.services.access_report import (
    ABOUT_CASES,
    PAGE,
    Question,
    entries,
    lookers,
    reads_of_cases,
)
from accounts.services.audit import record_for

#: How far back the page looks that was asked for nothing.
LATELY = timedelta(days=7)
#: The longest time between the two instants.
LONGEST = timedelta(days=366)

_INSTANT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
_WIDE_ADDRESS = forms.EmailInput(attrs={"size": 40})


class QuestionForm(forms.Form):
    """What the reader asks."""

    since = forms.DateTimeField(label="From", widget=_INSTANT)
    until = forms.DateTimeField(
        label="Until", widget=_INSTANT, help_text="Connecticut time; at most a year after."
    )
    person = forms.EmailField(
        label="Who did it",
        required=False,
        widget=_WIDE_ADDRESS,
        help_text="The address with which the person signs in, whole.",
    )
    account = forms.EmailField(
        label="Whose account it was about",
        required=False,
        widget=_WIDE_ADDRESS,
        help_text="The address with which that person signs in, whole.",
    )
    case = forms.UUIDField(
        required=False,
        widget=forms.TextInput(attrs={"size": 40}),
        help_text="The case's public id, whole.",
    )
    act = forms.ChoiceField(required=False)
    door = forms.ChoiceField(required=False, choices=[("", "All"), *Door.choices])
    older_than = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, reader: User, now: datetime) -> None:
        """With the acts that the reader may read of."""
        super().__init__(data, initial={"since": now - LATELY, "until": now + timedelta(minutes=1)})
        self.may_ask_of_cases = reads_of_cases(reader)
        acts = [act for act in Act if self.may_ask_of_cases or act not in ABOUT_CASES]
        self.fields["act"].choices = [("", "All"), *((act.value, act.label) for act in acts)]  # type: ignore[attr-defined]
        if not self.may_ask_of_cases:
            del self.fields["case"]

    def clean_person(self) -> User | None:
        """The person. Refuses an address with which nobody signs in."""
        return _who_signs_in(self.cleaned_data["person"])

    def clean_account(self) -> User | None:
        """The person. Refuses an address with which nobody signs in."""
        return _who_signs_in(self.cleaned_data["account"])

    def clean_older_than(self) -> tuple[datetime, int] | None:
        """Where the page before ended. Refuses what this page did not write."""
        if not (given := self.cleaned_data["older_than"]):
            return None
        at, _, number = given.partition(" ")
        try:
            return datetime.fromisoformat(at).astimezone(UTC), int(number)
        except ValueError:
            raise forms.ValidationError("Ask again, from the newest on.") from None

    def clean(self) -> dict[str, Any]:
        """Refuses a time that ends before it begins, or is too long."""
        given = self.cleaned_data
        if "since" in given and "until" in given:
            if given["until"] <= given["since"]:
                self.add_error("until", "It must be after the beginning.")
            elif given["until"] - given["since"] > LONGEST:
                self.add_error("until", "Ask for a year at most.")
        return given

    def laid_out(self) -> AdminForm:
        """In the admin site's own look."""
        form: Any = self
        return AdminForm(form, [(None, {"fields": [one for one in self.fields if one != "older_than"]})], {})

    def question(self) -> Question:
        """What is asked; before anything was, everything lately."""
        if self.is_bound:
            return Question(**self.cleaned_data)
        return Question(**self.initial)


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One page that answers a question. Nothing is changed from it; the database would refuse."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """The page alone."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="accounts_auditentry_changelist")]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was done lately, or what was asked for. That it was read is on record."""
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
            context |= _answered(request, form.question(), reader)
        return TemplateResponse(request, "admin/accounts/auditentry/log.html", context)


def _who_signs_in(typed: str) -> User | None:
    if not typed:
        return None
    try:
        return User.objects.get_by_natural_key(typed)
    except User.DoesNotExist:
        raise forms.ValidationError("Nobody signs in with this address. Look for it under Users.") from None


def _answered(request: HttpRequest, question: Question, reader: User) -> dict[str, Any]:
    """What the page shows of the answer, and that it was read on record."""
    found = entries(question, reader=reader)
    record_for(
        request,
        Act.LOG_READ,
        subject=question.person or question.account,
        cases=[question.case] if question.case else [],
        detail={
            "since": _utc(question.since),
            "until": _utc(question.until),
            "act": question.act,
            "door": question.door,
            "entries": len(found),
        },
    )
    last = found[-1] if len(found) == PAGE else None
    return {
        "lines": [(_utc(entry.at), entry) for entry in found],
        "older_than": f"{last.at.isoformat()} {last.pk}" if last else "",
        "lookers": [(one, _utc(one.first), _utc(one.last)) for one in lookers(question)]
        if question.case
        else [],
        "is_answered": True,
    }


def _utc(instant: datetime) -> str:
    """In UTC, to a hundredth of a second."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-4] + " UTC"
