"""Why an import rejects a row that can be read."""

from __future__ import annotations

from orders.services.orders.entry import NewOrder
from orders.services.registry.cells import Rejected

NOT_YOURS = Rejected(
    "not_your_court", "docket_number: belongs to another court. A clerk of that court can import it."
)


AMBIGUOUS = Rejected(
    "number_of_several_courts",
    "por_number: several courts have an order with this number, and the docket is of another court. "
    "Correct the number of the wrong one on its page.",
)


IN_ERROR = Rejected(
    "entered_in_error",
    "por_number: the order was withdrawn here because it was entered in error. If the registry is right, "
    "restore the order on its page and import the row again.",
)


def unknown(number: str) -> Rejected:
    """The order of a firearm or receipt is not stored."""
    return Rejected(
        "unknown_por_number",
        f"por_number: no order {number[:40]} is stored. Import its row of orders.csv first.",
    )


def duplicate(new: NewOrder) -> Rejected:
    """Two rows of one file have the same number."""
    return Rejected(
        "duplicate_por_number",
        f"por_number: an earlier row of this file has {new.por_number} with other content. The first row is "
        "used. Remove the wrong one.",
    )
