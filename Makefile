# make demo            the main job end to end, local, about half a minute; POSTGRES=1 with PostgreSQL as a fourth home
# make serve           the local stack in the foreground; POSTGRES=1 likewise
# make test            everything CI runs
# make check           format, lint, types
# make format          let ruff mend what it can
# make bench           everything that docs/performance.md shows, a quarter of an hour; saved. These are its parts:
# make bench-code      micro-benchmarks, each beside its plain way
# make bench-runtime   the query function under AWS's runtime client, beside a plain handler; UNDER another Python
# make bench-writes    an insert taken apart, and inserts at a steady rate
# make bench-load      requests a second of one sandbox, and a burst of new ones; UNDER another Python
# make bench-libraries what zlib and boto3 take
# make bench-rebuild   a rebuild of a million rows by its steps, a few at once, three minutes
# make bench-edge      what a cache in front keeps from the functions, five minutes; needs nginx
# make growth          how costs grow with the rows, a minute
# make bench-compare   the micro-benchmarks again, beside those saved
# make simulate        other histories than the tests run, of writers, publishers, readers and faults: SEEDS many, or SEED
# make delivery-time   what a deployment spends on this machine, step by step; the rest is AWS's
# make mutants         changes to the code that no test notices, sampled by SEED and COUNT
# make screenshots     pictures of the page for docs/dashboard.md
# make deploy          a stack of Pulumi's: up, then the rollout of new versions; STACK
# make docs            the documents that are made from the code
# make lock            constraints.txt: the version of every package
# make clean           remove what tests and local stacks left behind
# make install-run     the packages for the demo and the console; the other targets do this as they need it
# make install-report  those for python -m console bench and report as well: statistics and charts
# make install-postgres those for PostgreSQL on this machine
# make install-deploy  those for Pulumi
# make install-dev     all of them, and the tools
.DEFAULT_GOAL := help
.PHONY: help demo serve test check bench bench-code bench-runtime bench-writes bench-load bench-libraries bench-rebuild \
	bench-edge bench-compare growth simulate delivery-time mutants screenshots deploy format lock docs clean \
	install-run install-report install-postgres install-deploy install-dev
.NOTPARALLEL:  # nothing else runs while something is measured
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8787
LOCAL_DIR ?= .local
STACK ?= dev
SEEDS ?= 1000
COUNT ?= 100
WITH_POSTGRES := $(filter-out 0 off,$(POSTGRES))
BIN := $(VENV)/bin
BENCH := $(BIN)/python -m pytest tests/perf --benchmark-enable --benchmark-only --benchmark-group-by=group \
	--benchmark-columns=min,median,iqr,rounds --benchmark-sort=name
PAIR := -n 2 --dist=loadfile --no-loadscope-reorder
# Coverage would make these up to twice as slow; the others cover every branch.
UNMEASURED := tests/dashboard tests/edge tests/faults/calls tests/simulation tests/perf tests/mutants \
	$(wildcard tests/test_*.py tests/infra/test_*.py tests/handlers/*/test_*histor*.py) \
	$(addprefix tests/infra/,gateway/test_api.py jobs rebuild rollout settings/test_followed.py watch) \
	$(addprefix tests/console/,costs/test_merges.py local/account/test_jobs.py test_printed_commands.py) \
	tests/handlers/openapi/test_schemathesis.py
# Where it is set, each Python that a test starts compiles all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE
# A file for each purpose says that its packages are installed.
RUN := $(VENV)/.run
REPORT := $(VENV)/.report
DATABASE := $(VENV)/.postgres
DEPLOY := $(VENV)/.deploy
DEV := $(VENV)/.dev

help:
	@sed -n 's/^# make/make/p' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sqlite3, sys; \
	  sys.exit(0) if sys.version_info >= (3, 11) and sqlite3.sqlite_version_info >= (3, 40) else \
	  sys.exit("Error: needs Python 3.11 and SQLite 3.40 or newer, but %s is Python %s with SQLite %s\nTry: make PYTHON=python3.13 ..." \
	  % (sys.executable, sys.version.split()[0], sqlite3.sqlite_version))'
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(RUN): requirements-run.txt
$(REPORT): requirements-report.txt requirements-run.txt
$(DATABASE): requirements-postgres.txt requirements-run.txt
$(DEPLOY): requirements.txt requirements-run.txt
$(DEV): requirements-dev.txt requirements-report.txt requirements-postgres.txt requirements-run.txt requirements.txt
$(REPORT) $(DATABASE) $(DEPLOY): INCLUDED := $(RUN)
$(DEV): INCLUDED := $(RUN) $(REPORT) $(DATABASE) $(DEPLOY)
$(RUN) $(REPORT) $(DATABASE) $(DEPLOY) $(DEV): constraints.txt | $(BIN)/python
	@$(BIN)/python -m console.install $(@:$(VENV)/.%=%)
	@touch $@ $(INCLUDED)

install-run: $(RUN)
install-report: $(REPORT)
install-postgres: $(DATABASE)
install-deploy: $(DEPLOY)
install-dev: $(DEV)

demo: $(if $(WITH_POSTGRES),$(DATABASE),$(RUN))
	@$(BIN)/python -m console demo $(if $(WITH_POSTGRES),--postgres)

serve: $(if $(WITH_POSTGRES),$(DATABASE),$(RUN))
	@exec $(BIN)/python -m console serve --port $(PORT) --local-dir $(LOCAL_DIR) $(if $(WITH_POSTGRES),--postgres)

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/zizmor --offline --quiet .github/workflows

test: $(DEV)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PAIR) $(UNMEASURED:%=--ignore=%)
	$(BIN)/python -m pytest $(PAIR) $(UNMEASURED)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: bench-code bench-runtime bench-writes bench-load bench-libraries growth

bench-code: $(DEV)
	$(BENCH) --benchmark-autosave
	@$(BIN)/python -m tests.perf.ratios

bench-runtime: $(DEV)
	@$(BIN)/python -m tests.perf.runtime $(if $(UNDER),--python $(UNDER))

bench-writes: $(DEV)
	@$(BIN)/python -m tests.perf.writes

bench-load: $(DEV)
	@$(BIN)/python -m tests.perf.load $(if $(UNDER),--python $(UNDER))

bench-compare: $(DEV)
	@$(BIN)/python -m tests.perf.ratios > /dev/null
	$(BENCH) --benchmark-json=.benchmarks/compared.json
	@$(BIN)/python -m tests.perf.ratios .benchmarks/compared.json

bench-libraries: $(DEV)
	@$(BIN)/python -m tests.perf.libraries

bench-rebuild: $(DEV)
	@$(BIN)/python -m tests.perf.rebuild

bench-edge: $(DEV)
	@$(BIN)/python -m tests.perf.edge

growth: $(DEV)
	@$(BIN)/python -m tests.perf.growth

simulate: $(DEV)
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(if $(BROKEN),--broken $(BROKEN))
	@$(if $(BROKEN),:,$(BIN)/python -m tests.faults.jobs $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)))

delivery-time: $(DEV)
	@$(BIN)/python -m tests.perf.delivery

mutants: $(DEV)
	@$(BIN)/python -m tests.mutants --seed $(or $(SEED),1) --count $(COUNT)

screenshots: $(DEV)
	@$(BIN)/python -m tests.dashboard.screenshots

deploy: $(DEPLOY)
	pulumi up --stack $(STACK)
	@$(BIN)/python -m console rollout --stack $(STACK)

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(DEV)
	@$(BIN)/python -m console.documents docs/openapi.yaml docs/benchmark.schema.json dashboard/costs/model.json

lock: $(DEV)
	@$(BIN)/python -m pip install --quiet uv==0.13.9
	@(echo "# Every version that gets installed, for Python 3.11 and newer; made by: make lock"; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate requirements-dev.txt) > constraints.new
	@mv constraints.new constraints.txt

clean:
	rm -rf .local .coverage* .pytest_cache .ruff_cache .hypothesis
