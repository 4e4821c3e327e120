# Everything a person does here: `make` lists it. `make up` and `make test` each work alone, on a machine with
# make, a package index and one Python from 3.11 to 3.14.

# The interpreter that makes the environment. Empty: the one that made it, else the newest that .ci/python finds.
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
# The tests have their own servers, apart from those of `make up`.
TESTS := CTC_LOCAL="$(or $(CTC_LOCAL),$(CURDIR)/.local)/test"
# Settings as in production, for commands that open no connection.
PRODUCTION := DATABASE_URL=postgresql://check@127.0.0.1:1/check CELERY_BROKER_URL=redis://127.0.0.1:1/0 \
	DJANGO_SECRET_KEY=only-to-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG \
	CTC_BASE_URL=https://check.example EMAIL_URL=smtp://127.0.0.1:1 DJANGO_ALLOWED_HOSTS=check.example
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links

.PHONY: help setup up down clean test long check cheap ci coverage mutants fuzz faults a11y spectral compose-test upgrade-test schema bench week lock
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "make TARGET PYTHON=python3.12 chooses the interpreter; README.md says more."

setup: ## Make .venv with the packages of requirements-dev.lock; nothing to do if it has them
	@.ci/setup $(VENV) $(PYTHON)

up: setup ## Run everything on this machine, with a demonstration; Ctrl-C stops it
	@$(MANAGE) up

down: setup ## Stop what `make up` or a test left running; the data stay
	@$(MANAGE) down

clean: setup ## Stop everything and remove all data and caches
	@$(TESTS) $(MANAGE) down --remove-data
	@$(MANAGE) down --remove-data
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.rules mutants

# An environment that forbids bytecode would let every process that a test starts compile the project again.
test long cheap faults fuzz: export PYTHONDONTWRITEBYTECODE :=

# Tests that start and kill processes run last: load would change what they measure. They mostly wait, so three files
# run beside each other, each with servers of its own.
WITH_PROCESSES = $$(grep -rl "mark\.processes" tests)
test: setup ## Run the tests, in seven to twelve minutes on two cores
	@only="not long and "; .ci/browser || only="$${only}not browser and "; \
	$(TESTS) $(BIN)/python -m pytest -n 2 --dist worksteal -m "$${only}not processes" || failed=1; \
	$(TESTS) $(BIN)/python -m pytest -n 3 --dist worksteal -m "$${only}processes" $(WITH_PROCESSES) || failed=1; \
	exit $${failed:-0}

long: setup ## Run the long tests that `make test` leaves out: most of those with a database, walks in the browser, faults of processes (ten to twenty minutes)
	@only="long and "; .ci/browser || only="$${only}not browser and "; .ci/faketime; \
	$(TESTS) $(BIN)/python -m pytest -n 2 --dist worksteal -m "$${only}not processes" || failed=1; \
	$(TESTS) $(BIN)/python -m pytest -n 3 --dist worksteal -m "$${only}processes" $(WITH_PROCESSES) || failed=1; \
	.ci/faketime --at-end; exit $${failed:-0}

check: setup ## Run the linters (migrations, too), mypy, the prose check, the search for secrets, Django's checks, the coverage of the rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.prose
	@$(BIN)/python -m tests.secret_scan
	@$(PRODUCTION) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING
	@$(TESTS) $(BIN)/python -m pytest -qq tests/test_migrations.py
	@$(MAKE) --no-print-directory coverage

# What differs between versions of Python shows here, in a few minutes.
cheap: check ## Run the checks, the import of every module, and the tests of rules and services
	@$(TESTS) $(BIN)/python -m pytest -n 2 -m "not browser and not processes" \
		--ignore-glob="*/test_admin/*" --ignore-glob="*/orders/*pages*" tests/test_modules.py tests/rules tests/orders

ci: setup ## Run what a change must pass: check, test, long, and `cheap` on another Python where there is one
	@.ci/audit $(VENV)
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory long
	@other=$$(.ci/python "$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" 2>/dev/null) \
	|| { echo "No second Python was found, so everything ran on one."; exit 0; }; \
	$(MAKE) --no-print-directory cheap VENV=.venv-other PYTHON="$$other"

# Tests that are the same in every run must take every branch of the rules. They need no plugins.
coverage: export COVERAGE_FILE := .coverage.rules
coverage: setup ## Measure the branch coverage of orders/rules, which must be complete
	@$(BIN)/coverage run --source=orders/rules -m pytest -c /dev/null --rootdir=. --disable-plugin-autoload \
		-p no:cacheprovider -W error -qq tests/rules \
		--ignore=tests/rules/test_properties.py --ignore=tests/rules/test_holidays.py
	@$(BIN)/coverage report --skip-covered --show-missing --fail-under=100

# From scratch: mutmut's cache of an earlier run does not notice changed data files.
mutants: setup ## Change orders/rules one expression at a time; a test must fail each time (40 min)
	@rm -rf mutants
	@$(BIN)/mutmut run --max-children 2
	@$(BIN)/python -m tests.mutants

# schemathesis over the whole schema as each role (in `make test` each operation as some of them), and sequences of
# facts and acts, with more cases than in `make test`; CTC_FUZZ_CASES sets how many. More people than in `make test`
# read two orders that differ in hidden facts.
fuzz: export CTC_FUZZ_CASES := $(or $(CTC_FUZZ_CASES),50)
fuzz: setup ## Call every operation of the API with generated input, and let facts arrive in any order
	@$(TESTS) $(BIN)/python -m pytest -n 2 --timeout 0 tests/api/test_walk.py tests/cases/test_standing_facts.py \
		tests/orders/planning/test_replan.py tests/attacks/test_hidden_facts.py

# Kills, stops and cuts off processes, with thousands of alerts and real waits; `make test` runs a part of it.
faults: export CTC_FAULTS := full
faults: setup ## Kill and starve real processes, with real waits (an hour)
	@.ci/faketime; $(TESTS) $(BIN)/python -m pytest tests/faults tests/notifications/test_isolation.py || failed=1; \
	.ci/faketime --at-end || failed=1; exit $${failed:-0}

# Each role's pages in English and Spanish, at 375 and 1,280 pixels, in light and dark, with the errors of each form.
# `make long` runs axe on some of them. The programs come from npm, pinned with digests; the Nu checker needs Java.
a11y: export CTC_A11Y := full
a11y: setup ## Open every page as every role and look for barriers with axe, Equal Access and the Nu checker (two hours)
	@for needed in npm java; do command -v $$needed >/dev/null || \
	{ echo "make a11y needs $$needed. Install nodejs with npm, and default-jre-headless, or your system's names of them."; exit 1; }; done
	@.ci/browser
	@npm ci --prefix tests/a11y --silent
	@$(BIN)/python -c "import shutil; shutil.rmtree('$(or $(CTC_LOCAL),$(CURDIR)/.local)/test/a11y', ignore_errors=True)"
	@$(TESTS) $(BIN)/python -m pytest -n 2 --dist worksteal tests/a11y || failed=1; \
	$(TESTS) $(BIN)/python -m tests.a11y || failed=1; \
	exit $${failed:-0}

# npx takes it from npm's cache, or from the network.
spectral: setup ## Check docs/openapi.yaml by Spectral's rules for OpenAPI; needs npm
	@npx --yes --package=@stoplight/spectral-cli@6.16.3 spectral --version >/dev/null 2>&1 || \
	{ echo "Spectral did not run, so docs/openapi.yaml is not checked by it. It needs npm, and once the network."; exit 1; }
	@npx --yes --package=@stoplight/spectral-cli@6.16.3 spectral lint docs/openapi.yaml \
		--ruleset tests/api/spectral.yaml --fail-severity hint

# docker-compose.yml as it is, on images made of Debian's packages; needs root, docker.io, docker-compose, debootstrap.
compose-test: setup ## Run docker-compose.yml for real, and break its parts (ten minutes)
	@CTC_LOCAL="$(or $(CTC_LOCAL),$(CURDIR)/.local)" $(BIN)/python -m tests.compose

# From the newest tag, or from the commit that CTC_UPGRADE_FROM names.
upgrade-test: export CTC_FAULTS := full
upgrade-test: setup ## Run processes of an earlier version beside a database that was upgraded
	@$(TESTS) $(BIN)/python -m pytest tests/faults/test_upgrade.py

schema: setup ## Write docs/openapi.yaml from the code
	@$(PRODUCTION) $(MANAGE) spectacular --validate --fail-on-warn --file docs/openapi.yaml

# Each benchmark has its own database, removed afterwards. The API is measured among a million orders, which take
# some minutes to make; CTC_BENCH_ORDERS sets another number.
bench: export CTC_LOCAL := $(or $(CTC_LOCAL),$(CURDIR)/.local)/bench
bench: export CTC_API_RATE := 1000000/min
bench: setup ## Measure the import, FIRE, delivery, the API and the court's desk
	@for measured in tests.bench tests.bench_api tests.bench_desk; do \
		$(MANAGE) prepare >/dev/null; \
		$(MANAGE) shell -v0 -c "from $$measured import main; main()" || failed=1; \
		$(MANAGE) down --remove-data; \
	done; exit $${failed:-0}

week: export CTC_LOCAL := $(or $(CTC_LOCAL),$(CURDIR)/.local)/week
week: setup ## Simulate a week of 200 orders and count each person's messages
	@$(MANAGE) prepare >/dev/null
	@$(MANAGE) shell -v0 -c "from tests.simulation import main; main()" || failed=1; \
	$(MANAGE) down --remove-data; exit $${failed:-0}

# Keeps the versions that still fit; `make lock UPGRADE=--upgrade` takes the newest. In this order, so that
# production gets the versions that the tests run with. One lock serves every version of Python.
lock: setup ## Write both lock files from pyproject.toml
	@$(COMPILE) $(UPGRADE) --extra local --extra dev --output-file requirements-dev.lock
	@$(COMPILE) $(UPGRADE) --constraints requirements-dev.lock --output-file requirements.lock
