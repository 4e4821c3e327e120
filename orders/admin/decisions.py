"""A court's setting for a rule in words."""

from __future__ import annotations

from orders.models import CourtRule
from orders.rules.words import LANGUAGE, words


def decision_words(decision: CourtRule) -> str:
    """Return a court's setting for a rule."""
    if not decision.is_on:
        return "Off"
    parts = ["On"]
    if decision.due_amount is not None:
        parts.append(f"due after {_span(decision.due_amount, decision.due_unit)}")
    if decision.reminders is not None:
        spans = [f"{_span(-amount, unit)} before" for amount, unit in decision.reminders]
        parts.append(f"reminders {' and '.join(spans)}" if spans else "no reminders")
    return "; ".join(parts) if len(parts) > 1 else "On, as the rulebook has it"


def _span(amount: int, unit: str) -> str:
    """Return an amount with its unit, such as “1 court day”."""
    return f"{amount} {words(LANGUAGE).texts[f'unit.{unit}_one' if amount == 1 else f'unit.{unit}']}"
