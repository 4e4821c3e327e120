"""Delivery channels: each provider is a module behind one protocol."""

from __future__ import annotations
