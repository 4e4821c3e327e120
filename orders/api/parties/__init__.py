"""Agencies added to an order, and confidentiality releases."""
