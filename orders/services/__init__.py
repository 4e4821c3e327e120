"""Every write: each act stores its facts, re-plans the order and appends its event in one transaction."""

from __future__ import annotations
