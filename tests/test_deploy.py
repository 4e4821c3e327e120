"""What `deploy/` and the runbooks name exists: metrics, findings, sections."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from notifications.models import Alert, AlertState, Finding, Heartbeat, PeriodicRun
from notifications.services.firing.fire import Firer
from notifications.services.watch import audits, canary, counters, metrics
from notifications.services.watch.mailbox import BEGAN
from tests import make

ROOT = Path(__file__).resolve().parent.parent
RULES: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "prometheus-rules.yml").read_text())
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "dashboard.json").read_text())
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", RUNBOOKS, re.MULTILINE | re.DOTALL))
#: Metrics that Prometheus makes itself.
OF_PROMETHEUS = {"up"}


def expressions() -> Iterator[str]:
    """Every expression of the rules and the dashboard."""
    for group in RULES["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


@pytest.fixture
def served(db: None, settings: Settings) -> dict[str, set[str]]:
    """Every metric of a system in which something happened, with its labels."""
    settings.CANARY_MAILBOX = "imaps://a:b@imap.example"
    Heartbeat.objects.create(name="w", last_pulse_at=timezone.now())
    PeriodicRun.objects.create(name=BEGAN, ran_at=timezone.now())
    Finding.objects.create(code="clock", detail="Apart.")
    canary.plant()
    make.served_order()
    Firer("test").fire()
    Alert.objects.filter(via="canary").update(state=AlertState.ACCEPTED, accepted_at=timezone.now())
    counters.take()
    return {
        family.name: {label for sample in family.samples for label in sample.labels}
        for family in text_string_to_metric_families(metrics.render_metrics().decode())
    }


def test_every_metric_that_is_named_exists_with_its_labels(served: dict[str, set[str]]) -> None:
    for expression in expressions():
        for name, braces in re.findall(r"\b(ctc_\w+|up)\b(?:\{([^}]*)\})?", expression):
            if name in OF_PROMETHEUS:
                continue
            assert name in served, expression
            named = set(re.findall(r"(\w+)\s*=", braces))
            named |= set(
                ",".join(re.findall(r"by \(([\w, ]+)\)", expression)).replace(" ", "").split(",")
            ) - {""}
            assert named <= served[name], expression


def test_every_metric_is_on_the_dashboard(served: dict[str, set[str]]) -> None:
    shown = " ".join(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"])

    assert {name for name in served if name not in shown} == set()


def test_panels_have_their_own_ids_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    cells = [
        (x, y)
        for panel in panels
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def codes() -> list[str]:
    """Every code that a finding can have."""
    found = set(audits.codes())
    for path in (ROOT / "notifications").rglob("*.py"):
        found |= set(re.findall(r"Violation\(\s*code=\"(\w+)\"", path.read_text(encoding="utf-8")))
    return sorted(found)


@pytest.mark.parametrize("code", codes())
def test_every_finding_has_a_runbook(code: str) -> None:
    section = SECTIONS[code]

    for part in ("**Means**", "**Do**", "**Over**"):
        assert part in section, f"{code} has no part {part}"


def test_every_runbook_is_complete() -> None:
    for name, section in SECTIONS.items():
        assert all(part in section for part in ("**Means**", "**Do**", "**Over**")), name


def test_the_codes_are_found() -> None:
    assert {"late", "provider", "mailbox", "locked", "parked", "unanswered"} <= set(codes())


def test_every_rule_names_a_runbook_that_exists() -> None:
    anchors = {name.lower().replace(" ", "-") for name in SECTIONS}
    for group in RULES["groups"]:
        for rule in group["rules"]:
            page, _, anchor = rule["annotations"]["runbook"].partition("#")
            assert (ROOT / page).exists()
            assert anchor in anchors | {"{{ $labels.code }}"}, rule["alert"]
