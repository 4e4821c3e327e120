"""Post findings to the administrators' own system, which need not depend on the mail server."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from django.conf import settings
from django.db.models.functions import Now

from notifications.channels.http_client import UnansweredError, UnreachedError
from notifications.channels.webhook import RefusedError, post_signed
from notifications.models import Finding
from notifications.services.watch.findings import open_findings

logger = logging.getLogger(__name__)

#: Findings posted by one call.
BATCH = 20
#: Seconds for one POST.
TIMEOUT = 5.0


def post_findings(*, at: datetime) -> int:
    """Post open findings that the administrators' system does not have yet; return how many it took.

    `at`, in UTC, is the time of the signatures.
    """
    if not settings.FINDINGS_URL:
        return 0
    received = 0
    for finding in open_findings().filter(posted_at=None).order_by("id")[:BATCH]:
        try:
            _post(finding, at)
        except RefusedError as error:
            # This one; the next may be taken.
            logger.error("finding %d was not posted: %s", finding.pk, error)
            continue
        except (UnreachedError, UnansweredError) as error:
            logger.error("finding %d was not posted: %s", finding.pk, error)
            break
        Finding.objects.filter(pk=finding.pk).update(posted_at=Now())
        received += 1
    return received


def _post(finding: Finding, at: datetime) -> None:
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
    key = f"finding_{finding.pk}"
    post_signed(
        settings.FINDINGS_URL,
        text,
        message_id=key,
        secret=settings.FINDINGS_SECRET,
        at=at,
        timeout=TIMEOUT,
    )
