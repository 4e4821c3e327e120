"""Open every page as every role, in both languages, and look for barriers. `make a11y` runs it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from django.conf import settings
from selenium.common.exceptions import WebDriverException

from notifications.services.contacts.preferences import set_language
from tests.a11y import tools, world
from tests.a11y.crawl import Crawl, Page
from tests.a11y.names import ROLES
from tests.a11y.tools import Finding
from tests.a11y.visits import Visitor

#: A page with errors, and how its title begins.
_HAS_ERRORS = re.compile(r'class="(?:errorlist|errornote|notice error|field invalid)')
_TITLED = re.compile(r"<title>\s*Error")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("role", ROLES)
def test_no_page_has_a_barrier(role: str, visitor: Visitor, tmp_path: Path) -> None:
    walk = Walk(role, visitor)
    walk.everywhere()
    found = [*walk.found, *tools.nu(walk.sources, tmp_path)]
    row = {
        "names": sorted(walk.names),
        "pages": len(walk.sources),
        "checks": visitor.checks + len(walk.sources),
        "findings": [asdict(one) for one in found],
    }
    folder = Path(settings.LOCAL_DIR) / "a11y"
    folder.mkdir(exist_ok=True, parents=True)
    (folder / f"{role}.json").write_text(json.dumps(row))
    rest = tools.remaining(found)
    assert not rest, f"{role}, {len(walk.sources)} pages:\n{tools.report(rest)}"


class Walk:
    """One person opens every page, in English and, where it differs, in Spanish."""

    def __init__(self, role: str, visitor: Visitor) -> None:
        self.role = role
        self.visitor = visitor
        self.found: list[Finding] = []
        self.sources: dict[str, str] = {}
        self.names: set[str] = set()

    def everywhere(self) -> None:
        user, client = world.user_of(self.role), world.client_of(self.role)
        self.visitor.sign_in(client)
        for language in ("en", "es"):
            if user:
                set_language(user, language)
            crawl = Crawl(client, world.starts(self.role), world.within(self.role))
            for page in crawl.pages():
                if language == "en" or '<html lang="es' in page.source:
                    label = f"{self.role} {language} {page.name} {page.address}"
                    try:
                        self._visit(page, label)
                    except WebDriverException as error:
                        # The rest of an hour's walk is worth having.
                        self.found.append(
                            Finding("browser", "did not open or answer", label, text=str(error)[:300])
                        )
            self.names |= crawl.names
            self.found += [Finding("link", status, f"{self.role} {to}") for to, status in crawl.dead]

    def _visit(self, page: Page, label: str) -> None:
        self.sources[label] = page.source
        self.visitor.open(page.address)
        self.found += self.visitor.check(label)
        for form, source in page.wrong:
            wrong = f"{label} empty {form.place}"
            self.sources[wrong] = source
            if _HAS_ERRORS.search(source) and not _TITLED.search(source):
                self.found.append(Finding("title", "does not begin with Error", wrong))
            self.visitor.open(page.address)
            self.visitor.send_empty(form.place)
            self.found += self.visitor.check(wrong)
