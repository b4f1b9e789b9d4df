# Everything sets itself up: Python >= 3.12, make and a network are enough.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.scrypath-ready
WORKERS ?= 2
export TZ := UTC

.PHONY: help demo lab test lint floors unit notebooks browser docs bench lock clean verify-commands verify-faceting \
	verify-recovery verify-release verify.phase11 verify.phase14 verify.phase20 verify.phase26

help: ## Show this list
	@echo "Scrypath: keep a SQL database and Meilisearch in step."
	@echo
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

demo: $(READY) ## Search looks wrong: found, fixed, verified, recorded, on real parts
	@$(PY) -m scrypath local demo

lab: $(READY) ## Open the runbooks in JupyterLab
	@$(PY) -m scrypath local up
	@$(PY) -m jupyterlab $(if $(filter 0,$(shell id -u)),--allow-root) runbooks/00_first_response.ipynb

test: lint floors unit notebooks ## Everything but the browser: style, types, floors, tests, notebooks

lint: $(READY) ## Style, format and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

floors: $(READY) ## Which room may import which
	$(VENV)/bin/lint-imports

unit: $(READY) ## Tests; give more with ARGS="-k name"
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup -m "not browser and not release" $(ARGS)

notebooks: $(READY) ## Run the committed notebooks and compare their outputs
	$(PY) tests/run_notebooks.py

browser: $(READY) ## Drive the first runbook in JupyterLab with Chromium
	$(PY) -m pytest tests/browser -m browser $(ARGS)

docs: $(READY) ## Build the documentation, warnings are errors
	$(PY) -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

bench: $(READY) ## Print the ratios of the benchmarks
	@for file in benchmarks/*.py; do echo "== $$file"; $(PY) $$file; done

verify-commands: $(READY) ## Command line, what the docs promise of it, package metadata, docs
	$(PY) -m pytest -q tests/unit/cli tests/integration/cli tests/integration/test_guides.py
	$(PY) -m pytest -q tests/release -k "agree or holds"
	$(MAKE) --no-print-directory docs

verify-faceting: $(READY) ## Facets, settings, the faceted guide, docs
	$(PY) -m pytest -q tests/unit/query tests/integration/query tests/unit/meilisearch/test_settings.py \
		tests/integration/test_guides.py
	$(MAKE) --no-print-directory docs

verify-recovery: $(READY) ## Failed work, reports, recovery, command line, docs with warnings as errors
	$(PY) -m pytest -q tests/unit/work tests/unit/operator tests/integration/work tests/integration/operator \
		tests/integration/cli tests/integration/test_guides.py
	$(MAKE) --no-print-directory docs

verify-release: $(READY) ## Version, changelog and tag agree; the wheel builds and works in a clean environment
	$(PY) -m pytest -q -m release tests/release

verify.phase14: verify-commands
verify.phase20: verify-faceting
verify.phase26: verify-recovery
verify.phase11: verify-release

lock: $(READY) ## Make the lock file again from pyproject.toml
	$(PY) -m uv pip compile pyproject.toml --extra dev --universal --python-version 3.12 --upgrade \
		--generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements/dev.txt

clean: ## Stop the local stack, remove what was built and installed here
	@if [ -d .scrypath ]; then $(MAKE) --no-print-directory $(READY) && $(PY) -m scrypath local down --purge \
		|| { echo "Its parts may still run: stop them, remove .scrypath, and try again." >&2; exit 1; }; fi
	rm -rf $(VENV) .scrypath build dist docs/_build docs/jupyter_execute .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements/dev.txt pyproject.toml requirements/install.sh
	@requirements/install.sh $(VENV)
	@touch $@
