"""axe on the main pages of each desk and on forms with errors. `make a11y` opens everything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from notifications.services.contacts.preferences import set_language
from orders.models import ConfidentialityRelease, FollowUp, Order
from tests.a11y import tools, world
from tests.a11y.visits import WIDTHS, Visitor

# The first test also stores the demonstration.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500), pytest.mark.django_db(transaction=True)]


def _order() -> str:
    """Return the id of the order that the demonstration knows best."""
    return str(Order.objects.order_by("id")[6].public_id)


#: Who opens which page; at what width; and which form of it is then sent empty.
PAGES: list[tuple[str, Callable[[], str], int, int | None]] = [
    ("no one", lambda: "/sign-in/", 375, 0),
    ("no one", lambda: "/help/", 375, None),
    ("clerk", lambda: "/", 1280, None),
    ("clerk", lambda: "/admin/orders/order/", 1280, None),
    ("clerk", lambda: "/admin/orders/order/add/", 375, 2),
    ("clerk", lambda: f"/admin/orders/order/{_order()}/", 375, None),
    ("clerk", lambda: f"/admin/orders/order/{_order()}/receipt/", 1280, 2),
    ("clerk", lambda: "/hearings/", 1280, None),
    ("clerk", lambda: "/reports/", 375, None),
    ("judge", lambda: f"/admin/orders/order/{_order()}/", 1280, None),
    ("liaison", lambda: "/", 375, None),
    ("liaison", lambda: f"/follow-ups/{FollowUp.objects.order_by('id')[0].public_id}/", 375, None),
    ("supervisor", lambda: "/figures/", 1280, None),
    ("marshal", lambda: "/service/", 375, None),
    ("prosecutor", lambda: "/referrals/", 1280, None),
    ("licensing unit", lambda: "/licensing/", 1280, None),
    ("school", lambda: "/school/", 1280, None),
    ("advocate", lambda: "/", 375, None),
    (
        "advocate",
        lambda: f"/confidentiality-releases/{ConfidentialityRelease.objects.order_by('id')[0].public_id}/",
        375,
        4,
    ),
    ("administrator", lambda: "/admin/accounts/user/", 1280, None),
    ("administrator", lambda: "/admin/accounts/user/add/", 1280, 1),
]


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.long), "es"])
def test_axe_finds_nothing_on_the_main_pages(language: str, visitor: Visitor) -> None:
    found = []
    before = ""
    for role, address, width, form in PAGES:
        user = world.user_of(role)
        if language == "es" and role != "advocate":
            continue
        if role != before:
            visitor.sign_in(world.client_of(role))
            before = role
        if user:
            set_language(user, language)
        visitor.open(address())
        label = f"{role} {visitor.driver.current_url.removeprefix(visitor.address)}"
        if form is not None:
            visitor.send_empty(form)
            label += " empty"
        found += visitor.check(label, widths=(width,), whole=False)
    rest = tools.remaining(found)
    assert not rest, tools.report(rest)


def test_the_programs_see_a_barrier(visitor: Visitor) -> None:
    visitor.open("/sign-in/")
    visitor.driver.execute_script(
        "document.querySelector('label').remove();"
        "document.querySelector('h1').style.color = 'rgb(250, 250, 250)';"
        "document.querySelector('form.card').style.overflow = 'hidden';"
        "document.querySelector('form.card').style.padding = '0';"
        "document.body.style.minWidth = '2000px';"
    )

    found = visitor.check("a broken page", widths=WIDTHS[:1], whole=False)

    assert {(one.tool, one.rule) for one in found} >= {
        ("axe", "label"),
        ("axe", "color-contrast"),
        ("focus", "cut off"),
        ("width", "the page is wider than 1280 pixels"),
    }
