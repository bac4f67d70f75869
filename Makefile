# Everything that is done with this repository. Only python3 (3.11 or newer) with venv, and make, are needed.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast test-slow test-contract check bench lock clean

PYTHON ?= python3
# Always `python -m tool`, never .venv/bin/tool: the first line of such a script breaks on long paths.
PY := .venv/bin/python
MANAGE := $(PY) manage.py
PYTEST := $(PY) -m pytest
WORKERS ?= 2

# For `manage.py check --deploy` only: production settings refuse to load without them.
RANDOM_KEY := $$($(PY) -c "import secrets; print(secrets.token_hex(32))")
DEPLOY := DJANGO_SETTINGS_MODULE=config.settings.production ALLOWED_HOSTS=podium.example \
	DATABASE_URL=postgresql://db/podium REDIS_URL=redis://cache/0 METRICS_TOKEN=$(RANDOM_KEY) \
	DJANGO_SECRET_KEY=$(RANDOM_KEY) JWT_SIGNING_KEY=$(RANDOM_KEY) \
	PUBLIC_URL=https://podium.example SMTP_URL=smtp+starttls://mail.podium.example
SECRETS := AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY-----|gh[pousr]_[A-Za-z0-9]{36}|xox[abprs]-[0-9A-Za-z-]{10}

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## Install everything into .venv; does nothing when that is done
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else \
		"Podium needs Python 3.11 or newer, and this is %d.%d: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@cmp -s requirements/dev.txt .venv/installed.txt || { \
		echo "Installing the packages of requirements/dev.txt into .venv (once, about a minute)"; \
		PIP_ROOT_USER_ACTION=ignore $(PY) -m pip install --quiet --disable-pip-version-check \
			--require-hashes --requirement requirements/dev.txt \
		&& cp requirements/dev.txt .venv/installed.txt; }

run: setup ## Run Podium: http://127.0.0.1:8000 (PORT=, HOST=, PODIUM_HOME=)
	@$(PY) -m config.supervisor

test: setup ## Unit, integration and architecture tests (COVERAGE=1 measures too, and takes half as long again)
	$(PYTEST) tests/unit tests/integration tests/architecture -m "not slow" -n $(WORKERS) --dist worksteal \
		$(if $(COVERAGE),--cov --cov-report=html --cov-fail-under=95)

test-fast: setup ## Unit tests: no database, no network
	$(PYTEST) tests/unit -n $(WORKERS)

test-slow: setup ## Faults, browser journeys, long properties
	$(PYTEST) tests --ignore tests/e2e -m slow -n $(WORKERS) --dist worksteal
	# Apart: a browser keeps an event loop in its thread, where Django's client refuses to work.
	$(PYTEST) tests/e2e -m "slow and not alone" -n $(WORKERS) --dist loadfile --no-loadscope-reorder
	$(PYTEST) tests/e2e -m alone -n 0

test-contract: setup ## Requests made up from the OpenAPI document, against every operation
	$(PYTEST) tests/contract -m contract -n $(WORKERS)

check: setup ## Style, types, layers, migrations, deployment, generated documents, secrets
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c 'import sys, importlinter.cli as cli; sys.exit(cli.lint_imports_command())'
	$(MANAGE) makemigrations --check --dry-run
	@schema=$$(mktemp) && trap 'rm -f "$$schema"' EXIT && \
		$(MANAGE) spectacular --validate --fail-on-warn --file "$$schema" && \
		{ diff -u docs/api/openapi.yaml "$$schema" || \
		{ echo "Out of date: $(MANAGE) spectacular --file docs/api/openapi.yaml"; exit 1; }; }
	$(MANAGE) event_documents docs --check
	@$(DEPLOY) $(MANAGE) check --deploy --fail-level WARNING
	$(PY) -m config.env docs/configuration.md
	$(PY) -m pip check --disable-pip-version-check
	@! git grep --untracked -nIE '$(SECRETS)' || { echo "This looks like a secret."; exit 1; }

bench: setup ## All benchmarks, or one: NAME=leaderboard (COMPARE=1, ROUNDS=, SCALE=)
	@COMPARE="$(COMPARE)" ROUNDS="$(ROUNDS)" SCALE="$(SCALE)" $(PY) -m tests.benchmarks $(NAME)

lock: ## Resolve requirements/*.in again, into the locks with hashes
	@venv=$$(mktemp -d) && trap 'rm -rf "$$venv"' EXIT && $(PYTHON) -m venv "$$venv" && \
		"$$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv && \
		for name in base dev prod; do \
			"$$venv/bin/python" -m uv pip compile --quiet --upgrade --universal --python-version 3.11 \
				--generate-hashes --no-header --output-file requirements/$$name.txt requirements/$$name.in \
			|| exit 1; \
		done

clean: ## Remove what can be made again; .venv and .local stay
	rm -rf .coverage .coverage.* htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache static
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
