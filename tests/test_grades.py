"""How hard the pages of advocates and of the public are to read: `docs/reading-grades.md`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role
from guidance.services import guides
from notifications.models import Alert, Language, Preference
from notifications.services.contacts.contacts import ContactSettings, set_contact
from notifications.services.firing.fire import Firer
from tests import make
from tests.api.fixtures import set_up
from tests.notifications.test_spanish_pages import Texts
from tests.reading import english_grade, spanish_ease

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).parent.parent / "docs/reading-grades.md"
#: The highest grade of a page in English, and the lowest ease of one in Spanish.
GRADE, EASE = 8.0, 65.0
#: Shorter texts are labels and headings.
_WORDS = 5


def sentences(page: str) -> list[str]:
    """The sentences that a page shows, but for what is marked as another language."""
    inside = re.sub(r"(?s)<(header|footer|nav)\b.*?</\1>", "", page).replace('<html lang="en">', "<html>")
    return [one for one in Texts(inside).found if len(one.split()) >= _WORDS]


@pytest.fixture
def pages(settings: Settings) -> dict[str, tuple[str, str]]:
    """Each page in English and in Spanish."""
    settings.SMS_PROVIDERS = ["twilio"]
    stage = set_up()
    now = timezone.now()
    person = make.person(Role.ADVOCATE, stage.organization)
    wish = ContactSettings(channel="email", address="quiet.heron@mail.example", pin="2580")
    set_contact(stage.release, wish, by=person, now=now)
    Firer("test").fire()
    alert = Alert.objects.filter(recipient=person).first()
    assert alert is not None
    reader = Client()
    reader.force_login(person)
    one = f"/confidentiality-releases/{stage.release.public_id}/"
    own = {
        "First page of an advocate": "/",
        "An order of a client": one,
        "The sheet to print": f"{one}sheet/",
        "Ask for a release": "/releases/new/",
        "Renew a release": f"{one}renew/",
        "A notice": f"/notices/{alert.public_id}/",
        "Preferences": "/preferences/",
        "Calendar": "/calendar/",
    }
    found: dict[str, list[str]] = {name: [] for name in own}
    for language in Language:
        Preference.objects.update_or_create(user=person, defaults={"language": language})
        for name, path in own.items():
            found[name].append(reader.get(path).content.decode())
    anyone = Client()
    open_pages = {
        "Help by town": "/help/{}?town=Hartford",
        "All guides": "/guides/{}",
        "Statistics": "/statistics/{}",
        **{f"Guide: {one.title}": f"/guides/{one.name}/{{}}" for one in guides.guides("en", now.date())},
    }
    for name, path in open_pages.items():
        found[name] = [anyone.get(path.format(part)).content.decode() for part in ("", "es/")]
    return {name: (english, spanish) for name, (english, spanish) in found.items()}


def rows(pages: dict[str, tuple[str, str]]) -> Iterator[tuple[str, float, float]]:
    """Yield each page with the grade of its English and the ease of its Spanish."""
    for name, (english, spanish) in pages.items():
        yield name, english_grade(sentences(english)), spanish_ease(sentences(spanish))


def written(found: list[tuple[str, float, float]]) -> str:
    """The table as `docs/reading-grades.md` has it, in whole numbers, so that a date changes nothing."""
    lines = [f"| {name} | {round(grade)} | {round(ease / 5) * 5} |" for name, grade, ease in found]
    return "\n".join(["| Page | English, grade | Spanish, ease |", "|---|---|---|", *lines])


def test_each_page_reads_at_grade_eight_or_lower_as_the_table_has_it(
    pages: dict[str, tuple[str, str]],
) -> None:
    found = list(rows(pages))

    hard = {name: (grade, ease) for name, grade, ease in found if grade > GRADE or ease < EASE}
    assert hard == {}, written(found)
    assert TABLE.read_text().endswith(f"{written(found)}\n"), f"The table is now:\n{written(found)}"
