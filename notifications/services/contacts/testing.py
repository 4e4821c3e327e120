"""A test message to the safe contact, which the advocate sends while the person is there to see it."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext

from accounts.crypto import decrypt
from notifications.channels.protocol import Message, SendStatus
from notifications.models import AlertState, Channel, ContactChannel, SafeContact
from notifications.services.contacts.contacts import has_opted_out, is_unconfirmed
from notifications.services.delivery import providers
from notifications.services.delivery.links import person_link
from notifications.services.delivery.templates import Wordings
from notifications.services.rehearsals import in_force
from notifications.services.restored import is_held
from orders.errors import InvalidFact
from orders.services.court_days import zone_of

#: Seconds between two tests of one contact.
EVERY = 600

_CHANNELS = {ContactChannel.EMAIL: Channel.EMAIL, ContactChannel.SMS: Channel.SMS}


def send_test(contact: SafeContact, *, now: datetime) -> bool:
    """Send the message that the person would get, now; return True if a provider took it.

    It is no alert: the person is there and sees whether it came. The contact keeps when the last
    one was sent and what became of it. Raises `InvalidFact` outside
    the hours, while nothing may go to the contact, and within ten minutes after the last test.
    """
    channel = _CHANNELS.get(ContactChannel(contact.channel))
    if channel is None:
        raise _refused("relay", gettext("You reach the person yourself, so there is nothing to test."))
    if is_unconfirmed(contact, now) or has_opted_out(contact):
        raise _refused("silent", gettext("Nothing goes to this contact now. See why above."))
    if not _is_within_hours(contact, now):
        raise _refused("hours", gettext("It is outside the hours that the person chose. Test it later."))
    if is_held() or in_force(now).exists():
        raise _refused("held", gettext("Messages are held back for a rehearsal or a repair. Test it later."))
    if not cache.add(f"contact-test:{contact.public_id}", 1, EVERY):
        raise _refused("again", gettext("A test went out a short while ago. Wait ten minutes."))
    phrase = decrypt(contact.encrypted_phrase) if contact.encrypted_phrase else ""
    # The link of a test opens the page and answers nothing.
    fields = {"link": person_link(uuid.uuid4()), "code": "", "phrase": phrase, "stop": ""}
    name = "news_pin" if contact.encrypted_pin else "news"
    text = Wordings().render((name, channel, contact.language), fields)
    message = Message(
        key=str(uuid.uuid4()),
        address=decrypt(contact.encrypted_address),
        subject=text.subject,
        body=text.body,
        sender=settings.PROTECTED_FROM_EMAIL if channel == Channel.EMAIL else "",
    )
    results = providers.send(channel, [message], begin=lambda _provider, waiting: waiting)
    contact.tested_at, contact.tested_as = now, _became({result.status for _, result in results})
    contact.save(update_fields=["tested_at", "tested_as"])
    return contact.tested_as != AlertState.FAILED


def _became(found: set[SendStatus]) -> AlertState:
    """Return the best of what the providers answered."""
    if SendStatus.ACCEPTED in found:
        return AlertState.ACCEPTED
    return AlertState.IN_DOUBT if SendStatus.IN_DOUBT in found else AlertState.FAILED


def _is_within_hours(contact: SafeContact, now: datetime) -> bool:
    begins, ends = contact.hours_from, contact.hours_until
    if begins is None or ends is None:
        return True
    clock = now.astimezone(zone_of(contact.release.order)).time()
    return begins <= clock < ends if begins < ends else clock >= begins or clock < ends


def _refused(code: str, message: str) -> InvalidFact:
    return InvalidFact("safe_contact", code, message)
