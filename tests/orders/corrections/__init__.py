"""Corrections and withdrawals of the facts of an order."""
