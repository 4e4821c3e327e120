"""The forms that correct and withdraw what was recorded about a follow-up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Model
from typing_extensions import override

from orders.forms.fields import INSTANT_HELP, InstantField, LabeledChoiceField
from orders.forms.follow_up_forms import FollowUpForm, Task
from orders.models import Attempt, AttemptKind, AttemptResult, Order, Referral
from orders.services.follow_ups import attempts, referrals

#: Empty leaves a value as it is.
_KEEP = ("", "As it is")
#: Removes a text.
_NO_TEXT = "-"
_KEEP_OR_REMOVE = "Empty: it is right. A dash (-) removes it."


class PutRightForm(FollowUpForm):
    """An act that corrects or withdraws one row of the follow-up, with a reason."""

    target_field = "row"

    @override
    def target(self) -> Model:
        """Return the chosen row."""
        row: Model = self.cleaned_data["row"]
        return row

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the reason."""
        return {"reason": self.cleaned_data["reason"]}


class CorrectingForm(PutRightForm):
    """A correction. What is left empty stays as it is, and a dash removes a text."""

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the given values as changes, and the reason."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        changes = {name: "" if value == _NO_TEXT else value for name, value in given.items()}
        del changes["row"]
        return {"reason": changes.pop("reason"), "changes": changes}


class AttemptChoiceForm(PutRightForm):
    """Chooses an attempt of the follow-up."""

    row = LabeledChoiceField(attempts.ATTEMPT.words, Attempt.objects.none(), label="Attempt")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the attempts, the newest first."""
        rows = self.task.follow_up.attempts.select_related("order").order_by("-attempted_at", "-id")
        self.offer_rows("row", rows, chooses_only=True)


class WithdrawRecoveryAttemptForm(AttemptChoiceForm):
    """An attempt was recorded in error."""

    reason = forms.CharField(max_length=500, help_text="Why it never was, for example “of another order”.")


class CorrectRecoveryAttemptForm(AttemptChoiceForm, CorrectingForm):
    """An attempt was recorded with an error."""

    attempted_at = InstantField(
        label="When", required=False, help_text=f"Empty: the time is right. {INSTANT_HELP}"
    )
    kind = forms.ChoiceField(choices=[_KEEP, *AttemptKind.choices], required=False, label="Kind of attempt")
    result = forms.ChoiceField(choices=[_KEEP, *AttemptResult.choices], required=False)
    place = forms.CharField(max_length=200, required=False, label="Place", help_text=_KEEP_OR_REMOVE)
    officers = forms.CharField(max_length=200, required=False, label="Officers", help_text=_KEEP_OR_REMOVE)
    note = forms.CharField(
        max_length=500,
        required=False,
        label="Note",
        help_text=_KEEP_OR_REMOVE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reason = forms.CharField(max_length=500, help_text="What was wrong.")


class ReferralChoiceForm(PutRightForm):
    """Chooses a referral of the follow-up."""

    row = LabeledChoiceField(referrals.REFERRAL.words, Referral.objects.none(), label="Referral")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the referrals, the newest first."""
        rows = self.task.follow_up.referrals.select_related("order", "agency").order_by("-id")
        self.offer_rows("row", rows, chooses_only=True)


class WithdrawReferralForm(ReferralChoiceForm):
    """A referral was made in error."""

    reason = forms.CharField(max_length=500, help_text="Why it is taken back.")


class CorrectReferralForm(ReferralChoiceForm, CorrectingForm):
    """The prosecutor reads something wrong."""

    why_referred = forms.CharField(
        max_length=500, label="Why it is referred", help_text="What the prosecutor reads from now on."
    )
    reason = forms.CharField(max_length=500, help_text="What was wrong.")


class WithdrawDecisionForm(PutRightForm):
    """A decision was recorded in error."""

    row = LabeledChoiceField(referrals.REFERRAL_DECISION.words, Referral.objects.none(), label="Decision")
    reason = forms.CharField(max_length=500, help_text="What was wrong.")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the decisions of the person's office, the newest first."""
        rows = self.task.follow_up.referrals.filter(agency__in=deciding_offices(self.task))
        rows = rows.exclude(outcome="").select_related("order", "agency").order_by("-id")
        self.offer_rows("row", rows, chooses_only=True)


def deciding_offices(task: Task) -> frozenset[int]:
    """The person's offices (by key) that may withdraw a decision."""
    return frozenset(task.person.agencies_for("withdraw_decision", "referral"))
