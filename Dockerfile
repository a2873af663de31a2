# The service and its workers. docs/deployment.md says how to run it.
#
#   docker build -t rasm .
#   docker run --rm -p 127.0.0.1:8000:8000 -v rasm:/data rasm
#
# BASE: any image with Python 3.11 or newer, its venv, and useradd. PIP_OPTIONS: for pip, such as --index-url or --find-links; no secrets,
# since whoever has the image can read it.
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
ARG PIP_OPTIONS=""
COPY requirements-serve.txt /tmp/
RUN python3 -m venv /opt/rasm && \
    /opt/rasm/bin/python -m pip install --no-cache-dir ${PIP_OPTIONS} -r /tmp/requirements-serve.txt "psycopg[binary]==3.3.9" && \
    /opt/rasm/bin/python -m pip uninstall --yes --quiet setuptools pip

FROM ${BASE}
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin rasm && install --directory --owner rasm --group rasm /data
COPY --from=build /opt/rasm /opt/rasm
WORKDIR /app
COPY rasm rasm
COPY backend backend
ENV PATH=/opt/rasm/bin:$PATH HOST=0.0.0.0 PORT=8000 RASM_DATA=/data
RUN python -m compileall -q rasm backend
USER rasm
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://localhost:{os.environ[\"PORT\"]}/health/ready', timeout=5)"]
CMD ["sh", "-c", "python backend/manage.py migrate --noinput --verbosity 0 && exec python -m gunicorn -c backend/gunicorn.conf.py"]
