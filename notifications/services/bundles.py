"""One message for one person: alerts that leave together for one address share it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from notifications.models import Channel, Via
from notifications.services.outbox import Leased


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """Alerts that one message tells of. `key` and `size` are those of the first try, whatever is left of it:
    a provider that was given the key is given the same words with it."""

    key: UUID
    size: int
    alerts: tuple[Leased, ...]

    @property
    def first(self) -> Leased:
        """The alert that speaks for all: they have address, channel and language in common."""
        return self.alerts[0]


def bundles_of(alerts: Iterable[Leased]) -> list[Bundle]:
    """The messages that tell of these alerts, in the order of the alerts.

    What was begun together stays together; what is new is gathered by recipient and channel.
    """
    gathered: defaultdict[object, list[Leased]] = defaultdict(list)
    for one in alerts:
        gathered[one.message_key or _whom(one)].append(one)
    return [_bundle(together) for together in gathered.values()]


def _bundle(together: Sequence[Leased]) -> Bundle:
    first = together[0]
    # The first alert's own id serves as the key of all.
    return Bundle(
        key=first.message_key or first.public_id,
        size=first.bundled or len(together),
        alerts=tuple(together),
    )


def _whom(alert: Leased) -> object:
    if alert.channel == Channel.CANARY:
        return alert.id
    # A desk is its agency's; a protected person is known by the release alone.
    who = alert.release if alert.via == Via.PROTECTED else alert.recipient or f"agency {alert.agency}"
    return alert.channel, alert.via == Via.PROTECTED, alert.via == Via.OPERATOR, who
