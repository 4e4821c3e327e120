"""Translated texts: complete, compiled as written, and easy to read in both languages."""

from __future__ import annotations

import gettext as gnu
import io
import re
from pathlib import Path

import pytest
import textstat

from ctcompliance.catalogs import PASSED_ON, ROOT, CatalogEntry, catalogs, compiled, read, wanted

SPANISH = ROOT / "ctcompliance/locale/es/LC_MESSAGES/django.po"
#: The highest grade of an English text (by letters, words and sentences: the formulas with syllables need a
#: dictionary from the network), and the lowest index of a Spanish one (Szigriszt: 65 is "quite easy").
GRADE, EASE = 8, 65
#: Shorter texts are headings and labels, which the formulas do not measure.
WORDS = 8
_PLACE = re.compile(r"%\(\w+\)s")


def _entries() -> list[CatalogEntry]:
    return read(SPANISH)[1:]


def test_every_text_is_translated_and_no_other() -> None:
    texts = {one.text for one in _entries()}
    found = set(PASSED_ON).union(*(wanted(ROOT / app) for app in ("accounts", "orders", "notifications")))
    found |= wanted(ROOT / "ctcompliance")

    assert texts == found
    assert all(all(one.translations) for one in _entries())


def test_a_translation_has_the_same_places() -> None:
    for one in _entries():
        for translated in one.translations:
            assert set(_PLACE.findall(translated)) == set(_PLACE.findall(one.text)), one.text


@pytest.mark.parametrize("file", catalogs(), ids=lambda file: file.parent.parent.name)
def test_what_is_compiled_is_what_is_written(file: Path) -> None:
    assert file.with_suffix(".mo").read_bytes() == compiled(read(file)), "run manage.py catalogs"


def test_the_compiled_form_is_that_of_gettext() -> None:
    found = gnu.GNUTranslations(io.BytesIO(compiled(read(SPANISH))))

    assert found.gettext("Exit") == "Salir"
    assert found.ngettext("%(days)s day from now.", "%(days)s days from now.", 2) == "Faltan %(days)s días."


def _sentences(texts: list[str]) -> list[str]:
    """Texts that the formulas measure, with a word in each place."""
    plain = [_PLACE.sub("Monday", one) for one in texts]
    return [one for one in plain if len(one.split()) >= WORDS]


def test_english_is_easy_to_read() -> None:
    textstat.set_lang("en_US")
    texts = _sentences([one.text for one in _entries()] + [one.plural for one in _entries() if one.plural])
    hard = {one: textstat.automated_readability_index(one) for one in texts}

    assert {one: grade for one, grade in hard.items() if grade > GRADE} == {}


def test_spanish_is_easy_to_read() -> None:
    textstat.set_lang("es")
    texts = _sentences([text for one in _entries() for text in one.translations])
    ease = {one: textstat.szigriszt_pazos(one) for one in texts}

    assert {one: index for one, index in ease.items() if index < EASE} == {}
