"""The card of an order: what is on it, who prints it, and what its number shows to police."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import HELD_IN, AgencyKind, AuditAction, AuditEntry, Role
from accounts.services.access import enumeration_guard
from orders.errors import InvalidFact
from orders.models import HistoryEntry, OrderCard
from orders.services import corrections
from orders.services.orders.order_cards import (
    ALPHABET,
    issue_card,
    printed_number,
    verify_card,
)
from orders.services.orders.vacatur import vacate_order
from tests import make
from tests.api.fixtures import Fixtures, set_up
from tests.notifications.test_release_pages import browser
from tests.pdf import Pdf

pytestmark = pytest.mark.django_db

TELEPHONE = "860-555-0100"
#: The respondent, the protected person, and where the respondent lives.
SECRETS = ("Ash Birch", "Sky Linden")


@pytest.fixture
def stage() -> Fixtures:
    return set_up()


@pytest.fixture
def card(stage: Fixtures) -> OrderCard:
    return issue_card(stage.order, telephone=TELEPHONE, by=None, now=stage.now)


@pytest.fixture
def clerk(stage: Fixtures) -> Client:
    return browser(make.person(Role.CLERK, stage.court))


@pytest.fixture
def police(stage: Fixtures) -> Client:
    """Police of a town that has nothing to do with the order."""
    return browser(make.person(Role.LIAISON, make.agency()))


def verified(person: Client, number: str) -> str:
    return str(person.post("/verify/", {"number": number}).content.decode())


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_card_names_no_one(language: str, stage: Fixtures, card: OrderCard, clerk: Client) -> None:
    answer = clerk.get(f"/documents/cards/{card.public_id}/?language={language}")

    pdf = Pdf(answer.content)
    shown = " ".join(" ".join(pdf.pages).split())
    assert printed_number(card) in shown
    assert TELEPHONE in shown
    assert stage.order.case.docket_number in shown
    assert str(stage.court) in shown
    assert ("Expediente" if language == "es" else "Docket") in shown
    hidden = b"".join(pdf.objects.values()) + answer.headers["Content-Disposition"].encode()
    for secret in (*SECRETS, str(stage.town), str(stage.organization), str(stage.police)):
        assert secret not in shown
        assert secret.encode() not in hidden
    assert b"pdfuaid" in answer.content
    assert card.number not in answer.headers["Content-Disposition"]


def test_only_the_court_prints_a_card(stage: Fixtures, card: OrderCard) -> None:
    path = f"/documents/cards/{card.public_id}/"
    others = [
        make.person(Role.LIAISON, stage.police),
        make.person(Role.ADVOCATE, stage.organization),
        make.person(Role.CLERK, make.agency(AgencyKind.COURT)),
        make.person(Role.ADMINISTRATOR),
    ]

    assert [browser(one).get(path).status_code for one in others] == [404] * len(others)
    assert Client().get(path).status_code == 302


def test_any_police_verify_a_number(stage: Fixtures, card: OrderCard, police: Client) -> None:
    printed = printed_number(card)
    assert re.fullmatch(f"[{ALPHABET}]{{5}}-[{ALPHABET}]{{5}}", printed)

    for typed in (printed, printed.lower(), f" {card.number[:3]} {card.number[3:]} "):
        page = verified(police, typed)
        assert "The order is in force" in page
        for words in ("Ash Birch", stage.order.case.docket_number, str(stage.court), TELEPHONE):
            assert words in page
        assert "Sky Linden" not in page
        assert stage.organization.name not in page
    entry = AuditEntry.objects.filter(action=AuditAction.SEEN).latest("id")
    assert entry.cases == [stage.order.case.public_id]
    assert card.number not in str(AuditEntry.objects.values_list("detail", "what"))


def test_a_withdrawn_card_verifies_no_more(stage: Fixtures, card: OrderCard, police: Client) -> None:
    other = issue_card(stage.order, telephone=TELEPHONE, by=None, now=stage.now)
    corrections.withdraw(card, by=None, now=timezone.now(), reason="The card is lost.")

    assert "No card has this number." in verified(police, card.number)
    assert "The order is in force" in verified(police, other.number)
    kinds = list(HistoryEntry.objects.filter(order=stage.order).values_list("kind", flat=True))
    assert {"card_issued", "card_withdrawn"} <= set(kinds)
    assert not any(
        one.number in str(entry) for one in (card, other) for entry in HistoryEntry.objects.values("data")
    )


def test_an_ended_order_is_shown_as_ended_and_gets_no_card(stage: Fixtures, card: OrderCard) -> None:
    vacate_order(stage.order, vacated_at=stage.now, by=None, now=stage.now, reason="Settled.")

    found = verify_card(card.number, now=stage.now + timedelta(minutes=1))
    assert found is not None
    assert not found.state.is_live
    with pytest.raises(InvalidFact) as refused:
        issue_card(stage.order, telephone=TELEPHONE, by=None, now=stage.now + timedelta(minutes=1))
    assert refused.value.code == "ended"


def test_guessing_is_limited(stage: Fixtures, card: OrderCard, police: Client) -> None:
    for number in range(enumeration_guard.LIMIT):
        verified(police, f"AAAAA-{number:05}")

    assert police.post("/verify/", {"number": card.number}).status_code == 429


@pytest.mark.parametrize("role", [one for one in Role if one not in (Role.LIAISON, Role.SUPERVISOR)])
def test_others_cannot_verify(role: Role, stage: Fixtures, card: OrderCard) -> None:
    agencies = {Role.CLERK: stage.court, Role.JUDGE: stage.court, Role.ADVOCATE: stage.organization}
    kind = next(iter(HELD_IN.get(role, [AgencyKind.COURT])))
    person = browser(make.person(role, agencies.get(role) or make.agency(kind)))

    assert person.post("/verify/", {"number": card.number}).status_code == 404
