# Substitute of axllent/mailpit: keeps every message in memory, and lists them over HTTP.
FROM substitute/debian
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends python3 python3-aiosmtpd >/dev/null \
    && rm -rf /var/lib/apt/lists/*
COPY mailpit /mailpit
CMD ["/mailpit"]
