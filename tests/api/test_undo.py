"""Each act of the API names the URL that takes it back, and then the plan is as it was before."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import get_resolver, resolve, reverse

from accounts.models import Role
from orders.api.base import OrderActionView
from orders.models import Hearing, Order
from orders.services.planning.replan import replan
from tests import make
from tests.api import test_acts as acts
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures
from tests.orders.corrections.fixtures import difference, state_of
from tests.test_access import addresses

pytestmark = pytest.mark.django_db

#: Acts that record no fact of an order: work on a follow-up, and decisions about rows of an import,
#: which `tests/api/registry/test_reviews.py` takes back.
NO_FACT = ("follow-up", "transfer", "outside-transfer", "referral", "review-item")

VIEWS: dict[str, type[OrderActionView]] = {
    str(pattern.name): pattern.callback.cls
    for address, pattern in addresses(get_resolver().url_patterns)
    if address.startswith("api/") and issubclass(getattr(pattern.callback, "cls", object), OrderActionView)
}
POSTS = {name for name, view in VIEWS.items() if "POST" in view.actions and not name.startswith(NO_FACT)}

#: Acts that are undone by entering the fact again. The tests of the pages do that for every fact.
ENTERED_AGAIN = {
    "service-withdrawals",
    "agency-removals",
    "receipt-withdrawals",
    "restorations",
    # Its firearm has a status that no receipt gives.
    "disposals",
    "revocations",
    "extension-withdrawals",
    "modification-withdrawals",
    "reinstatements",
    "protected-person-withdrawals",
    "decision-withdrawals",
    # Takes back nothing: the person was reminded.
    "reminders",
}


@pytest.mark.parametrize("name", sorted(POSTS))
def test_act_names_the_url_that_undoes_it(name: str) -> None:
    undo = VIEWS[name].undo

    assert undo in POSTS, f"{name}: declare `undo`, the name of the URL that takes the act back"
    assert (
        undo == name
        or VIEWS[undo].undo in (name, undo)
        or name.endswith("-revocations")
        or (name == "orders")
    )


@pytest.mark.parametrize("name", sorted(VIEWS.keys() - POSTS))
def test_other_acts_correct_a_row_or_record_no_fact(name: str) -> None:
    assert "PATCH" in VIEWS[name].actions or name.startswith(NO_FACT)


def undone_by_withdrawal() -> list[str]:
    """The acts with a case in `test_acts` that another act takes back."""
    return [
        name
        for name, act in acts.ACTS.items()
        if name not in ENTERED_AGAIN
        and not name.endswith(("corrections", "names"))
        and act.by == Role.CLERK
        and not name.startswith("review")
    ]


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", undone_by_withdrawal())
def test_act_and_its_undo_leave_everything_as_it_was(
    name: str, fixtures: Fixtures, caller: MakeCaller
) -> None:
    f, act = fixtures, acts.ACTS[name]
    clerk = caller(make.person(Role.CLERK, f.court))
    path, body = act.path(f), act.body(f)
    view: Any = resolve(f"/api/v1{path}").func
    of_order = path.split("/")[1] == "orders"
    order = Order.recorded.get(public_id=path.split("/")[2]) if of_order else f.order
    # A fixture of the act may have stored a row without a plan.
    replan([order], now=f.now)
    before, hearings = state_of(order), Hearing.objects.filter(order=f.order).count()

    done = clerk.post(path, body)
    assert done.status_code == 201, done.content
    undo = view.cls.undo
    resource, target = path.split("/")[1:3]
    back = reverse(undo, args=[target]).removeprefix("/api/v1")
    if back.split("/")[1] != resource:
        back = back.replace(target, done.json()["order" if back.split("/")[1] == "orders" else "id"])
    answer = clerk.post(back, undo_body(name, body, f))

    assert answer.status_code == 201, answer.content
    assert difference(state_of(order), before) == []
    assert Hearing.objects.filter(order=f.order).count() == hearings


def undo_body(name: str, body: dict[str, Any], f: Fixtures) -> dict[str, Any]:
    """The body of the undo: mostly a reason."""
    match name:
        case "agencies":
            return {"agency": body["agency"], "capacity": "school", "reason": "A slip."}
        case "moves":
            return {"docket_number": f.order.case.docket_number, "reason": "A slip."}
    return {"reason": "A slip."}
