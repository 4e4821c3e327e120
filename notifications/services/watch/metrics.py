"""Prometheus metrics: lags, counts and states. No label contains a name."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from notifications.models import AlertState, Channel, Counter
from notifications.services.sql import rows_of
from notifications.services.watch import health
from notifications.services.watch.counters import PUBLISHED
from notifications.services.watch.delivery import providers_of
from notifications.services.watch.findings import open_findings

#: The highest count of open-ended sets.
MAX_COUNTED = 10_000

# By age, with the upper end of each span as its name. What is older than a day counts only if it was never
# sent: by index, up to a limit.
_ALERTS = """
SELECT channel, state,
       CASE WHEN created_at > statement_timestamp() - interval '1 minute' THEN '1m'
            WHEN created_at > statement_timestamp() - interval '10 minutes' THEN '10m'
            WHEN created_at > statement_timestamp() - interval '1 hour' THEN '1h' ELSE '24h' END AS age,
       count(*)
FROM notifications_alert
WHERE created_at > statement_timestamp() - interval '24 hours' GROUP BY channel, state, age
UNION ALL
SELECT channel, state, 'older', count(*)
FROM (VALUES (0), (1), (2)) AS wanted (priority)
CROSS JOIN LATERAL (
  SELECT channel, state FROM notifications_alert
  WHERE state IN (%(alert_ready)s, %(alert_temporary_failure)s) AND priority = wanted.priority
    AND created_at <= statement_timestamp() - interval '24 hours'
  ORDER BY created_at, id LIMIT %(most)s) unsent
GROUP BY channel, state
"""

_SINGLE = """
SELECT
  (SELECT count(*) FROM (
    SELECT FROM notifications_alert WHERE state = %(alert_in_doubt)s LIMIT %(most)s) one),
  (SELECT count(*) FROM (
    SELECT FROM notifications_alert
    WHERE possible_duplicate AND created_at > statement_timestamp() - interval '24 hours'
    LIMIT %(most)s) one),
  (SELECT count(*) FROM (
    SELECT FROM notifications_pendingacknowledgment WHERE answered_at IS NULL LIMIT %(most)s) one),
  (SELECT extract(epoch FROM statement_timestamp() - min(asked_at)) FROM notifications_pendingacknowledgment
   WHERE answered_at IS NULL)
"""

_CIRCUITS = """
SELECT name, failures, COALESCE(open_until > statement_timestamp(), false) FROM notifications_provider
"""


class _DatabaseCollector(Collector):
    """Reads all metrics from the database when scraped."""

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield from _health_metrics()
        yield from _alert_metrics()
        yield from _provider_metrics()
        yield from _finding_metrics()
        yield from _counter_metrics()


def render_metrics() -> bytes:
    """Return the metrics in Prometheus text format."""
    registry = CollectorRegistry()
    registry.register(_DatabaseCollector())
    return generate_latest(registry)


def _gauge(name: str, help_text: str, value: float | None) -> Iterator[Metric]:
    """Yield one gauge; nothing without a value, so that an alert on absence works."""
    if value is not None:
        yield GaugeMetricFamily(f"ctc_{name}", help_text, value=value)


def _health_metrics() -> Iterator[Metric]:
    found = health.measure()
    yield from _gauge("due_lag_seconds", "Seconds the oldest due checkpoint has waited", found.due_lag)
    yield from _gauge("outbox_age_seconds", "Seconds the oldest unsent alert has waited", found.outbox_lag)
    yield from _gauge("pulse_age_seconds", "Seconds since the newest pulse", found.pulse_age)
    yield from _gauge("canary_age_seconds", "Seconds since the last canary arrived", found.canary_age)
    yield from _gauge(
        "mailbox_age_seconds", "Seconds since the newest canary by mail that came back", found.mailbox_age
    )


def _alert_metrics() -> Iterator[Metric]:
    alerts = GaugeMetricFamily(
        "ctc_alerts",
        "Alerts created in the last 24 hours, and older ones that were never sent",
        labels=["channel", "state", "age"],
    )
    for channel, state, age, count in rows_of(_ALERTS, {"most": MAX_COUNTED}):
        alerts.add_metric([channel, AlertState(state).name.lower(), age], count)
    yield alerts
    in_doubt, duplicates, unanswered, oldest = rows_of(_SINGLE, {"most": MAX_COUNTED})[0]
    yield from _gauge("alerts_in_doubt", "Alerts that may or may not have been sent", in_doubt)
    yield from _gauge(
        "possible_duplicates", "Alerts of the last 24 hours that were in doubt and sent again", duplicates
    )
    yield from _gauge("answers_awaited", "Agencies that have not acknowledged", unanswered)
    yield from _gauge(
        "answers_awaited_oldest_seconds", "Seconds since the first of them was notified", oldest or 0
    )


def _provider_metrics() -> Iterator[Metric]:
    failures = GaugeMetricFamily("ctc_provider_failures", "Consecutive faults", labels=["provider"])
    circuits = GaugeMetricFamily("ctc_provider_open", "1 while the provider is not used", labels=["provider"])
    # A provider that never failed has no row, and its metrics exist all the same.
    names = [name for channel in Channel for name in providers_of(channel)]
    rows = dict.fromkeys(names, (0, False))
    rows |= {name: (in_a_row, is_open) for name, in_a_row, is_open in rows_of(_CIRCUITS, {})}
    for name, (in_a_row, is_open) in rows.items():
        failures.add_metric([name], in_a_row)
        circuits.add_metric([name], int(is_open))
    yield failures
    yield circuits


def _finding_metrics() -> Iterator[Metric]:
    findings = GaugeMetricFamily("ctc_findings_open", "Open findings", labels=["code"])
    for code, count in open_findings().order_by().values_list("code").annotate(Count("pk")):
        findings.add_metric([code], count)
    yield findings


def _counter_metrics() -> Iterator[Metric]:
    values = GaugeMetricFamily("ctc_count", "Counts, taken every ten minutes", labels=["name"])
    times = GaugeMetricFamily("ctc_counted_timestamp_seconds", "When the count was taken", labels=["name"])
    for one in Counter.objects.filter(name__in=PUBLISHED):
        values.add_metric([one.name], one.value)
        times.add_metric([one.name], one.counted_at.timestamp())
    yield values
    yield times
