# make demo   the main job end to end, local, about a minute      make serve  the local stack in the foreground
# make test   everything CI runs                                  make check  format, lint, types
# make bench  micro-benchmarks, saved                             make bench-compare  the same, beside the saved run
# make growth how costs grow with the rows, a minute              make docs   the documents made from the code
# make mutants  changes to the code that no test notices, sampled by SEED and COUNT
.DEFAULT_GOAL := help
.PHONY: help demo serve test check bench bench-compare growth mutants format lock docs clean
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8787
LOCAL_DIR ?= .local
SEED ?= 1
COUNT ?= 100
BIN := $(VENV)/bin
READY := $(VENV)/.installed
BENCH := $(BIN)/python -m pytest tests/perf --benchmark-enable --benchmark-only --benchmark-group-by=group \
	--benchmark-columns=min,median,iqr,rounds --benchmark-sort=name

help:
	@sed -n 's/^# //p' Makefile

$(READY): requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sqlite3, sys; \
	  sys.exit(0) if sys.version_info >= (3, 11) and sqlite3.sqlite_version_info >= (3, 40) else \
	  sys.exit("Error: needs Python 3.11 and SQLite 3.40 or newer, but %s is Python %s with SQLite %s\nTry: make PYTHON=python3.13 ..." \
	  % (sys.executable, sys.version.split()[0], sqlite3.sqlite_version))'
	@echo "Installing into $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

demo: $(READY)
	@$(BIN)/python -m console demo

serve: $(READY)
	@exec $(BIN)/python -m console serve --port $(PORT) --local-dir $(LOCAL_DIR)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

test: $(READY)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 --dist=loadfile
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: $(READY)
	$(BENCH) --benchmark-autosave
	@$(BIN)/python -m tests.perf.ratios

bench-compare: $(READY)
	@$(BIN)/python -m tests.perf.ratios > /dev/null
	$(BENCH) --benchmark-json=.benchmarks/compared.json
	@$(BIN)/python -m tests.perf.ratios .benchmarks/compared.json

growth: $(READY)
	@$(BIN)/python -m tests.perf.growth

mutants: $(READY)
	@$(BIN)/python -m tests.mutants --seed $(SEED) --count $(COUNT)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)
	@$(BIN)/python -m console.documents docs/openapi.yaml docs/benchmark.schema.json

lock: $(READY)
	@$(BIN)/python -m pip install --quiet uv
	@(echo "# Every version that gets installed, for Python 3.11 and newer; made by: make lock"; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate requirements-dev.txt) > constraints.new
	@mv constraints.new constraints.txt

clean:
	rm -rf .local .coverage* .pytest_cache .ruff_cache .hypothesis
