"""Bundle alerts: alerts that leave at the same time for the same address share one message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from notifications.models import Channel, Via
from notifications.services.delivery.outbox import LeasedAlert


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """The alerts of one message.

    `key` and `size` are those of the first attempt, even if fewer alerts are left: a provider that received
    the key must receive the same text with it.
    """

    key: UUID
    size: int
    alerts: tuple[LeasedAlert, ...]

    @property
    def first(self) -> LeasedAlert:
        """The first alert. All alerts of a bundle have the same address, channel and language."""
        return self.alerts[0]

    def along_with(self, waiting: Sequence[LeasedAlert]) -> Bundle:
        """Return the message, not attempted yet, with more alerts."""
        alerts = (*self.alerts, *waiting)
        return replace(self, size=len(alerts), alerts=alerts)

    @property
    def is_one_row(self) -> bool:
        """True if the alerts are one row to acknowledge: alone, or all of one case."""
        places = {(one.case, one.agency, one.release and one.via) for one in self.alerts}
        is_whole = len(self.alerts) == self.size
        return self.size == 1 or (is_whole and len(places) == 1 and self.first.case is not None)


def bundles_of(alerts: Iterable[LeasedAlert]) -> list[Bundle]:
    """Return the messages for these alerts, in the order of the alerts.

    Alerts whose message was already attempted stay together; new ones are grouped by recipient and channel.
    """
    gathered: defaultdict[object, list[LeasedAlert]] = defaultdict(list)
    for one in alerts:
        gathered[one.message_key or _recipient_key(one)].append(one)
    return [_bundle(together) for together in gathered.values()]


def _bundle(together: Sequence[LeasedAlert]) -> Bundle:
    first = together[0]
    # The first alert's public id is the key of the message.
    return Bundle(
        key=first.message_key or first.public_id,
        size=first.bundled or len(together),
        alerts=tuple(together),
    )


def _recipient_key(alert: LeasedAlert) -> object:
    if alert.channel == Channel.CANARY or alert.figures:
        return alert.id
    # A desk belongs to its agency; a protected person is identified by the release only.
    # The two ways to a person stay apart.
    person = (alert.release, alert.address) if alert.via == Via.PROTECTED else alert.recipient
    recipient = person or f"agency {alert.agency}"
    is_apart = alert.via == Via.PROTECTED, alert.via == Via.OPERATOR, alert.is_rehearsal
    return alert.channel, *is_apart, recipient
