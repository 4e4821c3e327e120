"""No value in an address breaks a page, sets a header or becomes a part of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

from accounts.models import AgencyKind, Membership, Role
from accounts.services.access import enumeration_guard
from tests import make

pytestmark = pytest.mark.django_db

#: Names that pages read from an address, and some that Django's admin knows.
NAMES = (
    "q", "o", "p", "all", "e", "_facets", "_to_field", "_popup", "_changelist_filters", "next", "page",
    "day", "month", "week", "year", "court", "agency", "town", "show", "shown", "who", "due", "by", "as",
    "kind", "judge", "since", "until", "from", "to", "language", "paper", "sort", "view", "rule", "state",
    "status", "key", "cursor", "quarter", "person", "order", "id__gte", "case__respondent__name__startswith",
)  # fmt: skip
VALUES = {
    "NUL": "a\0b",
    "a number beyond all": "9" * 40,
    "a day that never is": "2026-02-30",
    "a template": "{{7*7}}{% debug %}<script>alert(1)</script>\r\nSet-Cookie: b=c",
}
#: What ends the session, is no page for people, or leads away.
NOT_OPENED = re.compile(
    r"(sign-out|leave|account/|sign-in/sso|admin/log|admin/password|mailbox|healthz|^api/)"
)
_PARAMETER = re.compile(r"<(?:(\w+):)?\w+>")


def addresses(hostile: str) -> Iterator[str]:
    """Yield every page; with numbers and words in its address the hostile one, if it fits there."""

    def walk(resolver: Any, before: str) -> Iterator[str]:
        for one in resolver.url_patterns:
            address = before + str(one.pattern)
            if isinstance(one, URLResolver):
                yield from walk(one, address)
            elif not NOT_OPENED.search(address) and not set("(^$").intersection(address):
                yield address

    for address in walk(get_resolver(), ""):
        kinds = {found[1] for found in _PARAMETER.finditer(address)}
        if "uuid" not in kinds:
            yield "/" + _PARAMETER.sub(hostile if kinds else "", address)


@pytest.fixture
def everyone(monkeypatch: pytest.MonkeyPatch) -> Client:
    """The browser of a person with nearly every role, so that nearly every page opens."""
    monkeypatch.setattr(enumeration_guard, "LIMIT", 10**6)
    one = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    Membership.objects.create(user=one, role=Role.SUPERVISOR, agency=make.agency())
    for role in (Role.MARSHAL, Role.PROSECUTOR, Role.LICENSING, Role.SCHOOL):
        Membership.objects.create(user=one, role=role, agency=make.agency(AgencyKind(role.value)))
    Membership.objects.create(user=one, role=Role.ADVOCATE, agency=make.agency(AgencyKind.ADVOCACY))
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        Membership.objects.create(user=one, role=role)
    client = Client(raise_request_exception=False)
    client.force_login(one)
    return client


@pytest.mark.long
@pytest.mark.parametrize("how", VALUES)
def test_no_page_breaks_by_what_is_asked(how: str, everyone: Client) -> None:
    value = VALUES[how]
    plain = re.sub(r"[^\w.-]", "", value)
    broken, opened = [], 0
    for address in addresses(plain):
        answer = everyone.get(address, dict.fromkeys(NAMES, value))
        opened += answer.status_code == 200
        if answer.status_code >= 500:
            broken.append(address)
        assert "Set-Cookie: b=c" not in str(answer.headers)
        text = b"".join(answer) if answer.streaming else answer.content
        assert b"<script>alert(1)" not in text, address

    assert not broken
    assert opened > 10
