"""The whole docker-compose.yml, run for real: `make compose-test`. See `tests/compose/__main__.py`."""
