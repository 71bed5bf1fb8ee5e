# Everything below works in .venv, which the first target that needs it makes.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
PORT := $(or $(HELO_PORT),8501)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt

# Debian and Ubuntu ship Python without ensurepip: bring their package where that is allowed.
VENV_PACKAGE := [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv

.PHONY: help install run test live-tests unit-tests soak lint bench docs clean

help: ## Show what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "helo-live needs Python 3.11 or newer; found $$($(PYTHON) --version). Set PYTHON=python3.11, say." >&2; exit 2; }
	@echo "Making $(VENV)"
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(VENV_PACKAGE) >/dev/null; } || \
	    { echo "This Python cannot make a virtual environment; install it: sudo apt-get install python3-venv" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-run: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing what the demo needs (once; torch is large)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-all: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing what all commands and tests need (once)"
	@$(PIP) --editable '.[webcam,brainflow,baselines,openid,dev]'
	@touch $(VENV)/.installed-run $@

install: $(VENV)/.installed-all ## Install what every command and test needs

run: $(VENV)/.installed-run ## Show a simulated participant's mixture at localhost:8501 (HELO_PORT for another port)
	@HELO_PORT=$(PORT) $(BIN)/helo demo

test: $(VENV)/.installed-all ## Run all tests; coverage of pipeline and model must stay above 90 %
	@$(BIN)/coverage erase
	@$(MAKE) --no-print-directory --jobs=2 --keep-going live-tests unit-tests
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --fail-under=90

live-tests: $(VENV)/.installed-all
	@HELO_CHROMIUM="$${HELO_CHROMIUM:-$$(tests/chromium.sh)}" $(BIN)/coverage run -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/browser tests/faults tests/integration

# These compute while those above wait for sensors; with what is left of the machine, so that no sensor is late.
unit-tests: $(VENV)/.installed-all
	@nice -n 19 $(BIN)/coverage run -m pytest -n 2 --dist loadfile --timeout 600 tests/unit > $(VENV)/unit-tests.log 2>&1; status=$$?; cat $(VENV)/unit-tests.log; exit $$status

soak: $(VENV)/.installed-all ## Run the tests that take longer than `make test` should, and say what they measured
	@HELO_CHROMIUM="$${HELO_CHROMIUM:-$$(tests/chromium.sh)}" $(BIN)/python -m pytest -m soak -rP

lint: $(VENV)/.installed-all ## Format, style, types and the rules of who may import what
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-run ## Measure latency and CPU of the demo, and of 1, 4 and 16 streams beside their floors
	$(BIN)/python -m benchmarks.demo
	$(BIN)/python -m benchmarks.throughput

docs: $(VENV)/.installed-all ## Make the screenshots of the documentation from a running demo
	HELO_CHROMIUM="$${HELO_CHROMIUM:-$$(tests/chromium.sh)}" $(BIN)/python docs/screenshots.py

clean: ## Remove what the other targets made, but no recording
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis htmlcov
