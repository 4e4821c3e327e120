"""A protected person ends the messages: by a reply to a mail, by STOP to a text message, or with the PIN.

A reply stops them at once and asks once more; a second reply ends the contact and erases the address. The
advocate hears of the first, and asks the person in a safe way.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Value

from accounts.crypto import decrypt
from notifications.channels.protocol import Message
from notifications.models import Alert, Channel, ContactChannel, FollowUpNote, SafeContact, Via
from notifications.services.contacts import contacts
from notifications.services.contacts.unreached import ask_advocates
from notifications.services.delivery import providers
from notifications.services.delivery.links import reply_address
from notifications.services.delivery.templates import Wordings
from notifications.services.restored import is_held

#: A second reply within this time may be a machine's answer to the question, and ends nothing.
BY_MACHINE = timedelta(minutes=2)


def stop_by_reply(alert: UUID, *, now: datetime) -> None:
    """Stop the messages to the contact that this message went to; at the second reply, end the contact."""
    sent = _messages().filter(public_id=alert).first()
    if sent is None:
        return
    with transaction.atomic():
        found = SafeContact.objects.in_force().select_for_update(no_key=True, of=("self",))
        contact = found.filter(release=sent.release_id, set_at__lte=sent.created_at).first()
        if contact is None:
            return
        stopped = _stopped_at(contact, now)
        if stopped is not None:
            if now - stopped >= BY_MACHINE:
                contacts.end(contact, now=now)
            return
        address = contact.encrypted_second_address if _is_second(sent) else contact.encrypted_address
        _stop(contact, sent, now)
        transaction.on_commit(partial(_ask_once_more, sent.public_id, address, contact.language))


def is_stopped(contact: SafeContact, now: datetime) -> bool:
    """Return True if the person asked to stop, and no one has confirmed the contact since then."""
    return _stopped_at(contact, now) is not None


def _stopped_at(contact: SafeContact, now: datetime) -> datetime | None:
    """Return when the person asked to stop; None if someone has confirmed the contact since then."""
    asked = Alert.objects.filter(
        release=contact.release_id, note=FollowUpNote.STOPPED, created_at__gte=contact.set_at
    )
    newest = asked.order_by("-created_at").values_list("created_at", flat=True).first()
    if newest is None or newest <= contact.confirmed_at or not contacts.is_unconfirmed(contact, now):
        return None
    return newest


def ask_after_stop(number: str, *, now: datetime) -> None:
    """Ask the advocates to reach each person with this number (E.164), which sent back STOP."""
    texted = Q(channel=ContactChannel.SMS) | Q(second_channel=ContactChannel.SMS)
    for contact in SafeContact.objects.in_force().filter(texted).order_by("id"):
        if number in _addresses(contact):
            _ask(contact, now)


def end_by_pin(contact: SafeContact, *, now: datetime) -> None:
    """End the contact: the person asked for it twice, each time with the PIN."""
    with transaction.atomic():
        _ask(contact, now)
        contacts.end(contact, now=now)


def _stop(contact: SafeContact, sent: Alert, now: datetime) -> None:
    """Send nothing more until the contact is confirmed again; ask the advocates to reach the person."""
    SafeContact.objects.filter(pk=contact.pk).update(confirmed_at=Value(now) - F("confirm_every"))
    ask_advocates(sent, FollowUpNote.STOPPED, now)


def _ask(contact: SafeContact, now: datetime) -> None:
    """Ask the advocates. Without a message there is nothing that could have been stopped."""
    last = _messages().filter(release=contact.release_id).order_by("-id").first()
    if last is not None:
        ask_advocates(last, FollowUpNote.STOPPED, now)


def _messages() -> QuerySet[Alert]:
    rows = Alert.objects.filter(via=Via.PROTECTED)
    return rows.select_related("agency", "order", "checkpoint", "release")


def _is_second(sent: Alert) -> bool:
    return sent.note == FollowUpNote.SECOND


def _addresses(contact: SafeContact) -> set[str]:
    found = set()
    for one in (contact.encrypted_address, contact.encrypted_second_address):
        try:
            found.add(decrypt(one) if one else "")
        except InvalidToken:
            # Its key is gone, so nothing can be sent to it either.
            continue
    return found


def _ask_once_more(alert: UUID, address: str, language: str) -> None:
    """Mail the question whether the person wants to end the messages for good. Sent once, or not at all."""
    if is_held() or not address:
        return
    text = Wordings().render(("stopped", Channel.EMAIL, language), {})
    message = Message(
        key=str(uuid.uuid4()),
        address=decrypt(address),
        subject=text.subject,
        body=text.body,
        sender=settings.PROTECTED_FROM_EMAIL,
        reply_to=reply_address(alert),
    )
    # Each is sent when its result is asked for.
    for _ in providers.send(Channel.EMAIL, [message], begin=lambda _provider, waiting: waiting):
        pass
