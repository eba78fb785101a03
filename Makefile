# Everything a developer or an operator of one machine types. Needs Python 3.11 or newer and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
INSTALL := $(PY) -m pip install -qq --disable-pip-version-check --require-hashes
# Checks and documents need a complete configuration; the tests' own is one.
MANAGE := DJANGO_SETTINGS_MODULE=portal.settings.test $(PY) manage.py
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" ../$(BIN)/pip-compile --quiet --generate-hashes \
	--strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help up test verify check fmt bench openapi lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The environment: made once, brought up to date when the locked requirements change.

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit("The portal needs Python 3.11 or newer; this is " \
		+ sys.version.split()[0] + ". Name another: make PYTHON=…" \
		if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.runtime: requirements/base.txt | $(PY)
	@echo "Installing what the portal needs to run…"
	@$(INSTALL) -r requirements/base.txt
	@touch $@

$(VENV)/.development: requirements/dev.txt | $(PY)
	@echo "Installing what tests and checks need…"
	@$(INSTALL) -r requirements/dev.txt
	@touch $@ $(VENV)/.runtime

# Running

up: $(VENV)/.runtime ## install, migrate, load the demo, start everything (PORT, PORTAL_HOME)
	@$(PY) manage.py up --follow-parent

# Proving

test: $(VENV)/.development ## the quick tests
	@$(PY) -m pytest -n auto -m "not verify" $(ARGS)

verify: $(VENV)/.development ## the long proofs: browser, recorded traffic, schema fuzzing, chaos
	@$(PY) -m pytest -n auto --dist loadfile --timeout 900 -m verify $(ARGS)

bench: $(VENV)/.development ## calls per second, CPU per call, added latency
	@$(PY) -m tests.bench $(ARGS)

# Checking

CHECKS := format lint types imports migrations django templates spelling secrets openapi env

.PHONY: $(CHECKS:%=check-%)
check: $(CHECKS:%=check-%) ## format, lint, types, imports, migrations, templates, spelling, drift

check-format: $(VENV)/.development
	$(BIN)/ruff format --check .

check-lint: $(VENV)/.development
	$(BIN)/ruff check .

check-types: $(VENV)/.development
	$(BIN)/mypy

check-imports: $(VENV)/.development
	$(BIN)/lint-imports --no-logo

check-migrations: $(VENV)/.development
	$(MANAGE) makemigrations --check --dry-run

check-django: $(VENV)/.development
	$(MANAGE) check --fail-level WARNING

check-templates: $(VENV)/.development
	@[ ! -d templates ] || $(BIN)/djlint templates --quiet --check --lint

check-spelling: $(VENV)/.development
	$(BIN)/typos

check-secrets: $(VENV)/.development
	$(PY) .ci/find_secrets

check-openapi: $(VENV)/.development
	@mkdir -p build
	$(MANAGE) spectacular --validate --fail-on-warn --file build/openapi.yaml
	diff -u docs/openapi.yaml build/openapi.yaml

check-env: $(VENV)/.development
	$(MANAGE) env_example --check

# Keeping

fmt: $(VENV)/.development ## format the code and the templates
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	@[ ! -d templates ] || $(BIN)/djlint templates --quiet --reformat

openapi: $(VENV)/.development ## write docs/openapi.yaml
	@mkdir -p docs
	$(MANAGE) spectacular --validate --fail-on-warn --file docs/openapi.yaml

lock: $(VENV)/.development ## compile the requirements again (ARGS=--upgrade for newer versions)
	@cd requirements && $(COMPILE) $(ARGS) -o base.txt base.in
	@cd requirements && $(COMPILE) $(ARGS) -o dev.txt dev.in

clean: ## remove the environment and what tools left behind (not the data in PORTAL_HOME)
	rm -rf $(VENV) build staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
