"""Check an email address with the library that sends, so that no stored address fails when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.db import models
from django.db.models.expressions import Combinable
from django.utils.translation import gettext, gettext_lazy
from typing_extensions import override

#: The longest address, and its longest part before the @, in characters (RFC 5321).
LONGEST = 254
LONGEST_LOCAL_PART = 64

_EXAMPLE = gettext_lazy("Give one such as name@example.com.")


class AddressError(ValueError):
    """An address that mail cannot be sent to. The message gives problem and remedy, and not the address."""


def check_address(address: str) -> None:
    """Raise `AddressError` for an address that mail cannot be sent to."""
    local_part, _, domain = address.rpartition("@")
    if not local_part.isascii():
        # Django would write it in a form for display, which is another mailbox.
        raise AddressError(gettext("Use plain letters. Give one such as name@example.com."))
    if len(address) > LONGEST or len(local_part) > LONGEST_LOCAL_PART:
        raise AddressError(f"{gettext('This email address is too long.')} {_EXAMPLE}")
    try:
        validate_email(address)
        # What Django writes into the envelope: the domain in its form for name servers.
        written = sanitize_address(address, "utf-8")
        written.encode("ascii")
        domain.encode("idna")
    except (ValidationError, ValueError) as error:
        raise AddressError(f"{gettext('Not an email address.')} {_EXAMPLE}") from error


def validate_address(address: str) -> None:
    """Raise `ValidationError` for an address that mail cannot be sent to; for forms and models."""
    try:
        check_address(address)
    except AddressError as error:
        raise ValidationError(str(error), code="invalid") from error


if TYPE_CHECKING:
    _EmailField = models.EmailField[str | Combinable, str]
else:
    _EmailField = models.EmailField


class MailAddressField(_EmailField):
    """An email address that the library accepts which sends to it."""

    default_validators = [validate_address]

    @override
    def deconstruct(self) -> Any:
        """Return the parts of an `EmailField`: the column is the same."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.EmailField", arguments, options
