# make serve         start the service on HOST:PORT (127.0.0.1:8000) with the shipped model, or with RASM_MODEL
# make test          all tests
# make train-demo    the whole way of training in a few minutes, on lines rendered on the spot
# make lint          ruff and mypy
# make openapi       docs/openapi.json, when the API has changed
# make audit         known vulnerabilities of what is installed, asked of PyPI; without a network, that it fits together
#
# .venv gets the serving half first, without torch, and the rest when something other than serving is asked for.

PYTHON3 ?= python3
VENV ?= .venv
PYTHON := $(VENV)/bin/python
# without bytecode: it is a tenth of the serving environment, and what is used is compiled when it is first imported
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile

HOST ?= 127.0.0.1
PORT ?= 8000
RASM_MODEL ?= model/weights/rasm-print.onnx
export HOST PORT

.PHONY: serve test train-demo lint openapi audit

serve: export RASM_MODEL := $(RASM_MODEL)
serve: $(VENV)/.serve
	@test -f "$(RASM_MODEL)" || { echo "make serve: there is no model at $(RASM_MODEL): export one with export.py, or set RASM_MODEL" >&2; exit 2; }
	@$(PYTHON) backend/manage.py migrate --noinput --verbosity 0
	@exec $(PYTHON) -m gunicorn -c backend/gunicorn.conf.py

test: $(VENV)/.full
	$(PYTHON) -m pytest

train-demo: $(VENV)/.full
	$(PYTHON) scripts/train_demo.py

lint: $(VENV)/.full
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

openapi: $(VENV)/.serve
	$(PYTHON) backend/manage.py export_openapi_schema --api ocr.api.api --indent 1 --output docs/openapi.json

# pip-audit's exit code is 1 for a vulnerability and for an unreachable PyPI alike: what it says tells them apart
audit: $(VENV)/.full
	$(PYTHON) -m pip check
	@$(PYTHON) -m pip_audit --progress-spinner off --timeout 15 -r requirements-serve.txt --disable-pip --no-deps > $(VENV)/.audit 2>&1 \
	    && cat $(VENV)/.audit || if grep -q "ConnectionError\|Max retries\|ServiceError\|timed out\|NameResolution" $(VENV)/.audit; \
	    then echo "make audit: PyPI cannot be reached, so only the versions were checked against each other"; \
	    else cat $(VENV)/.audit; exit 1; fi

# Python 3.11 brings setuptools along, which serving does not need
$(PYTHON):
	@$(PYTHON3) -c 'import sys; sys.exit("Rasm needs Python 3.11 or newer (PYTHON3=python3.11 make …)" if sys.version_info < (3, 11) else 0)'
	$(PYTHON3) -m venv $(VENV) && $(PYTHON) -m pip uninstall --quiet --yes setuptools || { rm -rf $(VENV); exit 1; }

$(VENV)/.serve: requirements-serve.txt | $(PYTHON)
	$(INSTALL) -r requirements-serve.txt
	@touch $@

$(VENV)/.full: requirements.txt $(VENV)/.serve
	$(INSTALL) -r requirements.txt
	@touch $@
