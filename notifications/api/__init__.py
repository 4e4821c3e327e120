"""The API's addresses for alerts."""
