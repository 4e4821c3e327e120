"""Conditions of an order, and notices that the law requires."""
