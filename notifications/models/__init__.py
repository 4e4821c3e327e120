"""What is told to whom, how, and what came of it."""

from __future__ import annotations

from notifications.models.alert import SENDABLE, Alert, AlertState, Channel, Via
from notifications.models.answer import AwaitedAnswer, EscalationStep, StepTo
from notifications.models.contact import ContactChannel, SafeContact
from notifications.models.feed import CalendarFeed
from notifications.models.finding import Finding
from notifications.models.heartbeat import Heartbeat
from notifications.models.provider import Callback, Provider
from notifications.models.recipient import Language, Preference, StoppedNumber
from notifications.models.tally import Tally
from notifications.models.template import MessageTemplate
from notifications.models.webhook import (
    PING,
    DeliveryState,
    HookEvent,
    HookState,
    WebhookDelivery,
    WebhookSubscription,
)

__all__ = [
    "PING",
    "SENDABLE",
    "Alert",
    "AlertState",
    "AwaitedAnswer",
    "CalendarFeed",
    "Callback",
    "Channel",
    "ContactChannel",
    "DeliveryState",
    "EscalationStep",
    "Finding",
    "Heartbeat",
    "HookEvent",
    "HookState",
    "Language",
    "MessageTemplate",
    "Preference",
    "Provider",
    "SafeContact",
    "StepTo",
    "StoppedNumber",
    "Tally",
    "Via",
    "WebhookDelivery",
    "WebhookSubscription",
]
