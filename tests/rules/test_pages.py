from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orders.rules import dossier
from orders.rules.facts import Kind
from orders.rules.model import Binding
from orders.rules.pages import entries_page, law_coverage, pages, rule_page, stale, write
from orders.rules.rulebook import Rulebook
from orders.rules.scenarios import load as load_scenarios
from tests.rules.test_scenarios import OWN

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def wanted(rulebook: Rulebook) -> dict[str, str]:
    return pages(rulebook, load_scenarios(OWN), dossier.load())


def test_pages_are_current(wanted: dict[str, str]) -> None:
    assert stale(DOCS, wanted) == [], "write them again with: manage.py rules pages"


def test_every_rule_has_a_page_with_values_sources_and_scenarios(
    rulebook: Rulebook, wanted: dict[str, str]
) -> None:
    for rule in rulebook.rules:
        page = wanted[f"rulebook/{rule.id}.md"]
        assert rule.title in page
        assert all(source in page for value in rule.values for source in value.sources)
        assert page.count(f"- {rule.id}-") >= 3


def test_every_entry_is_on_the_page_of_its_state(rulebook: Rulebook, wanted: dict[str, str]) -> None:
    for entry in rulebook.entries:
        assert f"\n## {entry.id}\n\n{entry.title}\n" in wanted[f"rulebook/{entry.jurisdiction}.md"]


def test_pages_of_states_without_a_time_to_surrender_have_that_sentence(
    rulebook: Rulebook, wanted: dict[str, str]
) -> None:
    named = {
        id_
        for id_ in rulebook.jurisdictions
        if "no time within which firearms are surrendered" in wanted[f"rulebook/{id_}.md"]
    }

    assert named == {"us_il", "us_in", "us_md", "us_nj"}


def test_the_sentence_needs_a_record_that_is_silent(rulebook: Rulebook) -> None:
    unread = dossier.Dossier(ids=(), cells={}, silent={})

    page = entries_page(rulebook.jurisdictions["us_il"], rulebook, unread)

    assert "no time within which firearms are surrendered" not in page


def test_coverage_has_a_line_for_every_id_and_cell(wanted: dict[str, str]) -> None:
    table = wanted["law-coverage.md"]
    listed = dossier.load()

    assert all(f"\n| {id_} | " in table for id_ in listed.ids)
    for cells in listed.cells.values():
        assert all(f"\n| {cell.replace('_', ' ')} | " in table for cell in cells)


def test_coverage_leaves_out_the_line_of_silent_cells_without_any(rulebook: Rulebook) -> None:
    listed = dossier.Dossier(ids=(), cells={"us_ca": ("final_order",)}, silent={})

    table = law_coverage(rulebook, [], listed)

    assert "| final order | deadline [CA-FIN](rulebook/CA-FIN.md) | `data/us_ca/order.toml` | 0 |" in table
    assert "Silent" not in table


def test_links_lead_to_pages_that_are_written(wanted: dict[str, str]) -> None:
    names = {name.removeprefix("rulebook/") for name in wanted}
    for text in wanted.values():
        for part in text.split("](")[1:]:
            target = part.split(")", 1)[0].removeprefix("rulebook/")
            assert target in names | {"../rules.md"}


def test_page_has_every_answer_that_a_kind_of_order_is_bound_with(rulebook: Rulebook) -> None:
    rule = rulebook.by_id["CT-ORD-01"]
    both = Binding(kind=Kind.RESTRAINING_ORDER, firearms_indicated=True, financial_support=False)

    page = rule_page(replace(rule, binds=(both,)), rulebook, [])

    line = "- Binds: restraining order, if firearms or a permit are indicated and not support was ordered"
    assert line in page.splitlines()


def test_pages_are_written_into_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "docs"

    assert write(folder, {"rulebook/CT-ONE.md": "“one”\n"}) == ["rulebook/CT-ONE.md"]
    assert (folder / "rulebook" / "CT-ONE.md").read_bytes() == "“one”\n".encode()


def test_stale_pages_are_written_and_leftovers_removed(tmp_path: Path) -> None:
    old = tmp_path / "rulebook" / "CT-GONE.md"
    old.parent.mkdir()
    old.write_text("gone", encoding="utf-8")
    wanted = {"law-coverage.md": "coverage\n", "rulebook/CT-ONE.md": "one\n"}

    assert write(tmp_path, wanted) == ["law-coverage.md", "rulebook/CT-GONE.md", "rulebook/CT-ONE.md"]
    assert stale(tmp_path, wanted) == []
    assert not old.exists()
    assert write(tmp_path, wanted) == []
