"""The API's addresses for cases and orders."""
