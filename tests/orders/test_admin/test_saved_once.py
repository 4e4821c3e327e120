"""A form is saved once: double clicks, Back and press again, and two requests at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.form_middleware import CHANGED, SAME, SAME_WITHIN, SAVED_BEFORE
from accounts.models import Agency, AgencyKind, ApiToken, IdempotencyRecord, Role, User
from orders.models import Firearm, Order, Permit, Receipt, ServiceAttempt, Statement
from tests import make
from tests.forms import keys_of, opened
from tests.orders.test_admin.conftest import Enter, page_of, signed_in, typed

pytestmark = pytest.mark.django_db

ADD = "/admin/orders/order/add/"

#: Acts that can store two equal rows, with their model and what is typed.
ACTS: dict[str, tuple[Any, Callable[[Order, datetime], dict[str, Any]]]] = {
    "attempt": (
        ServiceAttempt,
        lambda order, now: {
            **typed(now - timedelta(hours=3), "attempted_at"),
            "method": "abode",
            "reason": "The door stayed closed.",
        },
    ),
    "firearm": (Firearm, lambda order, now: {"make": "Ruger", "serial": "UNK", "source": "police"}),
    "permit": (Permit, lambda order, now: {"kind": "Pistol permit", "number": "77"}),
    "statement": (
        Statement,
        lambda order, now: {"kind": "non_possession", **typed(now - timedelta(hours=1), "sworn_at")},
    ),
    "receipt": (
        Receipt,
        lambda order, now: {
            "kind": "police",
            **typed(now - timedelta(hours=1), "received_at"),
            "firearms": [Firearm.objects.get(order=order).pk],
            "agency": order.order_agencies.get(capacity="respondent_police").agency_id,
        },
    ),
}


def sheet_of(act: str, order: Order, now: datetime) -> dict[str, Any]:
    """What is typed for the act."""
    if act == "receipt":
        Firearm.objects.create(order=order, source="police", serial="")
    return ACTS[act][1](order, now)


@pytest.fixture
def order(enter: Enter) -> Order:
    return enter()


@pytest.fixture
def sheet(court: Agency) -> dict[str, Any]:
    """What a clerk types of an order."""
    return {
        "court": court.pk,
        "docket_number": "HHD-FA26-6012345-S",
        "kind": "ex_parte_restraining_order",
        "issued_at_0": "2025-12-04",
        "issued_at_1": "4:00 pm",
        "expires_on": "2025-12-10",
        "respondent_name": "Ash Birch",
        "respondent_town": make.town().pk,
    }


@pytest.mark.parametrize("act", ACTS)
def test_a_double_click_stores_one_row_and_shows_the_result_of_the_first(
    act: str, desk: Client, order: Order, now: datetime
) -> None:
    address = f"{page_of(order)}{act}/"
    sheet = sheet_of(act, order, now) | opened(desk, address)

    first, second = desk.post(address, sheet), desk.post(address, sheet)

    assert first.status_code == 302, first.content.decode()
    assert (second.status_code, second.headers["Location"]) == (302, first.headers["Location"])
    assert ACTS[act][0].objects.filter(order=order).count() == 1
    said = [str(one) for one in desk.get(page_of(order)).context["messages"]]
    # In a browser the second answer replaces the first, with its messages; this client has read neither.
    assert len(set(said)) == 1


def test_who_goes_back_and_presses_again_reads_that_it_was_saved_before(
    desk: Client, order: Order, now: datetime
) -> None:
    address = f"{page_of(order)}firearm/"
    sheet = sheet_of("firearm", order, now) | opened(desk, address)
    desk.post(address, sheet)
    shown = [str(one) for one in desk.get(page_of(order)).context["messages"]]
    IdempotencyRecord.objects.filter(key__startswith="form:").update(at=F("at") - timedelta(seconds=11))

    desk.post(address, sheet)

    assert [str(one) for one in desk.get(page_of(order)).context["messages"]] == [*shown, str(SAVED_BEFORE)]
    assert ACTS["firearm"][0].objects.filter(order=order).count() == 1


def test_an_order_entered_twice_is_stored_once(desk: Client, sheet: dict[str, Any]) -> None:
    sheet |= opened(desk, ADD)

    answers = [desk.post(ADD, sheet) for _ in range(2)]

    order = Order.objects.get()
    assert {one.headers["Location"] for one in answers} == {page_of(order)}
    assert order.history.count() == 1


def test_the_same_on_a_new_page_is_a_question_and_then_saved(
    desk: Client, order: Order, now: datetime
) -> None:
    address = f"{page_of(order)}firearm/"
    sheet = sheet_of("firearm", order, now)
    desk.post(address, sheet | opened(desk, address))

    asked = desk.post(address, sheet | opened(desk, address))

    assert asked.status_code == 200
    assert SAME in asked.content.decode()
    assert 'value="Ruger"' in asked.content.decode()
    assert Firearm.objects.count() == 1
    assert desk.post(address, sheet | keys_of(asked)).status_code == 302
    assert Firearm.objects.count() == 2


def test_the_same_is_no_question_later(desk: Client, order: Order, now: datetime) -> None:
    address = f"{page_of(order)}firearm/"
    sheet = sheet_of("firearm", order, now)
    desk.post(address, sheet | opened(desk, address))
    IdempotencyRecord.objects.update(at=timezone.now() - SAME_WITHIN - timedelta(seconds=1))

    assert desk.post(address, sheet | opened(desk, address)).status_code == 302

    assert Firearm.objects.count() == 2


def test_going_back_and_changing_a_saved_form_is_a_question(
    desk: Client, order: Order, now: datetime
) -> None:
    address = f"{page_of(order)}firearm/"
    sheet = sheet_of("firearm", order, now) | opened(desk, address)
    desk.post(address, sheet)

    asked = desk.post(address, sheet | {"make": "Colt"})

    assert CHANGED in asked.content.decode()
    assert "Saved: Ruger." in asked.content.decode()
    assert 'value="Colt"' in asked.content.decode()
    assert f'<a href="{page_of(order)}" target="_blank"' in asked.content.decode()
    assert Firearm.objects.count() == 1
    assert desk.post(address, sheet | {"make": "Colt"} | keys_of(asked)).status_code == 302
    assert set(Firearm.objects.values_list("make", flat=True)) == {"Ruger", "Colt"}


def test_each_changed_field_shows_what_was_saved(desk: Client, sheet: dict[str, Any]) -> None:
    sheet |= opened(desk, ADD)
    desk.post(ADD, sheet)
    other = {"kind": "risk_protection_order", "issued_at_1": "5:00 pm", "firearms_indicated": "on"}

    form = desk.post(ADD, sheet | other).context["form"]

    said = {
        "kind": "Saved: Ex parte restraining order.",
        "issued_at": "Saved: 2025-12-04, 4:00 pm.",
        "firearms_indicated": "Saved: no.",
    }
    assert {name: form.errors[name] for name in said} == {name: [words] for name, words in said.items()}
    assert "docket_number" not in form.errors


def test_a_rejected_form_can_be_sent_again_with_its_key(desk: Client, order: Order, now: datetime) -> None:
    address = f"{page_of(order)}firearm/"
    keys = opened(desk, address)
    assert desk.post(address, keys).status_code == 200

    assert desk.post(address, sheet_of("firearm", order, now) | keys).status_code == 302

    assert Firearm.objects.count() == 1


def test_a_key_of_another_person_is_no_key(desk: Client, court: Agency, order: Order, now: datetime) -> None:
    address = f"{page_of(order)}firearm/"
    other = signed_in(make.person(Role.CLERK, court))
    keys = opened(desk, address)
    sheet = sheet_of("firearm", order, now)

    assert desk.post(address, sheet | keys).status_code == 302
    assert other.post(address, sheet | keys | {"make": "Colt"}).status_code == 302

    assert Firearm.objects.count() == 2


def test_what_is_kept_of_a_form_names_no_one(desk: Client, sheet: dict[str, Any]) -> None:
    desk.post(ADD, sheet | opened(desk, ADD))

    kept = str(list(IdempotencyRecord.objects.values()))
    assert IdempotencyRecord.objects.count() == 1
    assert "Birch" not in kept
    assert sheet["docket_number"] not in kept


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["attempt", "firearm", "statement"])
def test_two_requests_at_the_same_time_store_one_row(
    act: str, enter: Enter, clerk: User, now: datetime
) -> None:
    order = enter()
    address = f"{page_of(order)}{act}/"
    browsers = [signed_in(clerk) for _ in range(2)]
    sheet = sheet_of(act, order, now) | opened(browsers[0], address)
    start = threading.Barrier(len(browsers))
    answers: list[Any] = []

    def press(browser: Client) -> None:
        start.wait()
        try:
            answers.append(browser.post(address, sheet))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=[browser]) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [(one.status_code, one.headers["Location"]) for one in answers] == [
        (302, answers[0].headers["Location"])
    ] * 2
    assert ACTS[act][0].objects.filter(order=order).count() == 1


def test_a_token_issued_twice_is_one_token_and_shown_both_times(db: None) -> None:
    system = User.objects.create_user("system@agency.example", name="System", is_system=True)
    administrator = signed_in(make.person(Role.ADMINISTRATOR))
    address = "/admin/accounts/apitoken/add/"
    sheet = {"user": system.pk, "name": "nightly", "scopes": ["orders:read"], "days": "30"}
    sheet |= opened(administrator, address)

    answers = [administrator.post(address, sheet) for _ in range(2)]

    assert ApiToken.objects.count() == 1
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert b"ctc_" in answers[0].content


def test_a_person_added_twice_is_added_once(db: None) -> None:
    administrator = signed_in(make.person(Role.ADMINISTRATOR))
    address = "/admin/accounts/user/add/"
    sheet = {"email": "new@agency.example", "name": "New", "password1": "", "password2": ""}
    sheet |= {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    sheet |= opened(administrator, address)

    answers = [administrator.post(address, sheet) for _ in range(2)]

    assert [one.status_code for one in answers] == [302, 302]
    assert User.objects.filter(email="new@agency.example").count() == 1


#: Templates whose forms change nothing twice, or belong to sign-in.
WITHOUT_KEY = {
    "accounts/templates/admin/search_form.html",
    "accounts/templates/admin/accounts/auditentry/log.html",
    "ctcompliance/templates/admin/base_site.html",
    "ctcompliance/templates/base.html",
    "ctcompliance/templates/frame_account.html",
    "ctcompliance/templates/leaving.html",
    "ctcompliance/templates/search_box.html",
    "guidance/templates/guidance/base.html",
    "guidance/templates/guidance/help.html",
    "notifications/templates/notifications/by_pin.html",
    "orders/templates/orders/court/find.html",
    "orders/templates/orders/search.html",
    "orders/templates/orders/verify_card.html",
}


def test_every_form_of_an_act_has_a_key() -> None:
    root = Path(settings.BASE_DIR)
    templates = {
        str(path.relative_to(root)): path.read_text()
        for app in ("accounts", "orders", "guidance", "notifications", "ctcompliance")
        for path in (root / app).rglob("templates/**/*.html")
    }
    posting = {name for name, text in templates.items() if '<form method="post"' in text}
    exempt = {name for name in posting if "/sign_in/" in name or "/registration/" in name} | WITHOUT_KEY

    assert {
        name
        for name in posting - exempt
        if templates[name].count('<form method="post"') != templates[name].count("{% form_key %}")
    } == set()


def test_a_court_and_its_agencies_are_named_once(db: None) -> None:
    administrator = signed_in(make.person(Role.ADMINISTRATOR))
    address = "/admin/accounts/agency/add/"
    sheet = {"name": "Police of Elm", "kind": AgencyKind.POLICE.value, "jurisdiction": "us_ct"}
    sheet |= opened(administrator, address)

    answers = [administrator.post(address, sheet) for _ in range(2)]

    assert [one.status_code for one in answers] == [302, 302]
    assert Agency.objects.filter(name="Police of Elm").count() == 1
