"""The base of every form: clean text, and forms that are shown again without being saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from django import forms
from django.db.models import Model
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop
from typing_extensions import TypeVar, override

from accounts.text import clean, clean_lines

Row = TypeVar("Row", bound=Model, default=Any)


class ShownAgain(QueryDict):
    """What a person typed, to be shown again and not saved.

    `message` gives the reason. `digest` is set if the person may save the same entries once more. `saved` is
    what this form saved before, and `page` the address of the page that shows it.
    """

    message: str = ""
    digest: str = ""
    saved: QueryDict | None = None
    page: str = ""

    @classmethod
    def of(cls, typed: QueryDict, *, message: str, digest: str = "") -> ShownAgain:
        """Return a copy of what was typed."""
        again: Any = cls(typed.urlencode())
        again.message, again.digest = message, digest
        return cast("ShownAgain", again)


if TYPE_CHECKING:
    _Form = forms.BaseForm
else:
    _Form = object


class Refusal(Protocol):
    """What a service refuses: the name of the field, and the problem with its remedy."""

    field: str
    message: str

    @property
    def others(self) -> Sequence[Refusal]:
        """More refusals of the same input."""


class SiteFormMixin(_Form):
    """Cleans every text field, and rejects data that is only to be shown again.

    Passwords and hidden values stay as they were sent.
    """

    #: Fields of the form, by the names that a service has for them where these differ.
    beside: ClassVar[Mapping[str, str]] = {}

    #: Fields whose text must be stored exactly as typed.
    kept_as_typed: ClassVar[Iterable[str]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            _name_parts(field)

    @override
    def full_clean(self) -> None:
        """Validate. What is only shown again has an error, so that no view saves it."""
        super().full_clean()
        if message := self.shown_again:
            self._mark_changes()
            self.add_error(None, gettext(message))

    @property
    def shown_again(self) -> str:
        """Why the form is only shown again; an empty text for a form that was sent to be saved."""
        return self.data.message if self.is_bound and isinstance(self.data, ShownAgain) else ""

    @property
    def saved_page(self) -> str:
        """The page that shows what this form saved before; empty for every other form."""
        return self.data.page if self.is_bound and isinstance(self.data, ShownAgain) else ""

    def show_refusal(self, refusal: Refusal) -> None:
        """Show a service's refusal, and its others, beside the fields they are about or above the form."""
        for one in (refusal, *refusal.others):
            name = self.beside.get(one.field, one.field)
            self.add_error(name if name in self.fields else None, one.message)

    def _mark_changes(self) -> None:
        """Show what was saved beside each field that was changed after that."""
        saved = self.data.saved if isinstance(self.data, ShownAgain) else None
        if saved is None:
            return
        for name, field in self.fields.items():
            html_name, widget = self.add_prefix(name), field.widget
            before = widget.value_from_datadict(saved, MultiValueDict(), html_name)
            if before != widget.value_from_datadict(self.data, MultiValueDict(), html_name):
                self.add_error(name, f"Saved: {_in_words(field, before)}.")

    def _clean_fields(self) -> None:
        for name, field in self.fields.items():
            if name not in self.kept_as_typed:
                clean_text_of(field)
            name_what_is_missing(field, str(field.widget.attrs.get("aria-label") or self[name].label))
        parent: Any = super()
        parent._clean_fields()  # noqa: SLF001 - the step of `full_clean` at which all fields are there


class SiteForm(SiteFormMixin, forms.Form):
    """A form of this site."""


class SiteModelForm(SiteFormMixin, forms.ModelForm[Row]):
    """A form of one row."""


def _in_words(field: forms.Field, value: Any) -> str:
    """Return a value as it was sent in the words of the form."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    values = [str(one) for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]
    labels = {str(key): str(label) for key, label in getattr(field, "choices", ())}
    return ", ".join(labels.get(one, one) for one in values) or "nothing"


#: What an empty field asks for, by its kind: the first that fits. The label is in quotes, because it may be
#: more than a noun.
_MISSING: Sequence[tuple[type[forms.Field], str]] = (
    (forms.MultiValueField, gettext_noop("Enter the date and the time for “%(label)s”.")),
    (forms.FileField, gettext_noop("Choose a file for “%(label)s”.")),
    (forms.MultipleChoiceField, gettext_noop("Choose at least one for “%(label)s”.")),
    (forms.ModelMultipleChoiceField, gettext_noop("Choose at least one for “%(label)s”.")),
    (forms.ChoiceField, gettext_noop("Choose one for “%(label)s”.")),
    (forms.ModelChoiceField, gettext_noop("Choose one for “%(label)s”.")),
    (forms.DateField, gettext_noop("Enter the date for “%(label)s”.")),
    (forms.IntegerField, gettext_noop("Enter a number for “%(label)s”.")),
    (forms.BooleanField, gettext_noop("Tick “%(label)s” to go on.")),
    (forms.Field, gettext_noop("Fill in “%(label)s”.")),
)


def name_what_is_missing(field: forms.Field, label: str) -> None:
    """Let a required field without a value name what to enter, in place of Django's “This field is required.”

    A field has words of its own in `missing`, and those of its `error_messages` stay.
    """
    standard = forms.Field.default_error_messages["required"]
    if field.error_messages.get("required") != standard:
        return
    words = getattr(field, "missing", "") or next(text for kind, text in _MISSING if isinstance(field, kind))
    field.error_messages["required"] = gettext(words) % {"label": capfirst(label)}


def _name_parts(field: forms.Field) -> None:
    """Name the date and the time of Django's admin for screen readers; the label names neither."""
    if isinstance(field.widget, forms.SplitDateTimeWidget):
        for widget, part in zip(field.widget.widgets, ("date", "time of day"), strict=True):
            widget.attrs.setdefault("aria-label", f"{field.label}: {part}")


def clean_text_of(field: forms.Field) -> None:
    """Let a text field clean its text before it checks it. Does nothing to other fields."""
    if isinstance(field, forms.MultiValueField):
        for part in field.fields:
            clean_text_of(part)
    if not isinstance(field, forms.CharField) or "to_python" in vars(field):
        return
    if isinstance(field.widget, forms.PasswordInput | forms.HiddenInput):
        return
    tidy = clean_lines if isinstance(field.widget, forms.Textarea) else clean
    to_python = field.to_python

    def cleaned(value: Any) -> Any:
        return to_python(tidy(value) if isinstance(value, str) else value)

    vars(field)["to_python"] = cleaned
