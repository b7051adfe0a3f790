# Two stages: what compiles and downloads stays behind. compose.yaml runs the result as web, worker and beat.
FROM python:3.11-slim AS packages
RUN python -m venv /opt/venv
COPY requirements-production.lock .
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements-production.lock

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    SMSGATEWAY_STATIC_DIR=/srv/static SMSGATEWAY_DATA_DIR=/data SMSGATEWAY_SPOOL_DIR=/spool
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin smsgateway \
    && install -d -o smsgateway -g smsgateway -m 0700 /data /spool
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
# Throw-away keys: settings make some when there are none, and nothing of theirs may stay in the image. Compiled here,
# because whoever runs it may not write: every start would compile it all again.
RUN SMSGATEWAY_DATA_DIR=/tmp/build python manage.py collectstatic --noinput -v 0 && rm -rf /tmp/build \
    && python -m compileall -q .
USER smsgateway
VOLUME ["/data", "/spool"]
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--workers", "2", "--host", "0.0.0.0", "--port", "8000", "--log-config", "deploy/granian-logging.json", "smsgateway.wsgi:application"]
