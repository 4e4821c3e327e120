"""Who records a receipt of police: their own people, the court, or other police, who give the reason."""

from __future__ import annotations

from accounts.models import User
from orders.models import Receipt
from orders.services.correctable import before_correction
from orders.services.one_round import doubt


def check_recorder(receipt: Receipt, by: User | None, confirm: str) -> None:
    """Raise `DoubtfulFact` for a receipt of another agency, unless `confirm` gives the reason.

    Police who help others may hand in their receipt. The court records what each agency took. A correction is
    asked about only if it is by that that the receipt is of another agency.
    """
    if by is None or receipt.agency is None or confirm:
        return
    mine = by.agencies_for("add", "receipt")
    if receipt.agency_id in mine or receipt.order.case.court_id in mine:
        return
    stored = before_correction(receipt)
    if stored is not None and stored.agency_id == receipt.agency_id:
        return
    doubt(
        "agency",
        "receipt_of_another_agency",
        f"You do not act for {receipt.agency}. Choose your own agency. If {receipt.agency} took the "
        "firearms, give the reason why you record it, such as mutual aid.",
    )
