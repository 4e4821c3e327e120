"""Measures the access log, on a database of its own that `CTC_LOCAL` names and `prepare` made:

manage.py shell -v0 -c "from tests.bench_audit import main; main()"
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from accounts.models import AuditAction, AuditChainLink, AuditEntry, EntryPoint, Role
from accounts.services.access import audit_chain
from accounts.services.access.access_log import record
from accounts.services.access.access_report import Question, case_viewers, entries
from tests import make
from tests.bench import median_ms, say

ENTRIES = 1_000_000
#: Entries of one transaction, as pages and imports mix.
TOGETHER = 10

_FILL = """
INSERT INTO accounts_auditentry
  (at, action, entry_point, what, actor_id, address, succeeded, detail, cases, transaction)
SELECT statement_timestamp() - make_interval(secs => (%(entries)s - n) * 2), 'seen', 'admin',
  'admin:orders_order_change', %(actor)s, '192.0.2.7', true, '{}', ARRAY[md5((n %% 50000)::text)::uuid],
  -%(entries)s + n / %(together)s
FROM generate_series(%(from)s, %(to)s) n
"""


def main() -> None:
    """Runs all measurements and prints a table."""
    say("what", "ours", "peer", "ratio")
    person = make.person(Role.AUDITOR)
    with connection.cursor() as cursor:
        for start in range(1, ENTRIES, 100_000):
            values = {"entries": ENTRIES, "actor": person.pk, "together": TOGETHER}
            cursor.execute(_FILL, values | {"from": start, "to": start + 99_999})
        cursor.execute("ANALYZE accounts_auditentry")

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    one = median_ms(lambda: record(AuditAction.SEEN, EntryPoint.ADMIN, actor=person, cases=[uuid4()]), 1000)
    fifty = median_ms(
        lambda: record(AuditAction.SEEN, EntryPoint.ADMIN, actor=person, cases=[uuid4() for _ in range(50)]),
        300,
    )
    select = median_ms(bare, 1000)
    say("one entry of one case, beside SELECT 1", f"{one:.2f} ms", f"{select:.2f} ms", f"{one / select:.1f}")
    say("one entry of fifty cases", f"{fifty:.2f} ms", f"{select:.2f} ms", f"{fifty / select:.1f}")

    taken = _seconds(_seal_all)
    say(
        f"sealing {ENTRIES:,} entries",
        f"{ENTRIES / taken:,.0f}/s",
        f"{AuditChainLink.objects.count()} seals",
        "",
    )
    report: list[audit_chain.ChainReport] = []
    before = _peak()
    taken = _seconds(lambda: report.append(audit_chain.verify(entry_point=EntryPoint.COMMAND)))
    found = report[0].entries
    say(f"verifying {found:,} entries", f"{found / taken:,.0f}/s", f"{taken:.1f} s", "")
    say("peak memory of this process, and before verifying", f"{_peak():.0f} MB", f"{before:.0f} MB", "")

    case = AuditEntry.objects.order_by("id").values_list("cases", flat=True)[0][0]
    span: dict[str, Any] = {"since": timezone.now() - audit_chain.LATE * 24 * 366, "until": timezone.now()}
    by_case, by_person = Question(**span, case=case), Question(**span, person=person)
    for name, work in [
        ("who saw this case", lambda: (entries(by_case, reader=person), case_viewers(by_case))),
        ("what did this person see", lambda: entries(by_person, reader=person)),
        ("the newest hundred", lambda: entries(Question(**span), reader=person)),
    ]:
        say(name, f"{_median(work):.1f} ms", "", "")


def _seal_all() -> None:
    while audit_chain.extend_chain() >= audit_chain.BATCH:
        pass


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_seconds(work) for _ in range(15)) * 1000
