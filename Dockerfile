# All processes share this image. Web (the default), workers and cron differ only in their command.
# A digest behind it pins the very image; docs/threat-model.md says how.
ARG PYTHON_IMAGE=python:3.13.14-slim-trixie

FROM ${PYTHON_IMAGE} AS build
COPY requirements.lock /build/
# The environment has no pip: nothing installs packages into a running container.
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes --only-binary :all: -r /build/requirements.lock

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 VAR_DIR=/data
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin tryon && install -d -o tryon /data
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY manage.py ./
COPY config config
COPY models_library models_library
COPY results results
COPY tryon tryon
COPY templates templates
# The admin shows it.
COPY docs/runbook.md docs/runbook.md
# Static files are part of the image. /data holds the data of the installation.
RUN STATIC_ROOT=/app/static SECRET_KEY=build-only python manage.py collectstatic --noinput
ENV STATIC_ROOT=/app/static
USER 10001
VOLUME /data
EXPOSE 8000
# No health check here: only the web process has an address. compose.yaml has its check.
CMD ["granian", "--interface", "asgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--backpressure", "2048", "config.asgi:application"]
