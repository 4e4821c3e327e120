"""The Celery application, its queues and its beat schedule, all in code."""

from __future__ import annotations

import logging.config
import os
from typing import Any

from celery.schedules import crontab
from celery.signals import celeryd_init, setup_logging
from django.conf import settings
from kombu import Exchange, Queue

from ctcompliance.embedded.broker import EmbeddedBroker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ctcompliance.settings")

app = EmbeddedBroker("ctcompliance")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Every worker runs its own pulses, even when beat and the broker are down.
app.steps["worker"].add("notifications.pulse:PulseThread")

celeryd_init.connect(app.use_embedded_or_exit, weak=False)


@setup_logging.connect
def configure_logging(**_signal: Any) -> None:
    """Give workers and beat the logging of the web process, without Celery's own handlers."""
    logging.config.dictConfig(settings.LOGGING)


#: `pulse` is for work that must not wait, `drain.email` and `drain.webhook` send, `bulk` is for work that
#: may wait.
QUEUES = ("pulse", "drain.email", "drain.webhook", "bulk")

#: RabbitMQ keeps a copy of each message on several nodes, so that the loss of one stops no queue. Read from
#: the environment, because the settings are not loaded yet when this module is.
_ARGUMENTS = (
    {"x-queue-type": "quorum"} if os.environ.get("CELERY_BROKER_URL", "").startswith("amqp") else None
)

# Each has its own exchange and key: queues that share a key would each get every message.
app.conf.task_queues = [
    Queue(name, Exchange(name), routing_key=name, queue_arguments=_ARGUMENTS) for name in QUEUES
]
app.conf.task_routes = {
    "notifications.pulse": {"queue": "pulse"},
    "notifications.sweep": {"queue": "pulse"},
    "notifications.reap": {"queue": "pulse"},
    "notifications.drain": {"queue": "drain.email"},
    "notifications.deliver_webhooks": {"queue": "drain.webhook"},
    "orders.check_orphaned": {"queue": "bulk"},
    "orders.note_passed_actions": {"queue": "bulk"},
    "notifications.canary": {"queue": "pulse"},
    "notifications.audit": {"queue": "bulk"},
    "notifications.count": {"queue": "bulk"},
    "notifications.weekly_reports": {"queue": "bulk"},
    "notifications.remind_of_ends": {"queue": "bulk"},
    "notifications.warn_of_releases": {"queue": "bulk"},
    "notifications.purge": {"queue": "bulk"},
    "orders.replan_stale": {"queue": "bulk"},
    "orders.run_import": {"queue": "bulk"},
    "orders.preview_import": {"queue": "bulk"},
    "orders.sweep_imports": {"queue": "bulk"},
    "orders.sweep_files": {"queue": "bulk"},
    "accounts.extend_audit_chain": {"queue": "bulk"},
    "accounts.verify_audit": {"queue": "bulk"},
    "accounts.tidy": {"queue": "bulk"},
    "notifications.send_audit_digests": {"queue": "bulk"},
    "accounts.release_locks": {"queue": "bulk"},
    "accounts.mail_reset_link": {"queue": "pulse"},
}

# No entry is for a single order. Each hint expires before the next one is due, so that an outage leaves no
# pile of stale hints.
app.conf.beat_schedule = {
    "pulse": {"task": "notifications.pulse", "schedule": 1.0, "options": {"expires": 2}},
    "drain": {"task": "notifications.drain", "schedule": 10.0, "args": [100], "options": {"expires": 10}},
    "webhooks": {"task": "notifications.deliver_webhooks", "schedule": 5.0, "options": {"expires": 5}},
    "reap": {"task": "notifications.reap", "schedule": 5.0, "options": {"expires": 5}},
    "sweep": {"task": "notifications.sweep", "schedule": 60.0, "options": {"expires": 60}},
    "canary": {"task": "notifications.canary", "schedule": 60.0, "options": {"expires": 60}},
    "audit": {"task": "notifications.audit", "schedule": 300.0, "options": {"expires": 300}},
    "count": {"task": "notifications.count", "schedule": 600.0, "options": {"expires": 600}},
    "purge": {"task": "notifications.purge", "schedule": 3600.0, "options": {"expires": 3600}},
    "weekly-reports": {
        "task": "notifications.weekly_reports",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "remind-of-ends": {
        "task": "notifications.remind_of_ends",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "warn-of-releases": {
        "task": "notifications.warn_of_releases",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "release-locks": {"task": "accounts.release_locks", "schedule": 60.0, "options": {"expires": 60}},
    "tidy-accounts": {"task": "accounts.tidy", "schedule": 3600.0, "options": {"expires": 3600}},
    "sweep-imports": {"task": "orders.sweep_imports", "schedule": 60.0, "options": {"expires": 60}},
    "sweep-files": {"task": "orders.sweep_files", "schedule": 86400.0, "options": {"expires": 3600}},
    "replan-stale": {"task": "orders.replan_stale", "schedule": 3600.0, "options": {"expires": 3600}},
    "check-orphaned": {"task": "orders.check_orphaned", "schedule": 3600.0, "options": {"expires": 3600}},
    "note-passed-actions": {
        "task": "orders.note_passed_actions",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "extend-audit-chain": {
        "task": "accounts.extend_audit_chain",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "send-audit-digests": {
        "task": "notifications.send_audit_digests",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "verify-audit": {"task": "accounts.verify_audit", "schedule": 3600.0, "options": {"expires": 3600}},
    # 0 means from the first link of the audit chain on.
    "verify-whole-audit": {
        "task": "accounts.verify_audit",
        "schedule": crontab(hour="8", minute="20"),
        "args": [0],
        "options": {"expires": 3600},
    },
}
