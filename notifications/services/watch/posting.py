"""Post findings to the administrators' own system, which need not depend on the mail server."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from django.conf import settings
from django.db.models.functions import Now

from notifications.channels.http_client import UnansweredError, UnreachedError, post
from notifications.channels.webhook import sign
from notifications.models import Finding
from notifications.services.watch.findings import open_findings

logger = logging.getLogger(__name__)

#: Findings posted by one call.
BATCH = 20
#: Seconds for one POST.
TIMEOUT = 5.0


def post_findings() -> int:
    """Post open findings that the administrators' system does not have yet; return how many it took."""
    if not settings.FINDINGS_URL:
        return 0
    received = 0
    for finding in open_findings().filter(posted_at=None).order_by("id")[:BATCH]:
        if not _is_received(finding):
            break
        Finding.objects.filter(pk=finding.pk).update(posted_at=Now())
        received += 1
    return received


def _is_received(finding: Finding) -> bool:
    at = datetime.now(UTC)
    facts = {
        "code": finding.code,
        "subject": finding.subject,
        "detail": finding.detail,
        "count": finding.count,
    }
    body = {
        "type": "finding.opened",
        "timestamp": finding.found_at.astimezone(UTC).isoformat(),
        "data": facts,
    }
    text = json.dumps(body, separators=(",", ":")).encode()
    try:
        signature = sign(settings.FINDINGS_SECRET, message_id=f"finding_{finding.pk}", at=at, body=text)
        headers = {"Content-Type": "application/json", **signature}
        status = post(
            settings.FINDINGS_URL, headers=headers, body=text, timeout=TIMEOUT, reads_body=False
        ).status
    except (UnreachedError, UnansweredError) as error:
        logger.error("finding %d was not posted: %s", finding.pk, error)
        return False
    if status // 100 != 2:  # noqa: PLR2004 - 2xx
        logger.error("finding %d was not posted: answered %d", finding.pk, status)
        return False
    return True
