# What a person types: `make demo` to see the archive, `make test` to trust it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
DIR ?=
FILES ?= 4000
DEMO_FLAGS := --port $(PORT) $(if $(DIR),--dir $(DIR))

.PHONY: demo test test-postgresql fuzz differential lyonetia rofr install lint format docs phase3-docs bench bench-headers taplint lock clean help

help:
	@echo "make demo      install, build the demo archive and serve it at http://127.0.0.1:$(PORT)"
	@echo "make test      install, lint, type-check and test"
	@echo "make test-postgresql  the tests on Debian's PostgreSQL (needs pg_virtualenv)"
	@echo "make fuzz      ten thousand requests that nobody thought of (4 minutes)"
	@echo "make differential  a hundred thousand generated expressions against Python's values (2 minutes)"
	@echo "make install   the environment with all tools, in $(VENV)"
	@echo "make lint      ruff and mypy --strict"
	@echo "make docs      the documentation, in site/ (make phase3-docs: its page about Phase 3)"
	@echo "make bench     the benchmarks (docs/benchmarks.md)"
	@echo "make bench-headers  the keyword store, and what it is at 25 million files (FILES=50000: the full run)"
	@echo "make taplint   STILTS's validator against a demo server of its own"

demo: $(VENV)/.runtime
	$(BIN)/vo-server demo $(DEMO_FLAGS)

install: $(VENV)/.dev

# Two files of tests at a time; each process has a database of its own.
test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

# The same promises on Debian's PostgreSQL instead of the embedded one, in a cluster made for the run, in a folder
# of its own: what a killed run left behind is not in the way of the next. Two fixed halves side by side.
POSTGRESQL_HALF := $(BIN)/python -m pytest -q -m "not demo and not debian"

test-postgresql: $(VENV)/.dev
	pg_virtualenv -t sh -c 'export VO_TEST_DATABASE_URL=postgresql://$$PGUSER:$$PGPASSWORD@$$PGHOST:$$PGPORT/postgres; \
		$(POSTGRESQL_HALF) tests/tap tests/vo_server & \
		$(POSTGRESQL_HALF) tests --ignore=tests/tap --ignore=tests/vo_server --ignore=tests/demo; \
		others=$$?; wait $$! && exit $$others'

fuzz: $(VENV)/.dev
	VO_FUZZ=10000 $(BIN)/python -m pytest tests/hardness/test_fuzz.py --timeout 1800 --show-capture=no

differential: $(VENV)/.dev
	VO_DIFFERENTIAL=100000 $(BIN)/python -m pytest tests/tap/adql/test_differential.py --timeout 1800

# A checkout of github.com/ivoa/lyonetia: the public collection of ADQL queries with verdicts.
lyonetia: $(VENV)/.dev
	$(BIN)/python -m tests.tap.adql.lyonetia $(LYONETIA)

# A checkout of github.com/at88mph/rofr.ivoa.net: the registries' checks of cone search, SIA 1, SSA and /oai.
rofr: $(VENV)/.dev
	$(BIN)/python -m tests.clients.rofr $(ROFR) $(URL)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev
	$(BIN)/mkdocs build --strict

# The page about Phase 3 is made from the standard's data; a test keeps it equal.
phase3-docs: $(VENV)/.dev
	$(BIN)/python -m ingest.phase3.document > docs/phase3.md

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

# FILES=50000 is the full run: an hour, 15 GB below /var/tmp.
bench-headers: $(VENV)/.dev
	$(BIN)/python -m benchmarks.headers --files $(FILES)

taplint: $(VENV)/.dev
	$(BIN)/python -m pytest tests/clients -k taplint -s

lock: $(VENV)/bin/uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --extra dev --extra docs \
		--custom-compile-command "make lock" -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) build site *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

# uv installs in seconds what pip installs in a minute; where it cannot run, pip does it.
$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "vo-server needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "python3 has no venv module: on Debian and Ubuntu, apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check "uv>=0.9"

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv pip install -q --python $(BIN)/python -r requirements.lock || $(BIN)/python -m pip install -q -r requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e . || $(BIN)/python -m pip install -q --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/uv pip install -q --python $(BIN)/python -r requirements-dev.lock || $(BIN)/python -m pip install -q -r requirements-dev.lock
	@touch $@
