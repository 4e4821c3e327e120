"""Downloads of orders with odd facts: every one fits its schema, whatever was stored."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role, State
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import Firearm, Order, Receipt, Statement
from orders.services import service
from orders.services.corrections import withdraw
from orders.services.exchange.nods import COLUMNS
from orders.services.firearms import inventory, receipts, statements
from orders.services.orders.case_events import record_case_event
from orders.services.orders.withdrawal import withdraw_order
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import LICENSE
from tests.api.test_exchange import schema, text_of
from tests.api.test_schema import errors_of

#: Names and numbers as people type them: other alphabets, marks, formulas of a spreadsheet, and the longest.
NAMES = (
    "Ash Birch",
    "María-José d'Ávila Ñandú",
    "Nguyễn Thị Ánh",
    "Иван Ёлкин",
    "李小龍",
    "محمد عبد الله",
    "=cmd|' /C calc'!A0",
    'Birch, "Ash" <ash> & Oak',
    "O" * 200,
    "👩‍🌾 Birch",
)
#: What must leave in no format.
SECRET = "Sky Linden"
OTHER_STATES = ("us_wa", "us_ca", "us_or", "us_ma", "us_fl")

Act = Callable[[random.Random, Order, datetime], object]


def _list(chance: random.Random, order: Order, now: datetime) -> Firearm:
    """A firearm about which anything may be known, or a lot with what a form takes."""
    words: dict[str, Any] = {
        name: chance.choice(("", text))
        for name, text in (
            ("make", "Smith & Wesson"),
            ("model", "№ 5 «Ñ»"),
            ("caliber", "9 mm"),
            ("firearm_type", "PISTOL"),
            ("description", "black <tape>; grip\tworn"),
        )
    }
    kind = chance.choice(("firearm", "firearm", "ammunition", "magazines"))
    own: dict[str, Any] = {"quantity": chance.randint(1, 5000)}
    if kind == "firearm":
        own = {"serial": chance.choice(("", f"{chance.getrandbits(60):X}", f"={chance.getrandbits(60)}"))}
    return inventory.list_firearm(
        order, source="application", item_kind=kind, by=None, now=now, confirm="read twice", **words, **own
    )


def _receive(chance: random.Random, order: Order, now: datetime) -> object:
    held = list(Firearm.objects.of_case(order.case_id))
    kind = chance.choice(("police", "dealer", "third_party", "true_owner"))
    other = {"taker_name": SECRET if kind == "true_owner" else chance.choice(NAMES)}
    takers: dict[str, dict[str, Any]] = {
        "police": {"agency": order.case.respondent.town.police},
        "dealer": {"dealer_license": LICENSE, "taker_name": chance.choice(("", NAMES[1]))},
    }
    return receipts.record_receipt(
        order,
        kind=kind,
        received_at=now - timedelta(minutes=chance.randint(0, 900)),
        firearms=chance.sample(held, chance.randint(0, len(held))),
        receipt_number=chance.choice(("", f"№{chance.getrandbits(40)}")),
        may_name_none=True,
        confirm="on the paper",
        by=None,
        now=now,
        **takers.get(kind, other),
    )


def _swear(chance: random.Random, order: Order, now: datetime) -> object:
    kind = chance.choice(("non_possession", "unreachable"))
    held = list(Firearm.objects.of_case(order.case_id)) if kind == "unreachable" else []
    return statements.record_statement(
        order,
        kind=kind,
        sworn_at=now - timedelta(minutes=3),
        receipt_number=chance.choice(("", "JD-CL-139 ñ")),
        firearms=held[:1],
        confirm="on the paper",
        by=None,
        now=now,
    )


def _serve(chance: random.Random, order: Order, now: datetime) -> object:
    return service.record_service(
        order,
        served_at=now - timedelta(hours=chance.randint(1, 40)),
        service_method=chance.choice(("in_hand", "abode", "electronic", "in_court", "mail", "unknown")),
        confirm="late",
        by=None,
        now=now,
    )


def _fail_to_serve(chance: random.Random, order: Order, now: datetime) -> object:
    at = now - timedelta(hours=chance.randint(41, 60))
    return service.record_failed_attempt(
        order, attempted_at=at, method="in_hand", reason=chance.choice(NAMES[:9]), by=None, now=now
    )


def _withdraw(chance: random.Random, order: Order, now: datetime) -> object:
    own = (Receipt.objects.filter(order=order), Statement.objects.filter(order=order))
    rows: list[Any] = [*own[0], *own[1], *Firearm.objects.filter(order=order)]
    return withdraw(chance.choice(rows), by=None, now=now, reason="typed on another order") if rows else None


def _vacate(_chance: random.Random, order: Order, now: datetime) -> object:
    return record_case_event(order, kind="vacated", occurred_at=now, by=None, now=now)


def _enter_in_error(_chance: random.Random, order: Order, now: datetime) -> object:
    return withdraw_order(order, by=None, now=now, reason="another court")


ACTS: tuple[Act, ...] = (
    *(_list, _list, _list, _fail_to_serve, _serve, _receive, _receive, _swear, _withdraw),
    *(_vacate, _enter_in_error),
)


def odd_order(chance: random.Random, court: Agency, police: Agency, now: datetime) -> Order:
    """An order with a few facts by chance. Acts that the services refuse are left out."""
    issued = now - timedelta(days=chance.randint(0, 400), hours=1)
    given: dict[str, Any] = {
        "court": court,
        "respondent_town": make.town(police, court.jurisdiction),
        "respondent_name": chance.choice(NAMES),
        "respondent_dob": chance.choice((None, date(1910, 1, 1), date(2004, 2, 29))),
        "protected_person": chance.choice(("", SECRET)),
        "por_number": chance.choice(("", f"CT{chance.getrandbits(40)}")),
        "expires_on": chance.choice((None, now.date() + timedelta(days=90))),
        "firearms_indicated": chance.random() < 0.8,
        "issued_at": issued,
    }
    if court.jurisdiction == State.CONNECTICUT:
        given["kind"] = chance.choice(
            ("ex_parte_restraining_order", "restraining_order", "civil_protection_order", "foreign_order")
        )
    else:
        given["kind"] = chance.choice(("temporary_erpo", "final_erpo"))
    try:
        order = make.order(now=now, **given)
    except DoubtfulFact:
        order = make.order(now=now, **given | {"expires_on": None})
    for act in chance.sample(ACTS, chance.randint(0, 7)):
        order.refresh_from_db()
        try:
            act(chance, order, now)
        except (DoubtfulFact, InvalidFact):
            continue
    return order


def check(caller: Caller, expected: set[str], hidden: set[str]) -> None:
    """Every format fits its schema and has these orders; what an entry names is within it."""
    found: dict[str, set[str]] = {}
    for name in ("niem", "surrender"):
        text = text_of(caller.get(f"/exchange/{name}"))
        assert SECRET not in text
        body = json.loads(text)
        assert errors_of(body, schema(name), {"components": {}}) == []
        if name == "surrender":
            found[name] = {one["order"]["id"] for one in body["orders"]}
            for one in body["orders"]:
                own = {item["id"] for item in one.get("items", ())}
                for paper in (*one.get("receipts", ()), *one.get("statements", ())):
                    assert set(paper.get("items", ())) <= own
        else:
            rows = body["ctc:ProtectionOrderExchange"]["j:ProtectionOrder"]
            found[name] = {one["@id"].removeprefix("urn:uuid:") for one in rows}
    text = text_of(caller.get("/exchange/nods"))
    lines = list(csv.DictReader(StringIO(text)))
    assert {len(one) for one in lines} <= {len(COLUMNS)}
    assert not any(value.startswith(("=", "+", "-", "@")) for one in lines for value in one.values())
    assert not any(name in text for name in (*NAMES, SECRET))
    assert len(lines) == len(expected)
    for name, ids in found.items():
        assert ids == expected, name
        assert not ids & hidden


@pytest.mark.parametrize(
    ("seed", "count"), [(17, 6), pytest.param(5, 200, marks=[pytest.mark.long, pytest.mark.timeout(0)])]
)
def test_odd_facts_fit_the_schemas(db: None, caller: MakeCaller, seed: int, count: int) -> None:
    cache.clear()
    now, chance = timezone.now(), random.Random(seed)
    courts = [make.agency(AgencyKind.COURT, state=state) for state in (State.CONNECTICUT, *OTHER_STATES)]
    own, elsewhere = courts[0], make.agency(AgencyKind.COURT)
    callers = {one.pk: caller(make.person(Role.CLERK, one)) for one in courts}
    known: dict[int, set[str]] = {one.pk: set() for one in (*courts, elsewhere)}
    for place in range(count):
        court = elsewhere if place % 6 == 5 else own if place % 2 else chance.choice(courts)
        order = odd_order(chance, court, make.agency(state=court.jurisdiction), now)
        order.refresh_from_db()
        if order.withdrawn_at is None:
            known[court.pk].add(str(order.public_id))
    for court in courts:
        others = {one for pk, ids in known.items() if pk != court.pk for one in ids}
        check(callers[court.pk], known[court.pk], others)
