"""People, agencies, sign-in and the administrator's desk."""

from __future__ import annotations
