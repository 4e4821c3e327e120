"""The pages of an advocate in Spanish have no English left on them, except what is marked as English."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from typing_extensions import override

from accounts.dates import court_date
from accounts.models import Role
from ctcompliance.catalogs import ROOT, read
from notifications.models import Alert, Language, Preference
from notifications.services.firing.fire import Firer
from tests import make
from tests.api.fixtures import Fixtures, set_up
from tests.notifications.test_release_pages import CONTACT

pytestmark = pytest.mark.django_db

#: Words that English sentences have and Spanish ones do not.
_ENGLISH = re.compile(
    r"\b(the|of|and|is|are|was|to|your|you|this|that|with|for|not|it|by|from|or|be|on|sign|save)\b",
    re.IGNORECASE,
)
_SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-label")


class Texts(HTMLParser):
    """The texts of a page, those of attributes too, without the parts that are marked as English."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Read the attributes, and note whether the element is to be left out."""
        given = dict(attrs)
        is_out = tag in ("script", "style", "code") or given.get("lang") == "en" or "data-name" in given
        is_out = is_out or bool(self._open and self._open[-1][1])
        if not is_out:
            self.found += [given[one] for one in _SPOKEN if given.get(one)]
        if tag not in ("meta", "link", "input", "img", "br", "hr"):
            self._open.append((tag, is_out))

    @override
    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        while self._open and self._open.pop()[0] != tag:
            continue

    @override
    def handle_data(self, data: str) -> None:
        """Read a text."""
        if data.strip() and not (self._open and self._open[-1][1]):
            self.found.append(" ".join(data.split()))


def english_of(page: str) -> list[str]:
    """The texts of a page that are English: an entry of the catalog, or with a word that only English has."""
    catalog = {
        one.text
        for one in read(ROOT / "ctcompliance/locale/es/LC_MESSAGES/django.po")
        if one.text not in one.translations
    }
    texts = Texts(page).found
    return [one for one in texts if one in catalog or _ENGLISH.search(one)]


@pytest.fixture
def stage(settings: Settings) -> Fixtures:
    settings.SMS_PROVIDERS = ["twilio"]
    return set_up()


def test_no_page_of_an_advocate_has_english_left(stage: Fixtures) -> None:
    person = make.person(Role.ADVOCATE, stage.organization)
    Preference.objects.create(user=person, language=Language.SPANISH)
    reader = Client()
    reader.force_login(person)
    page = f"/confidentiality-releases/{stage.release.public_id}/"
    Firer("test").fire()
    alert = Alert.objects.filter(recipient=person).first()
    assert alert is not None
    names = (person.name, stage.organization.name, stage.court.name)
    today = court_date(timezone.now()).isoformat()

    pages = {path: reader.get(path) for path in ("/", "/releases/", page, f"{page}sheet/")}
    pages["saved"] = reader.post(page, CONTACT, follow=True)
    for name, wrong in {
        "no address": {"address": ""},
        "no number": {"channel": "sms", "address": ""},
        "letters": {"channel": "sms", "address": "860 555 O1OO"},
        "heron": {"address": "heron"},
        "hours": {"hours_from": "late"},
        "phrase": {"phrase": "your court"},
        "days": {"confirm_every_days": "400"},
    }.items():
        pages[name] = reader.post(page, CONTACT | wrong)
    pages["alias"] = reader.post(page, {"action": "alias", "alias": "Ash Birch"})
    pages["report"] = reader.post(page, {"action": "report", "known_on": "2001-01-05"})
    pages["reported"] = reader.post(page, {"action": "report", "known_on": today}, follow=True)
    for path in (
        "/calendar/",
        "/preferences/",
        "/search/",
        "/away/",
        "/account/",
        "/account/password/",
        "/account/sign-out-everywhere/",
        "/account/sign-in-again/",
        "/releases/new/",
        f"{page}renew/",
        f"/notices/{alert.public_id}/",
        f"/notices/{alert.public_id}/print/",
    ):
        pages[path] = reader.get(path)
    pages["found"] = reader.post("/search/", {"text": stage.order.case.docket_number})
    pages["not found"] = reader.post("/search/", {"text": "Nadie de aquí"})
    pages["wrong password"] = reader.post("/account/password/", {"old_password": "no es esta"})
    pages["back before away"] = reader.post("/away/", {"ends_at_0": "2001-01-05", "ends_at_1": "9:00"})

    left = {}
    for name, answer in pages.items():
        assert answer.status_code == 200, name
        shown = answer.content.decode()
        for one in names:
            shown = shown.replace(one, "")
        if english := english_of(shown):
            left[name] = english
    assert left == {}
