"""Processes that stop at a certain point, to be killed there.

Each is forked from the process that plays the scenarios and runs the product's own code. At the point it
writes `here` and waits; without a point it writes `done` at the end.
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
from notifications.services.delivery import sending
from orders.services.orders.entry import enter_orders
from tests.faults import orders_due

Say = Callable[[str], None]


def forked(mouth: str, act: Callable[[Say], None]) -> dict[str, object]:
    """Fork a process that calls `act`, which writes words into the file `mouth`."""
    # Two processes must not share a connection. The child is killed elsewhere, so it is not waited for here.
    connections.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    pid = os.fork()
    if pid:
        return {"pid": pid}
    try:
        act(lambda word: _say(mouth, word))
        _say(mouth, "done")
    except BaseException:
        _say(mouth, traceback.format_exc())
    finally:
        os._exit(0)


def sender(mouth: str, point: str, worker: str, channel: str, email: str) -> dict[str, object]:
    """Fork a process that drains once, up to the point.

    `leased`: before anything is recorded as begun; `begun`: before anything is sent; `taken`: before what
    the channel sent is recorded. `email` names the email provider.
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
    """Fork a process that enters an order whose check is due, up to just before or after its COMMIT."""
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
    """Replace the function by one that stops; with `first`, after the function has run."""
    original = getattr(where, name)

    def stop(given: Any, *more: Any, **named: Any) -> Any:
        if unless(given):
            return original(given, *more, **named)
        if first:
            original(given, *more, **named)
        say("here")
        threading.Event().wait()
        raise AssertionError("the test did not kill it")

    setattr(where, name, stop)


def _say(mouth: str, word: str) -> None:
    # Renamed as a whole, so that no reader sees a part.
    new = Path(f"{mouth}.new")
    new.write_text(word, encoding="utf-8")
    new.rename(mouth)
