"""Each field of each act with values that no one should send: refused in words, or kept as they are."""

from __future__ import annotations

import json
import os
import random
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.api.problems import MEDIA_TYPE
from accounts.text import clean, clean_lines, plain_dashes
from tests import make
from tests.api.conftest import ROOT, Caller, MakeCaller
from tests.api.fixtures import Fixtures
from tests.api.test_acts import ACTS, Act

pytestmark = pytest.mark.django_db

#: How many values are tried in each field; `make fuzz` tries all.
TRIED = int(os.environ.get("CTC_FUZZ_CASES", "2"))

#: Of any type.
ANY: list[Any] = [
    None,
    True,
    -1,
    1.5,
    10**30,
    "1",
    [],
    {},
    ["x"],
    [[[]]],
    {"a": {"b": 1}},
    "",
    "  ",
    "x" * 100_000,
    "a\u0000b",
    "\ud800",
    "\U0001f600",
    "\u202eabc\u200b",
    "\u0639\u0631\u0628\u064a",
    "e\u0301" * 30,
    "<script>alert(1)</script>",
    "'; DROP TABLE orders_order; --",
    "%00%s{0}",
    "=HYPERLINK(1)",
    "NaN",
]
#: In place of a day or an instant.
TIMES: list[Any] = [
    "0001-01-01",
    "0001-01-01T00:00:00Z",
    "9999-12-31",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "10000-01-01",
    "-0001-01-01",
    "2026-02-30",
    "2026-W01-1",
    "2026-11-01T01:30:00",
    "2026-03-08T02:30:00",
    "2026-10-03T12:00:00-99:99",
    "2026-10-03T24:00:00Z",
    "2026-10-03T12:00:60Z",
    "2026-10-03 12:00",
    "\u0662\u0660\u0662\u0666-10-03",
    1759420800,
    1e300,
    20261003,
]


BODIES = [
    b"",
    b"[]",
    b"null",
    b'"x"',
    b"1",
    b"{",
    b"\xff\xfe",
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b"[" * 3_000,
    b'{"\\ud800": 1}',
    b'{"reason": "a", "reason": "b"}',
]


def values_for(name: str, field: str, good: Any) -> Iterator[Any]:
    """Some values for a field, always the same ones."""
    dice = random.Random(zlib.crc32(f"{name}/{field}".encode()))
    mixed = [*ANY, *(TIMES * 2 if is_time(good) else [])]
    yield from dice.sample(mixed, min(TRIED, len(mixed)))


def is_time(value: Any) -> bool:
    """True for a day or an instant."""
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def is_as_sent(sent: Any, shown: Any) -> bool:
    """True if the shown value is the sent one, cleaned as every text is."""
    if isinstance(sent, str) and isinstance(shown, str):
        if is_time(sent) and is_time(shown):
            one, two = (datetime.fromisoformat(text) for text in (sent, shown))
            return one == two if one.tzinfo and two.tzinfo else one.date() == two.date()
        return shown in {sent, clean(sent), clean_lines(sent), plain_dashes(clean(sent))}
    return bool(sent == shown or shown is None or str(sent) == str(shown))


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", ACTS)
def test_a_hostile_value_is_refused_or_kept(name: str, fixtures: Fixtures, caller: MakeCaller) -> None:
    act: Act = ACTS[name]
    act.ready(fixtures)
    path, body = act.path(fixtures), act.body(fixtures)
    api = caller(make.person(act.by, act.place(fixtures)))
    wrong = []

    for field, good in body.items():
        for value in values_for(name, field, good):
            # Twenty unknown ids would block the caller.
            cache.clear()
            answer = posted(api, path, {**body, field: value})
            kind = answer.headers.get("Content-Type", "")
            if answer.status_code >= 500 or (answer.status_code >= 400 and MEDIA_TYPE not in kind):
                wrong.append((field, repr(value)[:60], answer.status_code))
                continue
            shown = answer.json() if answer.status_code < 300 else {}
            if isinstance(shown, dict) and field in shown and not is_as_sent(value, shown[field]):
                wrong.append((field, repr(value)[:60], repr(shown[field])[:60]))

    assert wrong == []


def posted(api: Caller, path: str, body: Any) -> Any:
    """The answer to a dry run, which does everything and keeps nothing."""
    return api.client.post(
        f"{ROOT}{path}?dry_run=true",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {api.token}"},
    )


@pytest.mark.parametrize("name", random.Random(12).sample(sorted(ACTS), 6))
def test_a_hostile_body_is_refused(name: str, fixtures: Fixtures, caller: MakeCaller) -> None:
    act = ACTS[name]
    act.ready(fixtures)
    api = caller(make.person(act.by, act.place(fixtures)))
    path = f"{ROOT}{act.path(fixtures)}?dry_run=true"

    for raw in BODIES:
        answer = _raw(api.client, path, raw, api.token)
        assert answer.status_code in range(200, 500), (raw[:20], answer.content)
        assert answer.status_code < 300 or answer.headers["Content-Type"].startswith(MEDIA_TYPE), raw[:20]


def _raw(client: Client, path: str, raw: bytes, token: str) -> Any:
    return client.post(
        path, raw, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )
