"""The same fact a second time: two clerks, two tabs, or a system beside a desk. A person confirms it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from accounts.text import fold
from orders.services.correctable import before_correction
from orders.services.one_round import doubt


def ask_if_recorded(
    row: Any,
    names: Sequence[str],
    *,
    words: Callable[[Any], str],
    confirm: str,
    field: str = "",
    among: Callable[[Any], bool] = lambda one: True,
) -> None:
    """Raise `DoubtfulFact` if another row of the order is equal in these columns, and `confirm` is empty.

    The first column, or `field`, gets the question. A text that one of the two does not state is no
    difference. A correction that changes none of these columns raises no question again.
    """
    stored = before_correction(row)
    if confirm.strip() or (stored is not None and _values(stored, names) == _values(row, names)):
        return
    exact = {name: getattr(row, name) for name in names if not isinstance(getattr(row, name), str)}
    rows = type(row)._default_manager.filter(order=row.order, **exact).exclude(pk=row.pk).order_by("pk")
    same = next((one for one in rows if _is_equal(one, row, names) and among(one)), None)
    if same is None:
        return
    same.order = row.order
    doubt_again(field or names[0], words(same))


def doubt_again(field: str, words: str) -> None:
    """Doubt a fact that is on record in these words. Raises `DoubtfulFact`."""
    doubt(
        field,
        "already_recorded",
        f"This is already recorded ({words}). If it is the same, cancel. If it happened twice, give the "
        "reason to continue.",
    )


def _is_equal(one: Any, two: Any, names: Sequence[str]) -> bool:
    pairs = zip(_values(one, names), _values(two, names), strict=True)
    return all(a == b or "" in (a, b) for a, b in pairs)


def _values(row: Any, names: Sequence[str]) -> list[object]:
    values = (getattr(row, name) for name in names)
    return [fold(value) if isinstance(value, str) else value for value in values]
