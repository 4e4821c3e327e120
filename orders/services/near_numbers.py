"""Serial numbers of one person on two dockets that may be one number: a clerk decides.

The cases of a person at a court share an inventory, in which only equal numbers are one firearm. A number
that is typed otherwise on the later docket is a second firearm there, which no receipt of the first accounts
for. After each act and import, the pairs of one person are compared with what was asked about them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from accounts.text import show_invisible
from orders.matching.serials import near_keys
from orders.models import Firearm, Order, ReviewItem, ReviewKind
from orders.services.bulk import make
from orders.services.person_cases import Group

#: The code of these items. `firearms` of the payload has the firearm that was listed first, `counts` the
#: later one, and `keys` their numbers.
NEAR_ON_OTHER_DOCKET = "near_on_other_docket"
#: The group of a case without numbers.
_NO_GROUP: Group = (0, 0)
_LISTED = (
    *("serial_key", "public_id", "order", "order__case", "order__case__docket_number"),
    *("order__case__respondent__person", "order__case__court"),
)


@dataclass(slots=True)
class _Number:
    """A number of a person's inventory: its first listing, and the cases that list it."""

    key: str
    public_id: str
    order: int
    docket: str
    cases: set[int] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pair:
    """Two numbers of one person, the one that was listed first and the later one."""

    group: Group
    first: _Number
    later: _Number

    @property
    def ids(self) -> dict[str, object]:
        """Both firearms, as the payload of an item has them."""
        return {"firearms": [self.first.public_id], "counts": self.later.public_id}

    def item(self, now: datetime) -> ReviewItem:
        """Return the unstored item."""
        number, other = (show_invisible(one.key)[:40] for one in (self.later, self.first))
        return make(
            ReviewItem,
            order_id=self.later.order,
            kind=ReviewKind.DOUBTFUL,
            code=NEAR_ON_OTHER_DOCKET,
            file="",
            line=0,
            detail=f"serial: {number} may be {other} on docket {self.first.docket} of the same person, "
            "written another way. Decide whether it is the same firearm. Until then both count.",
            payload={**self.ids, "keys": sorted([self.first.key, self.later.key])},
            created_at=now,
        )


def ask_about_near_numbers(orders: Sequence[Order], *, now: datetime) -> None:
    """Ask once about each pair of these orders, and drop what is no question any more.

    Call it with the cases locked, and with every order of each person.
    """
    cases = {order.case_id for order in orders}
    if len(cases) <= 1:
        return
    numbers = _numbers(cases)
    pairs = {(one.group, frozenset([one.first.key, one.later.key])): one for one in _pairs(numbers)}
    groups = {case: group for group, own in numbers.items() for one in own for case in one.cases}
    asked = ReviewItem.objects.filter(code=NEAR_ON_OTHER_DOCKET, order__case__in=cases)
    over = []
    for pk, resolved_at, case, payload in asked.values_list("pk", "resolved_at", "order__case", "payload"):
        name = groups.get(case, _NO_GROUP), frozenset(payload["keys"])
        pair = pairs.get(name)
        if resolved_at is None and (pair is None or {**payload, **pair.ids} != payload):
            over.append(pk)
        elif pair is not None:
            del pairs[name]
    if over:
        ReviewItem.objects.filter(pk__in=over).delete()
    if pairs:
        ReviewItem.objects.bulk_create(pair.item(now) for pair in pairs.values())


def _numbers(cases: Collection[int]) -> dict[Group, list[_Number]]:
    """Return the numbers of each person with two cases or more, in the order in which they were listed."""
    found: defaultdict[Group, dict[str, _Number]] = defaultdict(dict)
    rows = Firearm.objects.of_case(*cases).exclude(serial_key="").order_by("id")
    for key, public_id, order, case, docket, *group in rows.values_list(*_LISTED):
        own = found[group[0], group[1]]
        own.setdefault(key, _Number(key, str(public_id), order, docket)).cases.add(case)
    return {
        group: list(own.values())
        for group, own in found.items()
        if len({case for one in own.values() for case in one.cases}) > 1
    }


def _pairs(numbers: Mapping[Group, Sequence[_Number]]) -> Iterator[_Pair]:
    """Yield each number with the first one that it may be. Two of one case were asked about there."""
    for group, own in numbers.items():
        near: defaultdict[str, list[_Number]] = defaultdict(list)
        for later in own:
            keys = near_keys(later.key)
            listed = (one for key in sorted(keys) for one in near[key])
            if first := next((one for one in listed if not one.cases & later.cases), None):
                yield _Pair(group=group, first=first, later=later)
            for key in keys:
                near[key].append(later)
