# gdcli: `make run` and `make test` need nothing but Python ≥ 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench

.DEFAULT_GOAL := help
.PHONY: help run test lint experiments bench clean

help: ## show this help
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/installed ## install gdcli into .venv and run experiments/abalone_norm.yaml
	$(BIN)/gdcli run experiments/abalone_norm.yaml

test: lint ## lint, type-check, test, and check every shipped experiment
	$(BIN)/python -m pytest -n auto
	$(BIN)/gdcli check experiments/

lint: $(VENV)/installed-dev ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

experiments: $(VENV)/installed ## run every shipped experiment into results/
	$(BIN)/gdcli run $$(find experiments -name '*.yaml' | sort)

bench: $(BENCH)/installed ## time gdcli against its peers, in .venv-bench, and write benchmarks/RESULTS.md (minutes)
	$(BENCH)/bin/python -m benchmarks.run

clean: ## remove the virtual environments and all caches, but not results/
	rm -rf $(VENV) $(BENCH) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/created $(BENCH)/created:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "gdcli needs Python 3.11 or newer; choose one with: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(@D)
	@touch $@

$(VENV)/installed: $(VENV)/created pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/created pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/installed

$(BENCH)/installed: $(BENCH)/created pyproject.toml benchmarks/requirements.txt
	$(BENCH)/bin/python -m pip install --quiet --editable '.[fast]' --requirement benchmarks/requirements.txt
	@touch $@
