"""Messages of a rehearsal: where they go, and the words that mark them."""

from __future__ import annotations

from notifications.models import Channel, Language, Via
from notifications.services.delivery.outbox import LeasedAlert
from notifications.services.delivery.templates import Rendered
from notifications.services.rehearsals import first_address

#: Recorded as the provider of what a rehearsal sends to no one.
NO_PROVIDER = "rehearsal"

#: Before the subject, and the first line of the text.
_PREFIX = {Language.ENGLISH.value: "[REHEARSAL] ", Language.SPANISH.value: "[SIMULACRO] "}
_FIRST_LINE = {
    Language.ENGLISH.value: "This is a rehearsal. It is about no real case, and asks you for nothing.",
    Language.SPANISH.value: "Esto es un simulacro. No trata de ningún caso real y no le pide nada.",
}


def leaves(alert: LeasedAlert) -> bool:
    """True if the message goes to anyone: always, but in a rehearsal only email does.

    What is for a protected person has words that only that person knows, so no one else gets it.
    """
    return not alert.is_rehearsal or (alert.channel == Channel.EMAIL and alert.via != Via.PROTECTED)


def address_for(alert: LeasedAlert, address: str) -> str:
    """Return the address that the message goes to: in a rehearsal one of its list."""
    return first_address(alert.rehearsal_addresses, address) if alert.is_rehearsal else address


def marked(alert: LeasedAlert, text: Rendered) -> Rendered:
    """Return the text with the words that mark a rehearsal, if it is one."""
    if not alert.is_rehearsal:
        return text
    prefix, line = _PREFIX[alert.language], _FIRST_LINE[alert.language]
    return Rendered(label=text.label, subject=prefix + text.subject, body=f"{line}\n\n{text.body}")
