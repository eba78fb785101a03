# One image for every process of the portal: web (the default command), worker, beat, migrations.
#
#   web      docker run … portal
#   worker   docker run … portal celery --app portal worker --pool threads
#   beat     docker run … portal celery --app portal beat --pidfile=
#   migrate  docker run … portal python manage.py migrate
#
# It decides nothing that an operator must decide: PORTAL_MODE=production stops the start with a
# list of what is missing. `.env.example` names every setting.

FROM python:3.11-slim AS packages
COPY requirements/base.txt /tmp/base.txt
RUN python -m venv /opt/portal \
    && /opt/portal/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/base.txt

FROM python:3.11-slim
ENV PATH=/opt/portal/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PORTAL_MODE=production \
    PORTAL_HOME=/var/lib/portal
COPY --from=packages /opt/portal /opt/portal
WORKDIR /srv/portal
COPY . .
# The tests' settings need no secret, so none is made and none stays in a layer.
RUN DJANGO_SETTINGS_MODULE=portal.settings.test python manage.py collectstatic --noinput \
    && rm -rf build \
    && useradd --system --home-dir /var/lib/portal --create-home portal
USER portal
VOLUME /var/lib/portal
EXPOSE 8000
# One worker for each core is one container for each core. Timeouts leave streams time to end.
CMD ["uvicorn", "portal.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--loop", "uvloop", "--http", "httptools", "--lifespan", "on", "--no-access-log", \
     "--no-proxy-headers", "--no-server-header", \
     "--timeout-graceful-shutdown", "120"]
