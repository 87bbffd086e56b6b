# One door for everything that is done to this project. Every target sets up .venv first, once.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
BENCHES := $(wildcard tests/bench/bench_*.py)

.PHONY: help quickstart test check fix bench bench-compare setup browser

help:
	@echo "make quickstart   run a real study on the embedded model, and write its report"
	@echo "make test         run the tests"
	@echo "make check        format, lint, types and the walls between the rooms"
	@echo "make fix          mend what can be mended by itself"
	@echo "make bench        run the benchmarks; each prints ratios"
	@echo "make bench-compare  joint against separate tuning on recorded answers of real models"

quickstart: setup
	@$(BIN)/jointopt run studies/quickstart/study.yaml

test: setup browser
	@$(BIN)/pytest -n auto --dist loadfile

check: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: setup
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench-search: setup
	@$(BIN)/python tests/bench/bench_search.py

bench: setup
	@for bench in $(BENCHES); do echo "$$bench"; $(BIN)/python $$bench || exit 1; done

bench-compare: setup
	@$(BIN)/python tests/bench/bench_compare.py

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("jointopt needs Python 3.11 or later: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@echo "setting up .venv (once; a minute or two)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

browser: setup
	@.ci/browser
