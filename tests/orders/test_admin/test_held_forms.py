"""Forms whose session ended: the person signs in and finds them as they were typed, not saved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.crypto import decrypt
from accounts.form_middleware import ENDED, KEPT, NOT_YET
from accounts.models import Agency, HeldForm, IdempotencyRecord, Role, Session, User
from accounts.services import held_forms
from accounts.services.access import form_keys
from accounts.tasks import tidy
from notifications.models import Alert, News, SafeContact
from notifications.services.firing.fire import Firer
from orders.models import Attempt, Firearm, Order
from tests import make
from tests.api.fixtures import set_up
from tests.forms import keys_of, opened
from tests.orders.test_admin.conftest import Enter, page_of, signed_in, typed

pytestmark = pytest.mark.django_db

ADD = "/admin/orders/order/add/"


@pytest.fixture
def order(enter: Enter) -> Order:
    return enter()


def end_sessions() -> None:
    """End every session, as time or an administrator does."""
    Session.objects.all().delete()


def next_of(answer: Any) -> str:
    """Where sign-in will lead."""
    location = str(answer.headers["Location"])
    assert answer.status_code == 302
    assert location.startswith("/sign-in/?next=")
    return location.removeprefix("/sign-in/?next=")


def test_an_order_is_shown_again_filled_and_not_saved(desk: Client, clerk: User, court: Agency) -> None:
    sheet: dict[str, Any] = {
        "court": court.pk,
        "docket_number": "HHD-FA26-6012345-S",
        "kind": "ex_parte_restraining_order",
        "issued_at_0": "2025-12-04",
        "issued_at_1": "4 in the afternoon",
        "expires_on": "2025-12-10",
        "respondent_name": "José Birch",
        "respondent_town": make.town().pk,
        "firearms_indicated": "on",
    }
    keys = opened(desk, ADD)
    end_sessions()

    address = next_of(desk.post(ADD, sheet | keys))
    desk.force_login(clerk)
    shown = desk.get(address)

    page = shown.content.decode()
    assert (address, shown.status_code) == (ADD, 200)
    for words in (ENDED, 'value="HHD-FA26-6012345-S"', 'value="José Birch"', 'value="4 in the afternoon"'):
        assert words in page
    assert not Order.objects.exists()
    assert not HeldForm.objects.exists()
    assert desk.post(ADD, sheet | {"issued_at_1": "4 pm"} | keys_of(shown)).status_code == 302
    assert Order.objects.get().case.respondent.name == "José Birch"
    # Opened again, the form is empty.
    assert "José Birch" not in desk.get(ADD).content.decode()


def test_an_act_on_an_order_is_shown_again_filled(desk: Client, clerk: User, order: Order) -> None:
    address = f"{page_of(order)}firearm/"
    sheet = {"make": "Ruger", "source": "police"} | opened(desk, address)
    end_sessions()

    sent = desk.post(address, sheet)
    assert next_of(sent) == address
    assert KEPT in desk.get(sent.headers["Location"]).content.decode()
    desk.force_login(clerk)

    page = desk.get(address).content.decode()
    assert 'value="Ruger"' in page
    assert ENDED in page
    assert not Firearm.objects.exists()
    assert ENDED not in desk.get(address).content.decode(), "once"


def test_a_follow_up_act_is_shown_again_on_its_page(now: datetime) -> None:
    fixtures = set_up()
    liaison = make.person(Role.LIAISON, fixtures.police)
    browser = signed_in(liaison)
    page = f"/follow-ups/{fixtures.follow_up.public_id}/"
    sheet = {
        "kind": "visit",
        **typed(now - timedelta(hours=1), "attempted_at"),
        "result": "refused",
        **typed(now + timedelta(days=1), "next_action_at"),
    } | opened(browser, page)
    before = Attempt.objects.count()
    end_sessions()

    address = next_of(browser.post(f"{page}attempt/", sheet))
    browser.force_login(liaison)
    shown = browser.get(address)

    assert shown.status_code == 200
    assert ENDED in shown.content.decode()
    assert '<details class="card act" open>' in shown.content.decode()
    assert Attempt.objects.count() == before
    # The address itself takes only forms: opened again, it leads to the page.
    assert browser.get(address).headers["Location"] == page


def test_a_button_leads_back_to_the_page_that_offers_it(enter: Enter) -> None:
    fixtures = set_up()
    liaison = make.person(Role.LIAISON, fixtures.police)
    Firer("test").fire(now=timezone.now())
    alert = Alert.objects.filter(recipient=liaison.pk).first()
    assert alert is not None
    browser = signed_in(liaison)
    page = f"/notices/{alert.public_id}/"
    keys = opened(browser, page)
    end_sessions()

    answer = browser.post(f"{page}acknowledge/", keys, headers={"Referer": f"http://testserver{page}"})

    assert next_of(answer) == page
    browser.force_login(liaison)
    assert "Acknowledge" in browser.get(page).content.decode()
    # Without the Referer, too.
    end_sessions()
    address = next_of(browser.post(f"{page}acknowledge/", keys))
    browser.force_login(liaison)
    assert browser.get(address).headers["Location"] == page
    assert not HeldForm.objects.exists()


@pytest.mark.parametrize(
    "before",
    [
        "https://elsewhere.example/follow-ups/",
        "http://testserver.elsewhere.example/",
        "//elsewhere.example/x/",
        "http://testserver/not/a/page/",
        "http://testserver/sign-in/",
        "http://testserver/api/v1/orders",
        "javascript:alert(1)",
    ],
)
def test_no_other_address_follows_sign_in(before: str, desk: Client, order: Order) -> None:
    end_sessions()

    answer = desk.post(f"{page_of(order)}withdraw-service/", {"reason": "x"}, headers={"Referer": before})

    assert next_of(answer) == f"{page_of(order)}withdraw-service/"


def test_another_person_does_not_see_it(desk: Client, clerk: User, court: Agency, order: Order) -> None:
    address = f"{page_of(order)}firearm/"
    sheet = {"make": "Ruger", "source": "police"} | opened(desk, address)
    end_sessions()
    desk.post(address, sheet)

    other = signed_in(make.person(Role.CLERK, court))

    assert "Ruger" not in other.get(address).content.decode()
    desk.force_login(clerk)
    assert "Ruger" in desk.get(address).content.decode()


@pytest.mark.parametrize("key", ["", "x", "1:2:3"])
def test_a_stranger_cannot_hold_anything(key: str, order: Order) -> None:
    Client().post(f"{page_of(order)}firearm/", {"make": "Ruger", "form_key": key})

    assert not HeldForm.objects.exists()


def test_held_forms_of_one_person_are_few_and_small(desk: Client, clerk: User, order: Order) -> None:
    address = f"{page_of(order)}firearm/"
    for number in range(held_forms.MAX_FORMS + 3):
        Client().post(address, {"make": f"Ruger {number}", "form_key": form_keys.new_key(clerk)})
    one = form_keys.new_key(clerk)
    for _ in range(2):
        Client().post(address, {"make": "Colt", "form_key": one})
    long = {"make": "x" * (held_forms.MAX_LENGTH + 1), "form_key": form_keys.new_key(clerk)}
    Client().post(address, long)

    assert HeldForm.objects.count() == held_forms.MAX_FORMS
    desk.force_login(clerk)
    assert 'value="Colt"' in desk.get(address).content.decode()


def test_what_is_held_is_encrypted_without_secrets_and_for_an_hour(
    desk: Client, clerk: User, order: Order
) -> None:
    address = f"{page_of(order)}firearm/"
    sheet = {"make": "Ruger", "password1": "two herons", "form_key": form_keys.new_key(clerk)}
    Client().post(address, sheet)
    (row,) = HeldForm.objects.values()
    assert "Ruger" not in str(row)

    taken = held_forms.take(clerk, address)

    assert taken is not None
    assert taken.dict() == {"make": "Ruger"}
    Client().post(address, sheet)
    HeldForm.objects.update(held_at=timezone.now() - held_forms.HELD_FOR)
    desk.force_login(clerk)
    assert "Ruger" not in desk.get(address).content.decode()
    tidy()
    assert not HeldForm.objects.exists()


def test_a_safe_contact_is_held_for_its_writer_and_nothing_of_a_saved_one_is_kept() -> None:
    fixtures = set_up()
    advocate = make.person(Role.ADVOCATE, fixtures.organization)
    browser = signed_in(advocate)
    page = f"/confidentiality-releases/{fixtures.release.public_id}/"
    sheet = {"action": "set", "channel": "email", "address": "heron@mail.example"}
    keys = opened(browser, page)
    end_sessions()

    sent = browser.post(page, sheet | keys)
    assert next_of(sent) == page
    assert KEPT in browser.get(sent.headers["Location"]).content.decode()
    assert "heron" not in HeldForm.objects.get().path
    browser.force_login(advocate)
    shown = browser.get(page)
    assert ENDED in shown.content.decode()
    assert 'value="heron@mail.example"' in shown.content.decode()
    assert not SafeContact.objects.exists()
    assert not HeldForm.objects.exists()

    saved = {"language": "en", "confirm_every_days": "30", "news": [News.SERVED]}
    assert browser.post(page, sheet | saved | keys_of(shown)).status_code == 302
    assert SafeContact.objects.exists()
    kept = IdempotencyRecord.objects.get(user=advocate)
    assert "heron" not in decrypt(bytes(kept.body))


def test_pages_look_for_held_forms_only_after_a_sign_in_that_found_one(desk: Client, order: Order) -> None:
    with CaptureQueriesContext(connection) as asked:
        desk.get(page_of(order))

    assert not any("accounts_heldform" in query["sql"] for query in asked)


@pytest.mark.parametrize(
    ("address", "page"),
    [("/account/stay-signed-in/", "/account/"), ("/sign-out/", ""), ("/callbacks/email/", "")],
)
def test_an_address_that_takes_only_forms_is_never_an_empty_page(
    address: str, page: str, desk: Client
) -> None:
    answer = desk.get(address)

    if page:
        assert (answer.status_code, answer.headers["Location"]) == (302, page)
    else:
        assert answer.status_code == 405
        assert "This address is not a page" in answer.content.decode()
        assert answer.headers["Allow"]


def test_a_page_that_took_the_session_for_ended_saves_nothing(desk: Client, order: Order) -> None:
    address = f"{page_of(order)}firearm/"
    sheet = {"make": "Ruger", "source": "police", "form_hold": "1"} | opened(desk, address)

    shown = desk.post(address, sheet)

    assert NOT_YET in shown.content.decode()
    assert not Firearm.objects.exists()
    assert desk.post(address, sheet | keys_of(shown) | {"form_hold": "1"}).status_code == 200
    del sheet["form_hold"]
    assert desk.post(address, sheet | keys_of(shown)).status_code == 302


def test_a_page_sends_its_form_to_be_held_when_the_session_has_ended(
    desk: Client, clerk: User, order: Order
) -> None:
    address = f"{page_of(order)}firearm/"
    sheet = {"make": "Ruger", "source": "police", "form_hold": "1"} | opened(desk, address)
    end_sessions()

    desk.post(address, sheet)
    desk.force_login(clerk)
    shown = desk.get(address)

    assert ENDED in shown.content.decode()
    assert desk.post(address, {"make": "Ruger", "source": "police"} | keys_of(shown)).status_code == 302
    assert Firearm.objects.get().make == "Ruger"


def test_a_page_from_before_a_new_sign_in_is_shown_again_filled(clerk: User, order: Order) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(clerk)
    address = f"{page_of(order)}firearm/"
    page = browser.get(address)
    sheet = {"make": "Ruger", "source": "police", "csrfmiddlewaretoken": "x" * 64} | keys_of(page)

    # In another tab the person has signed in again, which changes the token.
    answer = browser.post(address, sheet)

    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    shown = browser.get(address).content.decode()
    assert 'value="Ruger"' in shown
    assert not Firearm.objects.exists()


def test_a_form_of_another_site_is_refused(clerk: User, court: Agency, order: Order) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(clerk)
    other = make.person(Role.CLERK, court)

    for key in ("", "x", form_keys.new_key(other)):
        answer = browser.post(f"{page_of(order)}firearm/", {"make": "Ruger", "form_key": key})
        assert answer.status_code == 403

    assert not HeldForm.objects.exists()
