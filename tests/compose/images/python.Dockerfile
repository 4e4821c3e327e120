# Substitute of python:3.11-slim: Debian's Python 3.11, as `python`.
FROM substitute/debian
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends python3 python3-venv python-is-python3 >/dev/null \
    && rm -rf /var/lib/apt/lists/*
# How this machine reaches its package index.
COPY pip.conf /etc/pip.conf
