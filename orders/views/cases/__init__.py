"""The pages of one case for those who serve an order or take firearms: police, marshals, prosecutors."""

from __future__ import annotations
