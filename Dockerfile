# One image for web, worker, beat, Flower and the commands; docker-compose.yml sets the command of each.

FROM python:3.11-slim AS packages
RUN python -m venv /opt/venv
COPY requirements.lock .
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

FROM python:3.11-slim
# Knows what a file is by its content.
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends libmagic1 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin ctcompliance \
    # The mount points of volumes, which take their owner from here.
    && install --directory --owner 10001 /var/lib/beat \
    && install --directory --owner 10001 --mode 700 /var/lib/ctcompliance/attachments
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv
COPY manage.py ./
COPY accounts accounts
COPY orders orders
COPY guidance guidance
COPY notifications notifications
COPY ctcompliance ctcompliance
# The settings require these. The command opens no connection, and none of the values remains in the image.
RUN DATABASE_URL=postgresql://build@build/build DJANGO_SECRET_KEY=build CTC_BASE_URL=https://build.example EMAIL_URL=smtp://build \
    python manage.py collectstatic --noinput
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "ctcompliance.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--access-logfile", "-", \
     "--logger-class", "ctcompliance.web_log.WebLogger"]
