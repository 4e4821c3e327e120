"""The tables that grow with every order that is imported."""

from __future__ import annotations

from orders.models import (
    Case,
    Checkpoint,
    Deadline,
    Firearm,
    Hearing,
    HistoryEntry,
    Order,
    OrderAgency,
    ProtectedPerson,
    Receipt,
    ReceiptItem,
    Respondent,
    Statement,
)

#: The tables that grow with every order.
GROWING = (
    Case,
    Checkpoint,
    OrderAgency,
    Deadline,
    HistoryEntry,
    Firearm,
    Hearing,
    Order,
    ProtectedPerson,
    Receipt,
    ReceiptItem,
    Respondent,
    Statement,
)
