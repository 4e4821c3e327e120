"""What a monitor reads: how late, how much, how well; numbers and their kinds, and nobody's name."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from notifications.models import AlertState, Tally
from notifications.services import health
from notifications.services.findings import open_findings
from notifications.services.statements import rows_of
from notifications.services.tallies import PUBLISHED

#: No further is anything counted that has no end.
MOST = 10_000

_ALERTS = """
SELECT channel, state, count(*) FROM notifications_alert
WHERE created_at > statement_timestamp() - interval '24 hours' GROUP BY channel, state
"""

_SINGLE = """
SELECT
  (SELECT count(*) FROM (SELECT FROM notifications_alert WHERE state = 5 LIMIT %(most)s) one),
  (SELECT count(*) FROM (
    SELECT FROM notifications_alert
    WHERE possible_duplicate AND created_at > statement_timestamp() - interval '24 hours'
    LIMIT %(most)s) one),
  (SELECT count(*) FROM (
    SELECT FROM notifications_awaitedanswer WHERE answered_at IS NULL LIMIT %(most)s) one),
  (SELECT extract(epoch FROM statement_timestamp() - min(asked_at)) FROM notifications_awaitedanswer
   WHERE answered_at IS NULL)
"""

_CIRCUITS = """
SELECT name, failures, COALESCE(open_until > statement_timestamp(), false) FROM notifications_provider
"""


class _Now(Collector):
    """Asks the database when it is read, and keeps nothing."""

    def collect(self) -> Iterator[Metric]:
        """Every metric there is."""
        yield from _of_health()
        yield from _of_alerts()
        yield from _of_providers()
        yield from _of_findings()
        yield from _of_tallies()


def exposed() -> bytes:
    """The metrics in the text form that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(_Now())
    return generate_latest(registry)


def _gauge(name: str, words: str, value: float | None) -> Iterator[Metric]:
    """One number; nothing where there is none, so that an alarm on its absence can ring."""
    if value is not None:
        yield GaugeMetricFamily(f"ctc_{name}", words, value=value)


def _of_health() -> Iterator[Metric]:
    found = health.ask()
    yield from _gauge("due_lag_seconds", "How long the oldest due checkpoint waits", found.due_lag)
    yield from _gauge("outbox_age_seconds", "How long the oldest ready alert waits", found.outbox_lag)
    yield from _gauge("pulse_age_seconds", "Since the newest pulse", found.pulse_age)
    yield from _gauge("canary_age_seconds", "Since the last canary arrived", found.canary_age)


def _of_alerts() -> Iterator[Metric]:
    alerts = GaugeMetricFamily(
        "ctc_alerts", "Alerts written in the last 24 hours", labels=["channel", "state"]
    )
    for channel, state, count in rows_of(_ALERTS, {}):
        alerts.add_metric([channel, AlertState(state).name.lower()], count)
    yield alerts
    doubt, doubled, unanswered, oldest = rows_of(_SINGLE, {"most": MOST})[0]
    yield from _gauge("alerts_in_doubt", "Alerts that may have been sent", doubt)
    yield from _gauge("possible_duplicates", "Alerts of 24 hours sent again after a doubt", doubled)
    yield from _gauge("answers_awaited", "Agencies that were asked and did not answer", unanswered)
    yield from _gauge("answers_awaited_oldest_seconds", "Since the first of them was asked", oldest or 0)


def _of_providers() -> Iterator[Metric]:
    failures = GaugeMetricFamily("ctc_provider_failures", "Failures on end", labels=["provider"])
    circuits = GaugeMetricFamily("ctc_provider_open", "1: nothing is given to it", labels=["provider"])
    for name, on_end, is_open in rows_of(_CIRCUITS, {}):
        failures.add_metric([name], on_end)
        circuits.add_metric([name], int(is_open))
    yield failures
    yield circuits


def _of_findings() -> Iterator[Metric]:
    findings = GaugeMetricFamily("ctc_findings_open", "Findings that stand", labels=["code"])
    for code, count in open_findings().order_by().values_list("code").annotate(Count("pk")):
        findings.add_metric([code], count)
    yield findings


def _of_tallies() -> Iterator[Metric]:
    values = GaugeMetricFamily("ctc_count", "Counts taken every ten minutes", labels=["name"])
    times = GaugeMetricFamily("ctc_counted_timestamp_seconds", "When it was counted", labels=["name"])
    for one in Tally.objects.filter(name__in=PUBLISHED):
        values.add_metric([one.name], one.value)
        times.add_metric([one.name], one.counted_at.timestamp())
    yield values
    yield times
