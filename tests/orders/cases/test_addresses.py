"""A link leads to the page that it names, and is shown only to those who may open that page."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.urls import resolve, reverse

from orders.forms.acts import ACTS

ANY = UUID(int=0)

#: Acts with a page of their own on the site.
OWN = {"receipt": "case-receipt", "serve": "case-visit"}


@pytest.mark.parametrize("name", sorted(ACTS))
def test_no_other_page_has_the_address_of_an_act(name: str) -> None:
    on_site = resolve(reverse("case-act", args=[ANY, name]))
    in_admin = resolve(reverse("admin:orders_order_act", args=[ANY, name]))

    assert on_site.url_name == OWN.get(name, "case-act")
    assert in_admin.url_name == "orders_order_act"
