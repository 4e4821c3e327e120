"""The form for a protected person's safe contact, filled in by an advocate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Self

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.form_base import SiteForm
from accounts.narrowing import expect
from notifications.models import ClientChoice, ContactChannel, Language, News, SafeContact
from notifications.services.contacts import contacts
from notifications.services.contacts.choices import messages_of
from notifications.services.contacts.contacts import LONGEST_ADDRESS, LONGEST_PHRASE, ContactSettings
from notifications.services.recipients.news import optional_kinds
from orders.errors import DoubtfulFact, InvalidFact
from orders.forms.fields import ClockField
from orders.services.clients.reports import WhyStill

#: The reasons of `WhyStill`, as an advocate reads them.
_WHY = [
    ("", _("Choose one")),
    (WhyStill.KEPT.value, _("My client knows of no sale or hand-over since then.")),
    (WhyStill.HIDDEN.value, _("My client thinks that they are hidden.")),
    (WhyStill.SEEN.value, _("Someone else has seen them since.")),
]


#: The kinds of news as the pages of advocates name them, in the reader's language.
NEWS = [
    (News.SERVED, _("The order was served, or is not yet shortly before the hearing")),
    (News.PROOF, _("Proof that the guns are gone, or a sworn paper about it")),
    (News.HEARING, _("A hearing is set, moved, canceled, near or over")),
    (News.EXTENSION, _("The days to ask for more time begin or end")),
    (News.ORDER, _("The order changes or ends")),
    (News.OVERDUE, _("The guns were not handed in on time")),
    (News.RETURN, _("The other side asks for the guns back")),
]


def news_words(kinds: Iterable[News]) -> list[str]:
    """Return the kinds in words, in the order of the form."""
    chosen = set(kinds)
    return [str(words) for kind, words in NEWS if kind in chosen]


def _news_field() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=[(kind.value, words) for kind, words in NEWS],
        label=_("The person wants a message when"),
        initial=[kind.value for kind, _words in NEWS],
        help_text=_("Each message has the same neutral words, whatever the news is."),
        widget=forms.CheckboxSelectMultiple,
    )


class NewsForm(SiteForm):
    """The news that the protected person wants a message about."""

    news = _news_field()

    @classmethod
    def of(cls, contact: SafeContact) -> Self:
        """The form with what was chosen."""
        return cls(initial={"news": [one.value for one in contacts.wanted_news(contact)]})


class ChoiceForm(SiteForm):
    """The news of one client that the advocate wants a message about."""

    messages = forms.MultipleChoiceField(
        required=False,
        choices=[],
        label=_("Send me a message when"),
        help_text=_("What you leave out waits on your first page, without a message."),
        widget=forms.CheckboxSelectMultiple,
    )
    by_email_only = forms.BooleanField(
        required=False,
        label=_("Only by email: no text message and no other service for this client"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        optional = optional_kinds()
        field = expect(forms.MultipleChoiceField, self.fields["messages"])
        field.choices = [(kind.value, words) for kind, words in NEWS if kind in optional]

    @classmethod
    def of(cls, choice: ClientChoice) -> Self:
        """The form with what was chosen."""
        return cls(initial={"messages": messages_of(choice), "by_email_only": choice.by_email_only})


class AliasForm(SiteForm):
    """What the advocate calls the client on a screen."""

    alias = forms.CharField(
        required=False,
        max_length=40,
        label=_("What you call this client here"),
        help_text=_(
            "A word of your own, such as “Blue Heron”, or initials. A name is refused: others may see your "
            "screen. It is stored encrypted."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ReportForm(SiteForm):
    """The client knows that firearms are still there."""

    known_on = forms.DateField(
        label=_("When did your client last know of guns there?"),
        help_text=_("A day since the court case began. For a day before that you give a reason."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    why = forms.ChoiceField(required=False, choices=_WHY, label=_("Why does this day still count?"))

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        if not (data and data.get("why")):
            self.fields["why"].widget = forms.HiddenInput()

    def refuse(self, refusal: InvalidFact) -> None:
        """Show a refusal at the day, and ask for the reason if it is in doubt."""
        if isinstance(refusal, DoubtfulFact):
            self.fields["why"].widget = forms.Select(choices=_WHY)
        self.add_error("known_on", refusal.message)


class ContactForm(SiteForm):
    """Safe contact settings. An earlier address and code phrase are not shown, and are erased."""

    channel = forms.ChoiceField(choices=ContactChannel.choices, label=_("How to notify the person"))
    address = forms.CharField(
        required=False,
        max_length=LONGEST_ADDRESS,
        label=_("Email address or mobile number"),
        help_text=_(
            "Leave empty if you notify the person yourself. Stored encrypted, shown once after saving."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    second_channel = forms.ChoiceField(
        required=False,
        choices=[("", "")],
        label=_("Second way"),
        help_text=_("Only for a message that did not arrive by the first way. If it fails too, we ask you."),
    )
    second_address = forms.CharField(
        required=False,
        max_length=LONGEST_ADDRESS,
        label=_("Address of the second way"),
        help_text=_("Only if the person chose this way too, and it is as safe as the first one."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    phrase = forms.CharField(
        required=False,
        max_length=LONGEST_PHRASE,
        label=_("Code phrase"),
        help_text=_("Words chosen by the person, so that they can recognize a message as real. No names."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    pin = forms.CharField(
        required=False,
        max_length=8,
        label=_("PIN"),
        help_text=_(
            "4 to 8 digits that only the person knows. Each message then has a link to answer it, and comes "
            "again until it is answered. If it is not, you are asked to help. "
            "Leave it empty if no link is safe."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    language = forms.ChoiceField(choices=Language.choices, label=_("Language"))
    hours_from = ClockField(
        required=False,
        label=_("Not before"),
        help_text=_("Court time, such as 9 a.m. Leave both times empty for any hour."),
    )
    hours_until = ClockField(required=False, label=_("Not after"), help_text=_("Such as 8 p.m."))
    confirm_every_days = forms.IntegerField(
        label=_("Ask the person again after (days)"),
        min_value=settings.MIN_SAFE_CONTACT_DAYS,
        max_value=settings.MAX_SAFE_CONTACT_DAYS,
        initial=settings.SAFE_CONTACT_DAYS,
        help_text=_("After this time no message goes out until you confirm the contact again."),
    )

    news = _news_field()

    @classmethod
    def showing(cls, contact: SafeContact | None) -> Self:
        """An empty form with what the page shows of the contact anyway: a change must not lose safe hours."""
        if contact is None:
            return cls()
        shown = ("channel", "second_channel", "language", "hours_from", "hours_until")
        days = contact.confirm_every.days
        news = [one.value for one in contacts.wanted_news(contact)]
        kept = {name: getattr(contact, name) for name in shown}
        return cls(initial=kept | {"confirm_every_days": days, "news": news})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Leave out text messages where no provider is set."""
        super().__init__(*args, **kwargs)
        left_out = () if settings.SMS_PROVIDERS else (ContactChannel.SMS,)
        channel = expect(forms.ChoiceField, self.fields["channel"])
        channel.choices = [(one.value, _(one.label)) for one in ContactChannel if one not in left_out]
        second = expect(forms.ChoiceField, self.fields["second_channel"])
        messages = [one for one in channel.choices if one[0] != ContactChannel.RELAY]
        second.choices = [("", _("No second way")), *messages]

    def to_settings(self) -> ContactSettings:
        """Return the settings for the service."""
        typed: dict[str, Any] = dict(self.cleaned_data)
        return ContactSettings(confirm_every=timedelta(days=typed.pop("confirm_every_days")), **typed)
