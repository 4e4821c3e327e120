"""The same order twice: plain, and with facts that most people may not know; and what each person reads.

A world is built and read inside a transaction that is rolled back, so both have the same names and keys. Only
what was hidden uses up keys of its own, which then shows in any key that a later row shows.
"""

from __future__ import annotations

import itertools
import os
import re
import secrets
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.access import MATRIX
from accounts.api.views import etag
from accounts.models import Agency, AgencyKind, ApiToken, Role, Scope, User
from accounts.narrowing import present
from accounts.services.access import enumeration_guard
from accounts.services.access.tokens import PREFIX, digest_of
from notifications.services.calendar import feeds
from notifications.services.contacts.contacts import ContactSettings, set_contact
from notifications.services.firing.fire import Firer
from orders.models import ConfidentialityRelease
from orders.services.parties import protected_persons, releases
from orders.services.parties.agencies import add_agency
from tests import make
from tests.api.conftest import ROOT, Caller
from tests.api.document import document
from tests.api.fixtures import Fixtures, add_more, set_up

#: Where all keys of a world begin.
FIRST_KEY = 500_001
#: True in `make fuzz`: every reader, and more pages of each.
FULL = "CTC_FUZZ_CASES" in os.environ
#: The most pages that one person opens.
PAGES = 12 if FULL else 5
#: The most rows of one kind that one person opens in the API.
ROWS = 1

#: The lists of an order that show what is hidden.
HIDDEN_LISTS = ("agencies", "confidentiality-releases", "protected-persons")
#: Without `FULL`, these read the whole API; the others read lists that most of them may open.
WHOLE_API = (Role.LIAISON, Role.ADVOCATE)
SOME_LISTS = (*HIDDEN_LISTS, "orders", "deadlines", "history", "alerts", "follow-ups", "{id}")

#: The roles for which the API has more than refusals and reference data.
SEE_CASES = MATRIX.resources["case"].actions["view"]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b")
#: Random for each response: form tokens, encrypted cursors, ids of requests, and when a person read a page.
_RANDOM = re.compile(
    r'(?<=name="csrfmiddlewaretoken" value=")\w+|(?<=name="form_key" value=")[^"]+|(?<=cursor=)[\w%=.~-]+'
    r'|(?<=data-left=")\d+|(?<="request":")[^"]+|(?<="recorded_at":")[^"]+|(?<="occurrence":")[^"]+'
    r"|(?<=<strong>salt</strong>: <bdi>)[^<]+|(?<=<strong>hash</strong>: <bdi>)[^<]+"
    r"|(?<=<li>)\w{3}, [^<:]+:\d\d [ap]\.m\.(?=: Person \d)"
)
_LINK = re.compile(r'href="([^"#]+)"')
#: Headers that differ by chance, or follow from the length of what does.
_BY_CHANCE = ("X-Request-Id", "Content-Length", "Expires")
#: Pages that change something, that hold secrets of their own, or that leave the site.
#: The list of the access log has each request of everyone, so it differs by the times.
_NOT_READ = re.compile(
    r"^/(sign-out|account|static|healthz|metrics|mailbox|admin/(login|logout|jsi18n|accounts/auditentry))"
    r"|^/admin/.*[?]|[?&]language=|/(delete|history)/$"
)


@dataclass
class Reader:
    """A person, and what this person read: each address with status, headers and body."""

    person: User
    answers: dict[str, str] = field(default_factory=dict)
    #: Random ids by their order of appearance.
    names: dict[str, str] = field(default_factory=dict)

    def plain(self, text: str) -> str:
        """Replace what differs by chance: random ids, each by the place of its first appearance."""
        named = _UUID.sub(lambda found: self.names.setdefault(found[0], f"#{len(self.names)}"), text)
        return _RANDOM.sub("…", named)

    def keep(self, address: str, answer: Any) -> str:
        """Keep one response; return its body."""
        headers = {name: value for name, value in answer.headers.items() if name not in _BY_CHANCE}
        if "ETag" in headers and getattr(answer, "data", None) is not None:
            assert headers.pop("ETag") == etag(answer.data), "a tag must follow from what the caller sees"
        if "RateLimit" in headers:
            # The seconds until the window ends follow the clock of the reader's first request.
            headers["RateLimit"] = headers["RateLimit"].partition(";t=")[0]
        body = b"".join(answer) if answer.streaming else answer.content
        text = body.decode(errors="replace")
        self.answers[self.plain(address)] = self.plain(
            f"{answer.status_code}\n{sorted(headers.items())}\n{text}"
        )
        return text


@contextmanager
def world(now: datetime, hidden: Collection[str], roles: Collection[str]) -> Iterator[dict[str, Reader]]:
    """Build the order with these hidden facts, let everyone read everything, and take all back."""
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: now)
        patch.setattr(enumeration_guard, "LIMIT", 10**6)
        patch.setattr(make, "_numbers", itertools.count(1))
        _restart_keys()
        fixtures = set_up(now)
        strangers = _strangers(fixtures)
        readers = {role: one for role, one in _readers(fixtures, strangers).items() if role in roles}
        Firer("before").fire(now=now)
        with pytest.MonkeyPatch.context() as apart:
            apart.setattr(make, "_numbers", itertools.count(900))
            for one in hidden:
                HIDDEN[one](fixtures, strangers)
            Firer("between").fire(now=now)
        add_more(fixtures, 1, make.person(Role.LIAISON, fixtures.police))
        Firer("after").fire(now=now)
        _same_times(now)
        for role, reader in readers.items():
            if role == Role.CLERK:
                # The court only shows that each hidden fact is there.
                _read_api(reader, fixtures, HIDDEN_LISTS)
                continue
            if reader.person.roles & SEE_CASES:
                _read_api(reader, fixtures, () if FULL or role in WHOLE_API else SOME_LISTS)
            _read_pages(reader, fixtures)
        yield readers
        transaction.set_rollback(True)


@dataclass
class Strangers:
    """Agencies and people who are there in every world. Only in some do they have to do with the order."""

    schools: list[Agency]
    shelter: Agency
    advocate: User
    #: That of the organization whose advocates read the order in every world.
    release: ConfidentialityRelease


def _strangers(fixtures: Fixtures) -> Strangers:
    schools = [make.agency(AgencyKind.SCHOOL) for _ in range(2)]
    shelter = make.agency(AgencyKind.ADVOCACY)
    make.person(Role.SCHOOL, schools[0])
    make.person(Role.ADVOCATE, shelter)
    own = make.agency(AgencyKind.ADVOCACY)
    release = _released_to(own, fixtures)
    return Strangers(schools, shelter, make.person(Role.ADVOCATE, own), release)


def _school(fixtures: Fixtures, strangers: Strangers) -> None:
    """A school to notify with a person, and one without, so that the court hears of it."""
    for school in strangers.schools:
        add_agency(fixtures.order, agency=school, by=None, now=fixtures.now)


def _release(fixtures: Fixtures, strangers: Strangers) -> None:
    """A release to one more organization with an advocate."""
    _released_to(strangers.shelter, fixtures)


def _released_to(agency: Agency, fixtures: Fixtures) -> ConfidentialityRelease:
    return releases.record_release(
        fixtures.order,
        agency=agency,
        signed_on=fixtures.release.signed_on,
        begins_at=fixtures.now - timedelta(hours=2),
        ends_at=fixtures.now + timedelta(days=20),
        by=None,
        now=fixtures.now,
    )


def _contact(fixtures: Fixtures, strangers: Strangers) -> None:
    """A safe contact of a release that everyone at the court knows."""
    chosen = ContactSettings(channel="email", address="someone@safe.example", phrase="two herons")
    set_contact(strangers.release, chosen, by=strangers.advocate, now=fixtures.now)


def _protected(fixtures: Fixtures, _strangers: Strangers) -> None:
    """A second protected person, corrected once."""
    by: dict[str, Any] = {"by": None, "now": fixtures.now}
    added = protected_persons.add_protected_person(
        fixtures.order, name="Wren Linden", reason="left out", **by
    )
    protected_persons.correct_protected_person(added, name="Wren Lindon", reason="misread", **by)


HIDDEN = {"school": _school, "release": _release, "contact": _contact, "protected": _protected}


def _readers(fixtures: Fixtures, strangers: Strangers) -> dict[str, Reader]:
    """Return a person of each role who has to do with the order."""
    order = fixtures.order
    places = {
        Role.CLERK: fixtures.court,
        Role.JUDGE: fixtures.court,
        Role.LIAISON: fixtures.police,
        Role.SUPERVISOR: fixtures.police,
        Role.PROSECUTOR: fixtures.referral.agency,
        Role.ADVOCATE: strangers.release.agency,
        Role.AUDITOR: None,
        Role.ADMINISTRATOR: None,
        Role.AGENCY_ADMINISTRATOR: fixtures.police,
    }
    for role in (Role.MARSHAL, Role.LICENSING, Role.SCHOOL):
        places[role] = make.agency(AgencyKind(role.value))
        add_agency(order, agency=present(places[role]), by=None, now=fixtures.now)
    return {str(role): Reader(make.person(role, place)) for role, place in places.items()}


def _restart_keys() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER SEQUENCE "{name}" RESTART WITH {FIRST_KEY}')


def _same_times(now: datetime) -> None:
    """Give what the database's clock wrote one time: the two worlds are built a few seconds apart.

    Tables that only grow refuse it. Their times come from the services.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns JOIN pg_tables"
            " ON tablename = table_name WHERE table_schema = 'public'"
            " AND data_type = 'timestamp with time zone'"
            " AND table_name ~ '^(orders|notifications|accounts)_'",
        )
        columns = cursor.fetchall()
        for table, column in columns:
            with suppress(DatabaseError), transaction.atomic():
                cursor.execute(
                    f'UPDATE "{table}" SET "{column}" = %s WHERE "{column}" BETWEEN %s AND clock_timestamp()',
                    [now, now],
                )


def _read_api(reader: Reader, fixtures: Fixtures, only: Collection[str] = ()) -> None:
    """Read every list and detail, or the named lists only."""
    caller = _caller(reader.person)
    paths = [path.removeprefix(ROOT) for path, methods in document()["paths"].items() if "get" in methods]
    # Reference data is about no order.
    paths = [path for path in paths if not path.startswith("/reference/")]
    known = {
        "cases": [str(fixtures.order.case.public_id)],
        "orders": [str(fixtures.order.public_id)],
    }
    if not FULL:
        # A list shows each row as its detail does.
        paths = [path for path in paths if "{" not in path or path.split("/")[1] in known]
    if only:
        paths = [path for path in paths if path.split("/")[-1] in only]
    found: dict[str, list[str]] = {name: list(ids) for name, ids in known.items()}
    # Lists first: they show the ids of the rows.
    for path in sorted(paths, key=lambda one: (one.count("{"), one.count("/") < 3, one)):
        resource = path.split("/")[1]
        ids = found.get(resource, []) if "{" in path else [""]
        for public_id in list(dict.fromkeys(ids))[:ROWS]:
            query = {"case": known["cases"][0]} if path == "/reports/who-saw" else {}
            address = re.sub(r"\{\w+\}", public_id, path)
            answer = caller.get(address, **query)
            reader.keep(ROOT + address, answer)
            # A download is kept as it is. It lists no rows to go on with.
            is_list = "json" in answer.headers.get("Content-Type", "")
            if answer.status_code != 200 or answer.streaming or not is_list:
                continue
            if isinstance(rows := answer.json().get("results"), list):
                found.setdefault(path.split("/")[-1], []).extend(
                    one["id"] for one in rows if isinstance(one, dict) and "id" in one
                )


def _caller(person: User) -> Caller:
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        user=person,
        name="a system",
        scopes=Scope.values,
        digest=digest_of(token),
        expires_at=timezone.now() + timedelta(days=1),
    )
    return Caller(Client(raise_request_exception=False), token)


def _read_pages(reader: Reader, fixtures: Fixtures) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(reader.person)
    order, docket = fixtures.order, fixtures.order.case.docket_number
    waiting = deque(
        [
            "/",
            f"/cases/{order.public_id}/",
            f"/licensing/{order.public_id}/",
            f"/search/?q={docket}",
            "/search/?q=Linden",
            f"/admin/orders/order/{order.pk}/change/",
            "/follow-ups/",
            "/admin/",
        ]
    )
    if Role.ADMINISTRATOR in reader.person.roles:
        # By design this page names agencies with no one who can be alerted, without the case.
        waiting.remove("/")
    seen = {"/", *waiting}
    if feeds.can_have_feed(reader.person):
        token = feeds.create_feed(reader.person, now=timezone.now())
        calendar = client.get(f"/calendar/{token}.ics")
        reader.keep("/calendar/feed", calendar)
    for _ in range(PAGES):
        if not waiting:
            break
        address = waiting.popleft()
        text = reader.keep(address, client.get(address))
        for link in _LINK.findall(text):
            target = urlsplit(urljoin(address, link.replace("&amp;", "&")))
            path = f"{target.path}?{target.query}" if target.query else target.path
            if not target.netloc and path not in seen and not _NOT_READ.search(path):
                seen.add(path)
                waiting.append(path)
