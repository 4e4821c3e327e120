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

# Every worker beats by itself, whether or not beat and broker do.
app.steps["worker"].add("notifications.pulse:Pulse")

celeryd_init.connect(app.use_embedded_or_exit, weak=False)


@setup_logging.connect
def log_as_the_settings_say(**_signal: Any) -> None:
    """Worker and beat write what web writes, in the same form, and add no handlers of their own."""
    logging.config.dictConfig(settings.LOGGING)


#: `tick` looks at the clock, `drain.email` and `drain.webhook` send, `bulk` is for work that may wait.
QUEUES = ("tick", "drain.email", "drain.webhook", "bulk")

# Each with an exchange and a key of its own: queues that share a key would each get every message.
app.conf.task_queues = [Queue(name, Exchange(name), routing_key=name) for name in QUEUES]
app.conf.task_routes = {
    "notifications.tick": {"queue": "tick"},
    "notifications.sweep": {"queue": "tick"},
    "notifications.reap": {"queue": "tick"},
    "notifications.drain": {"queue": "drain.email"},
    "notifications.deliver_webhooks": {"queue": "drain.webhook"},
    "orders.check_unowned": {"queue": "bulk"},
    "notifications.canary": {"queue": "tick"},
    "notifications.audit": {"queue": "bulk"},
    "notifications.count": {"queue": "bulk"},
    "notifications.purge": {"queue": "bulk"},
    "orders.replan_stale": {"queue": "bulk"},
    "orders.run_import": {"queue": "bulk"},
    "orders.sweep_imports": {"queue": "bulk"},
    "accounts.seal": {"queue": "bulk"},
    "accounts.verify_audit": {"queue": "bulk"},
    "accounts.tidy": {"queue": "bulk"},
}

# No entry is for a single order. Each expires before the next one like it: a pile of stale ticks after an
# outage would tell nothing that the next tick does not.
app.conf.beat_schedule = {
    "tick": {"task": "notifications.tick", "schedule": 1.0, "options": {"expires": 2}},
    "drain": {"task": "notifications.drain", "schedule": 10.0, "args": [100], "options": {"expires": 10}},
    "webhooks": {"task": "notifications.deliver_webhooks", "schedule": 5.0, "options": {"expires": 5}},
    "reap": {"task": "notifications.reap", "schedule": 5.0, "options": {"expires": 5}},
    "sweep": {"task": "notifications.sweep", "schedule": 60.0, "options": {"expires": 60}},
    "canary": {"task": "notifications.canary", "schedule": 60.0, "options": {"expires": 60}},
    "audit": {"task": "notifications.audit", "schedule": 300.0, "options": {"expires": 300}},
    "count": {"task": "notifications.count", "schedule": 600.0, "options": {"expires": 600}},
    "purge": {"task": "notifications.purge", "schedule": 3600.0, "options": {"expires": 3600}},
    "tidy-accounts": {"task": "accounts.tidy", "schedule": 3600.0, "options": {"expires": 3600}},
    "sweep-imports": {"task": "orders.sweep_imports", "schedule": 60.0, "options": {"expires": 60}},
    "replan-stale": {"task": "orders.replan_stale", "schedule": 3600.0, "options": {"expires": 3600}},
    "check-unowned": {"task": "orders.check_unowned", "schedule": 3600.0, "options": {"expires": 3600}},
    "seal": {"task": "accounts.seal", "schedule": 60.0, "options": {"expires": 60}},
    "verify-audit": {"task": "accounts.verify_audit", "schedule": 3600.0, "options": {"expires": 3600}},
    # From the first seal on: what was sealed long ago is looked at again.
    "verify-whole-audit": {
        "task": "accounts.verify_audit",
        "schedule": crontab(hour="8", minute="20"),
        "args": [0],
        "options": {"expires": 3600},
    },
}
