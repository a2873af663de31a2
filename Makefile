# make serve         start the service on HOST:PORT (127.0.0.1:8000) with the shipped model, or with RASM_MODEL
# make test          all tests; PYTEST=… passes options on
# make train-demo    the whole way of training in a few minutes, on lines rendered on the spot
# make model TEXT=… [LINES=… PAGES=… FONTS=… MORE_FONTS=… DEVICE=cuda]  the released models again (docs/training.md); REHEARSAL=1: a try at it
# make lint          ruff, mypy, and who may import whom
# make docs          the documentation as pages, in site/
# make openapi       docs/openapi.json, when the API has changed
# make docs-settings the table of docs/deployment.md, when a setting has changed
# make audit         known vulnerabilities of all that is installed, asked of PyPI; fails where PyPI cannot be asked
# make locks         requirements*.lock, when a version has changed: all packages behind requirements*.txt, with hashes of PyPI's files
#
# LOCKED=1           with any of these: installs what the locks say, and nothing whose hash is another
# .venv gets the serving half first, without torch, and the rest when something other than serving is asked for.

PYTHON3 ?= python3
VENV ?= .venv
PYTHON := $(VENV)/bin/python
# without bytecode: it is a tenth of the serving environment, and what is used is compiled when it is first imported
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile
FROM := $(if $(LOCKED),lock,txt)
LOCK := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

HOST ?= 127.0.0.1
PORT ?= 8000
RASM_MODEL ?= rasm/weights/rasm-print.onnx
export HOST PORT

.PHONY: serve test train-demo model lint docs docs-settings openapi audit locks

serve: export RASM_MODEL := $(RASM_MODEL)
serve: $(VENV)/.serve
	@test -f "$(RASM_MODEL)" || { echo "make serve: there is no model at $(RASM_MODEL): export one with export.py, or set RASM_MODEL" >&2; exit 2; }
	@$(PYTHON) backend/manage.py migrate --noinput --verbosity 0
	@exec $(PYTHON) -m gunicorn -c backend/gunicorn.conf.py

test: $(VENV)/.full
	$(PYTHON) -m pytest $(PYTEST)

train-demo: $(VENV)/.full
	$(PYTHON) -m scripts.train_demo

model: $(VENV)/.full
	@test -n "$(TEXT)" || { echo "make model: say where the texts are: make model TEXT=folder LINES=folder PAGES=folder FONTS=folder (docs/training.md)" >&2; exit 2; }
	$(PYTHON) -m scripts.make_models --text "$(TEXT)" $(if $(LINES),--lines "$(LINES)") $(if $(PAGES),--pages "$(PAGES)") $(if $(FONTS),--fonts "$(FONTS)") $(if $(MORE_FONTS),--more-fonts "$(MORE_FONTS)") $(if $(DEVICE),--device "$(DEVICE)") $(if $(REHEARSAL),--rehearsal)

lint: $(VENV)/.full
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(VENV)/bin/lint-imports

docs: $(VENV)/.full
	$(PYTHON) -m mkdocs build --strict --quiet

docs-settings: $(VENV)/.serve
	$(PYTHON) -m backend.config.settings_table docs/deployment.md

openapi: $(VENV)/.serve
	$(PYTHON) backend/manage.py export_openapi_schema --api backend.api.app.api --indent 1 --output docs/openapi.json

# strict: a package that the index does not know is as good as not asked for. pip-audit's exit code is 1 for a vulnerability and for an
# index that cannot be reached alike: what it says tells them apart
# everything that is installed, not only what is pinned; a version of a local build (+cpu) is asked for as the one that it was built of
audit: $(VENV)/.full
	$(PYTHON) -m pip check
	@$(PYTHON) -m pip list --format=freeze --exclude rasm-ocr | sed 's/+.*//' > $(VENV)/.installed
	@$(PYTHON) -m pip_audit --strict --progress-spinner off --timeout 15 -r $(VENV)/.installed --disable-pip --no-deps > $(VENV)/.audit 2>&1 \
	    && { echo "$$(wc -l < $(VENV)/.installed) packages:"; cat $(VENV)/.audit; exit 0; }; \
	if grep -q "ConnectionError\|Max retries\|ServiceError\|timed out\|NameResolution\|could not be audited\|not found on PyPI" $(VENV)/.audit; \
	    then echo "make audit: PyPI cannot be reached, so NOTHING WAS AUDITED: the versions were only checked against each other" >&2; exit 1; \
	else cat $(VENV)/.audit; exit 1; fi

# for all systems and versions of Python at once, without the address of the index they were asked of
locks: $(PYTHON)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(PYTHON) -m uv $(LOCK) requirements-serve.txt -o requirements-serve.lock
	$(PYTHON) -m uv $(LOCK) requirements.txt -c requirements-serve.lock -o requirements.lock

# Python 3.11 brings setuptools along, which serving does not need
$(PYTHON):
	@$(PYTHON3) -c 'import sys; sys.exit("Rasm needs Python 3.11 or newer (PYTHON3=python3.11 make …)" if sys.version_info < (3, 11) else 0)'
	$(PYTHON3) -m venv $(VENV) && $(PYTHON) -m pip uninstall --quiet --yes setuptools || { rm -rf $(VENV); exit 1; }

$(VENV)/.serve: requirements-serve.$(FROM) | $(PYTHON)
	$(INSTALL) $(if $(LOCKED),--require-hashes) -r requirements-serve.$(FROM)
	@touch $@

$(VENV)/.full: requirements.$(FROM) $(VENV)/.serve
	$(INSTALL) $(if $(LOCKED),--require-hashes) -r requirements.$(FROM)
	@touch $@
