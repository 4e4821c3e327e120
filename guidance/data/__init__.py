"""Texts and entries as they come with the product."""
