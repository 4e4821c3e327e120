"""Alerts, how they are sent, and who must acknowledge them."""

from __future__ import annotations

from notifications.models.account_reminder import AccountReminder
from notifications.models.alert import SENDABLE, Alert, AlertState, Channel, Priority, Via
from notifications.models.audit_digest import AuditDigest
from notifications.models.client_choice import ClientChoice, News
from notifications.models.confirmed import ConfirmedDatabase
from notifications.models.contact import ContactChannel, SafeContact
from notifications.models.counter import Counter
from notifications.models.escalation import EscalationStep, EscalationTarget, PendingAcknowledgment
from notifications.models.feed import CalendarFeed
from notifications.models.finding import Finding
from notifications.models.heartbeat import Heartbeat
from notifications.models.notes import FollowUpNote
from notifications.models.parked import ParkedRow
from notifications.models.periodic import PeriodicRun
from notifications.models.provider import Callback, Provider
from notifications.models.recipient import Language, OptedOutNumber, Preference
from notifications.models.rehearsal import Rehearsal
from notifications.models.template import MessageTemplate
from notifications.models.webhook import (
    PING,
    DeliveryState,
    SubscriptionState,
    WebhookDelivery,
    WebhookEvent,
    WebhookSubscription,
)
from notifications.models.weekly import WeeklyReport

__all__ = [
    "PING",
    "SENDABLE",
    "AccountReminder",
    "Alert",
    "AlertState",
    "AuditDigest",
    "CalendarFeed",
    "Callback",
    "Channel",
    "ClientChoice",
    "ConfirmedDatabase",
    "ContactChannel",
    "Counter",
    "DeliveryState",
    "EscalationStep",
    "EscalationTarget",
    "Finding",
    "FollowUpNote",
    "Heartbeat",
    "Language",
    "MessageTemplate",
    "News",
    "OptedOutNumber",
    "ParkedRow",
    "PendingAcknowledgment",
    "PeriodicRun",
    "Preference",
    "Priority",
    "Provider",
    "Rehearsal",
    "SafeContact",
    "SubscriptionState",
    "Via",
    "WebhookDelivery",
    "WebhookEvent",
    "WebhookSubscription",
    "WeeklyReport",
]
