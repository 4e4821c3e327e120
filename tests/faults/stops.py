"""Processes that come to a certain point and no further, to be killed there.

Each is forked from the one that plays the scenes and is the product's own code on its way. At the point it
says `here` and waits; where it has none it says `done`.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import Agency, Town
from notifications.channels.email import SmtpChannel
from notifications.channels.http_email import ResendChannel
from notifications.channels.sms import TwilioChannel
from notifications.services import sending
from orders.services.entry import enter_orders
from tests.faults import orders_due

Say = Callable[[str], None]


def forked(mouth: str, act: Callable[[Say], None]) -> dict[str, object]:
    """A process that does this, and says what it says into the file `mouth`."""
    # A connection that two processes hold is neither's. And it is killed elsewhere: nobody here waits for it.
    connections.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    pid = os.fork()
    if pid:
        return {"pid": pid}
    try:
        act(lambda word: _say(mouth, word))
        _say(mouth, "done")
    except BaseException:  # noqa: BLE001 - whatever it was, the test reads it
        _say(mouth, traceback.format_exc())
    finally:
        os._exit(0)


def sender(mouth: str, point: str, worker: str, channel: str, email: str) -> dict[str, object]:
    """A process that drains once, to the point.

    `leased`: nothing is on record as begun; `begun`: nothing has been sent; `taken`: what was sent by the
    channel is not on record. `email` names who carries it.
    """

    def act(say: Say) -> None:
        settings.EMAIL_PROVIDERS = [email]
        if point == "leased":
            _stop(sending, "begin", say)
        if point == "begun":
            for carrier in (ResendChannel, SmtpChannel, TwilioChannel):
                _stop(carrier, "send", say)
        if point == "taken":
            _stop(sending, "complete", say, unless=lambda ends: not ends or ends[0].alert.channel != channel)
        sending.drain(worker=worker)

    return forked(mouth, act)


def clerk(mouth: str, point: str, court: int, town: int) -> dict[str, object]:
    """A process that enters an order whose check is due, up to just before or just after its COMMIT."""
    new = orders_due.new_order(Agency.objects.get(pk=court), Town.objects.get(pk=town), 1, seconds=-1)

    def act(say: Say) -> None:
        _stop(BaseDatabaseWrapper, "_commit", say, first=point == "after")
        enter_orders([new], by=None, now=orders_due.now())

    return forked(mouth, act)


def _stop(
    where: Any,
    name: str,
    say: Say,
    *,
    unless: Callable[[Any], bool] = lambda _given: False,
    first: bool = False,
) -> None:
    """In place of the function it ends there; with `first`, when that is done."""
    original = getattr(where, name)

    def stop(given: Any, *more: Any, **named: Any) -> Any:
        if unless(given):
            return original(given, *more, **named)
        if first:
            original(given, *more, **named)
        say("here")
        threading.Event().wait()
        raise AssertionError("nobody came to kill it")

    setattr(where, name, stop)


def _say(mouth: str, word: str) -> None:
    # Whole or not at all.
    new = Path(f"{mouth}.new")
    new.write_text(word, encoding="utf-8")
    new.rename(mouth)
