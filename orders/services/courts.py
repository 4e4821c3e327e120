"""Courts: what their orders require of the row that an administrator keeps."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.models import Agency, AgencyKind, Town
from orders.errors import InvalidFact
from orders.models import Case
from orders.services.orders.legal_checks import check_area


def check_court(row: Agency | Town) -> None:
    """Raise `ValidationError` for a county without a time zone of its own, and for a court that moves.

    The orders of a court keep the law and the clock of their state.
    """
    if not isinstance(row, Agency) or row.kind != AgencyKind.COURT:
        return
    try:
        row.area = check_area(row.jurisdiction, row.area)
    except InvalidFact as refusal:
        raise ValidationError({"area": refusal.message}) from refusal
    stored = Agency.objects.filter(pk=row.pk).first()
    if stored is None or not Case.objects.filter(court=row.pk).exists():
        return
    for name, what in (("jurisdiction", "state"), ("area", "county")):
        if getattr(stored, name) != getattr(row, name):
            message = f"This court has orders, which keep its {what}. Add another court instead."
            raise ValidationError({name: message})
