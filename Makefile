# The contributor's guide: `make help`.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: --keep help install demo test lint check api golden docs dashboards pictures corpus bench bench-quick soak fuzz clean
help:  ## this page
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ocpp-gateway needs Python 3.11 or newer; set PYTHON=python3.11")'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.developer: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

install: $(VENV)/.installed  ## .venv with the command .venv/bin/ocpp-gateway

ARGS ?=
demo: $(VENV)/.installed  ## a whole charge in both directions, printed as it happens; KEEP=1: left running; ARGS=--migrate: a fleet moves
	@$(BIN)/ocpp-gateway demo $(if $(KEEP)$(filter --keep,$(MAKECMDGOALS)),--keep) $(ARGS)

# So that `make demo -- --keep` says the same.
--keep:
	@:

test: $(VENV)/.developer  ## all tests
	tests/tools.sh
	$(BIN)/python -m pytest -n 3 --dist worksteal

lint: $(VENV)/.developer  ## format, lint, strict types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test  ## all of lint, then all tests

EXAMPLES ?= 300
api: $(VENV)/.developer  ## ask the admin API all that its description allows, and more: make api EXAMPLES=n of each kind
	$(BIN)/python -m tests.gateway.admin.described $(EXAMPLES)

golden: $(VENV)/.developer  ## rewrite the transcripts from what the translators do now; read the diff
	$(BIN)/python -m tests.transcript --rewrite tests/transcripts

docs: $(VENV)/.developer  ## rewrite the generated pages, then build the site into build/site
	$(BIN)/python -m docs.generate
	$(BIN)/python -m docs.site

dashboards: $(VENV)/.installed  ## rewrite deploy/grafana/dashboards from deploy/grafana/boards
	$(BIN)/python -m deploy.grafana.build

pictures: $(VENV)/.developer  ## draw docs/pictures: the demo as it prints, dashboards from a real Prometheus, the console from a real browser
	tests/tools.sh
	$(BIN)/python -m docs.record
	$(BIN)/python -m tests.observe.draw
	$(BIN)/python -m tests.console.draw

corpus: $(VENV)/.developer  ## run a collection of real frames: make corpus CORPUS=folder-with-frames.jsonl
	$(BIN)/python -m tests.corpus $(CORPUS)

bench: $(VENV)/.developer  ## everything docs/performance.md tells, beside HAProxy, nginx and a naive proxy; 25 minutes
	$(BIN)/python -m tests.bench

bench-quick: $(VENV)/.developer  ## the same in two minutes: small windows, without the long rows
	$(BIN)/python -m tests.bench --scale quick

soak: $(VENV)/.developer  ## faults by the hundred against fleets of stations; what was promised is proved from the histories
	tests/tools.sh
	$(BIN)/python -m tests.soak

MINUTES ?= 4
fuzz: $(VENV)/.developer  ## coverage-guided fuzzing: make fuzz MINUTES=n, a quarter for each harness
	@for harness in frames wire door board; do \
	  $(BIN)/python -m tests.fuzz $$harness $$(($(MINUTES) * 15)) || exit 1; done

clean:  ## remove .venv and caches
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
