# Everything a person does here. `make up` and `make test` each work alone, on a machine with Python 3.11,
# make and a package index.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MANAGE := $(BIN)/python manage.py
# The servers of the tests, which are not those of `make up`.
TESTS := CTC_LOCAL="$(or $(CTC_LOCAL),$(CURDIR)/.local)/test"
# Settings of the shape that production has, for a database that nobody is asked about.
PRODUCTION := DATABASE_URL=postgresql://check@127.0.0.1:1/check CELERY_BROKER_URL=redis://127.0.0.1:1/0 \
	DJANGO_SECRET_KEY=only-to-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG \
	CTC_BASE_URL=https://check.example DJANGO_ALLOWED_HOSTS=check.example
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links

.PHONY: setup up down clean test check coverage mutants fuzz faults bench lock schema
.DELETE_ON_ERROR:

setup: $(STAMP)

$(STAMP): requirements-dev.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what requirements-dev.lock names into $(VENV), about a minute the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

up: setup
	@$(MANAGE) up

down: setup
	@$(MANAGE) down

clean: setup
	@$(TESTS) $(MANAGE) down --remove-data
	@$(MANAGE) down --remove-data
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.rules mutants

# Those that start and kill processes of their own come last and alone: load would change what they measure.
test: setup
	@if .ci/browser; then only=""; else only="not browser and "; fi; \
	$(TESTS) $(BIN)/python -m pytest -n 2 --dist worksteal -m "$${only}not processes" || failed=1; \
	$(TESTS) $(BIN)/python -m pytest -m "$${only}processes" $$(grep -rl "mark\.processes" tests) || failed=1; \
	exit $${failed:-0}

check: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(PRODUCTION) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING
	@$(MAKE) --no-print-directory coverage

# Every branch of the rules is taken by tests that are the same in every run; they need none of the plugins.
coverage: export COVERAGE_FILE := .coverage.rules
coverage: setup
	@$(BIN)/coverage run --source=orders/rules -m pytest -c /dev/null --rootdir=. --disable-plugin-autoload \
		-p no:cacheprovider -W error -qq tests/rules \
		--ignore=tests/rules/test_properties.py --ignore=tests/rules/test_holidays.py
	@$(BIN)/coverage report --skip-covered --show-missing --fail-under=100

# From the beginning: what mutmut keeps of an earlier run does not know of changed data.
mutants: setup
	@rm -rf mutants
	@$(BIN)/mutmut run --max-children 2
	@$(BIN)/python -m tests.mutants

# schemathesis over the whole schema as each role, with far more cases than in `make test`.
fuzz: export CTC_FUZZ_CASES := $(or $(CTC_FUZZ_CASES),50)
fuzz: setup
	@$(TESTS) $(BIN)/python -m pytest -n 2 --timeout 0 tests/api/test_walk.py

# Processes killed, stopped and cut off, with thousands of alerts and real waits; `make test` takes a cut of it.
faults: export CTC_FAULTS := full
faults: setup
	@$(TESTS) $(BIN)/python -m pytest tests/faults

# What the API says of itself, written down.
schema: setup
	@$(PRODUCTION) $(MANAGE) spectacular --validate --fail-on-warn --file docs/openapi.yaml

# Each on a database of its own, which is thrown away. The API is asked among a million orders, which take some
# minutes to make; CTC_BENCH_ORDERS asks for fewer.
bench: export CTC_LOCAL := $(or $(CTC_LOCAL),$(CURDIR)/.local)/bench
bench: export CTC_API_RATE := 1000000/min
bench: setup
	@for measured in tests.bench tests.bench_api; do \
		$(MANAGE) prepare >/dev/null; \
		$(MANAGE) shell -v0 -c "from $$measured import main; main()" || failed=1; \
		$(MANAGE) down --remove-data; \
	done; exit $${failed:-0}

# Keeps the versions that still fit; `make lock UPGRADE=--upgrade` takes the newest. In this order: production
# gets the versions that the tests run with.
lock: setup
	@$(COMPILE) $(UPGRADE) --extra local --extra dev --output-file requirements-dev.lock
	@$(COMPILE) $(UPGRADE) --constraints requirements-dev.lock --output-file requirements.lock
