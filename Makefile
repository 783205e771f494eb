# The contributor's guide: `make help`.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help install demo test lint check api golden docs dashboards pictures corpus bench soak fuzz clean
help:  ## this page
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ocpp-gateway needs Python 3.11 or newer; set PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.developer: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

install: $(VENV)/.installed  ## .venv with the command .venv/bin/ocpp-gateway

ARGS ?=
demo: $(VENV)/.installed  ## a whole charge in both directions, printed as it happens; ARGS=--migrate: a fleet that is moved
	@$(BIN)/ocpp-gateway demo $(ARGS)

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

docs: $(VENV)/.installed  ## rewrite docs/mapping.md and docs/configuration-keys.md from the tables
	$(BIN)/python -m docs.generate

dashboards: $(VENV)/.installed  ## rewrite deploy/grafana/dashboards from deploy/grafana/boards
	$(BIN)/python -m deploy.grafana.build

pictures: $(VENV)/.developer  ## draw docs/pictures from what a real Prometheus answers about a simulated fleet; takes a minute
	$(BIN)/python -m tests.observe.draw

corpus: $(VENV)/.developer  ## run a collection of real frames: make corpus CORPUS=folder-with-frames.jsonl
	$(BIN)/python -m tests.corpus $(CORPUS)

bench: $(VENV)/.developer  ## round trips per core and latency beside HAProxy and a naive proxy
	$(BIN)/python -m bench

soak: $(VENV)/.developer  ## faults by the hundred against fleets of stations; what was promised is proved from the histories
	$(BIN)/python -m tests.soak

MINUTES ?= 4
fuzz: $(VENV)/.developer  ## coverage-guided fuzzing: make fuzz MINUTES=n, a quarter for each harness
	@for harness in frames wire door board; do \
	  $(BIN)/python -m tests.fuzz $$harness $$(($(MINUTES) * 15)) || exit 1; done

clean:  ## remove .venv and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
