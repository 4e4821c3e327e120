"""The form by which an advocate sends a client's release to a court."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.dates import COURT_TIME
from accounts.form_base import SiteForm
from accounts.models import Agency, AgencyKind
from orders.forms.attachments import ACCEPTED
from orders.models import ConfidentialityRelease, ReleasePurpose
from orders.services.clients.release_requests import SignedRelease
from orders.services.parties.releases import SCOPE

#: The four answers, as an advocate reads them, by the column of a release.
ANSWERS = {
    "covers_service": _("If the other side has been served"),
    "covers_firearms": _("What became of the guns"),
    "covers_hearings": _("The court dates"),
    "covers_ending": _("When the order ends"),
}
#: What a release is for, as an advocate reads it.
PURPOSES: dict[str, Any] = {
    ReleasePurpose.SAFETY.value: _("To plan for safety"),
    ReleasePurpose.COURT.value: _("To help with the court case"),
    ReleasePurpose.NEWS.value: _("To pass on news of the order"),
}
_TYPED = {"autocomplete": "off", "spellcheck": "false"}


class ReleaseRequestForm(SiteForm):
    """What the client signed. Of a renewal, the court and the docket are those of the release before."""

    beside: ClassVar[Mapping[str, str]] = {"file": "scan"}

    court = forms.ModelChoiceField(
        Agency.objects.filter(kind=AgencyKind.COURT).order_by("name"),
        label=_("Court"),
        empty_label=_("Choose one"),
    )
    docket = forms.CharField(
        max_length=40,
        label=_("Docket number"),
        help_text=_("As it is on the order. It is erased here once the court has answered."),
        widget=forms.TextInput(attrs=_TYPED),
    )
    scope = forms.MultipleChoiceField(
        choices=list(ANSWERS.items()),
        label=_("What your client lets you see"),
        help_text=_("Check only what is on the paper. You see nothing else."),
        widget=forms.CheckboxSelectMultiple,
    )
    purpose = forms.ChoiceField(choices=[("", _("Choose one")), *PURPOSES.items()], label=_("What it is for"))
    signed_on = forms.DateField(label=_("Signed on"), widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(
        label=_("Last day"),
        help_text=_("As on the paper. Keep it short: your client can sign again."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    scan = forms.FileField(
        label=_("The signed paper"),
        help_text=_(
            "A scan or a photo: PDF, JPEG, PNG or WebP. Only clerks of this court open it, and those who "
            "lead your organization."
        ),
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
    )

    def __init__(self, *args: Any, renews: ConfidentialityRelease | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.renews = renews
        if renews is not None:
            del self.fields["court"], self.fields["docket"]
            self.initial["scope"] = [one for one in SCOPE if getattr(renews, one)]
            self.initial["purpose"] = renews.purpose

    def signed(self) -> SignedRelease:
        """Return what is on the paper. The last day ends at midnight, court time."""
        typed = self.cleaned_data
        after = typed["ends_on"] + timedelta(days=1)
        return SignedRelease(
            scope=frozenset(typed["scope"]),
            purpose=typed["purpose"],
            signed_on=typed["signed_on"],
            ends_at=datetime.combine(after, time(), tzinfo=COURT_TIME),
            scan=typed["scan"].read(),
        )

    def place(self) -> dict[str, Any]:
        """Return court and docket number, unless it is a renewal."""
        return {name: self.cleaned_data[name] for name in ("court", "docket") if name in self.fields}
