# Everything a developer runs. Needs Python 3.11 or newer, make and git; the rest is installed here.

PYTHON ?= python3
PY := .venv/bin/python
SAM := .venv-sam/bin/sam
SAM_PY := .venv-sam/bin/python
CHECK := .venv-check/bin
UV := .venv-uv/bin/uv
UV_VERSION := 0.13.9

# The lock files name every package, so pip has nothing to resolve: it checks hashes and unpacks.
INSTALL := -m pip install --quiet --no-deps --require-hashes --disable-pip-version-check
# A copy without .git has no .gitignore to tell ruff what is not ours.
OURS := --extend-exclude .venv-sam,.venv-check,.venv-emulator,.venv-uv,.local,.aws-sam
WITH_SRC := PYTHONPATH=src:.
export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help demo serve check test deployed torture lint hooks migrate event invoke reconcile prove doctor build \
	deploy preflight smoke artefact emulator screenshots bench lock install clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/ready ## Play a short story of payments and show the reports
	@./tokentill demo

serve: .venv/ready ## Serve the webhook and the reports on http://127.0.0.1:8000
	@./tokentill serve $(ARGS)

check: ## Everything that must hold before a change lands: lint, test, deployed
	@echo "== lint"
	@$(MAKE) --no-print-directory lint
	@echo "== test"
	@$(MAKE) --no-print-directory test
	@echo "== deployed"
	@$(MAKE) --no-print-directory deployed

test: .venv/ready .venv-sam/ready ## Run every test but `make deployed`; ARGS='-k name' narrows it
	@PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n auto $(ARGS)

deployed: .venv/ready .venv-sam/ready .venv-emulator/ready ## Deploy to an emulator of AWS, and try that
	@$(PY) -m pytest tests/deployed $(ARGS)

emulator: .venv/ready .venv-sam/ready .venv-emulator/ready ## Run an emulator of AWS, to deploy to it
	@./tokentill emulator

torture: .venv/ready ## Try all of what `make test` tries some of: many minutes; EXAMPLES=5000 goes on
	@LONG=1 $(PY) -m pytest -n auto tests/integration/test_every_sequence.py \
		tests/integration/test_any_field.py tests/integration/reconcile/test_lost_deliveries.py \
		tests/integration/credits/test_every_sequence_of_credits.py \
		$(addprefix tests/integration/reports/test_,export_memory.py malformed_requests.py \
		report_fuzz.py totals.py) tests/unit/reconcile/test_odd_items.py \
		tests/unit/test_identify_malformed.py tests/unit/test_replays.py $(ARGS)

lint: .venv/ready .venv-sam/ready .venv-check/ready ## Check style, types, import rules and the SAM template
	$(PY) -m ruff check $(OURS)
	$(PY) -m ruff format --check $(OURS)
	$(PY) -m mypy
	$(WITH_SRC) .venv/bin/lint-imports
	$(SAM) validate --lint
	$(CHECK)/cfn-lint template.yaml stacks/*.yaml
	@mkdir -p .local
	$(SAM_PY) -m local.translated_template > .local/translated-template.json
	$(CHECK)/cfn-lint .local/translated-template.json
	$(CHECK)/checkov --framework cloudformation --skip-download --compact --quiet \
		-f template.yaml stacks/*.yaml
	$(SAM) build

hooks: .venv/ready ## Check style, types and import rules before each commit
	@.venv/bin/pre-commit install

migrate: .venv/ready ## Apply the pending migrations to the database of DATABASE_URL
	@./tokentill migrate

event: .venv/ready ## Sign a sample event now: make event NAME=checkout_session_completed
	@./tokentill event $(NAME)

invoke: .venv/ready .venv-sam/ready ## Invoke a function in Lambda's own runtime, with the same events
	@./tokentill invoke $(NAME)

reconcile: .venv/ready ## Repair what deliveries missed; ARGS='--since 2026-01-01' for history
	@./tokentill reconcile $(ARGS)

prove: .venv/ready ## Prove that Stripe, payments, ledger and balances agree; ARGS='--days 7'
	@./tokentill prove $(ARGS)

doctor: .venv/ready ## Compare Stripe, database and code: make doctor URL=https://...
	@./tokentill doctor $(if $(URL),--url '$(URL)')

preflight: .venv/ready ## Look for what would make a deployment fail: make preflight STACK=tokentill
	@./tokentill preflight '$(or $(STACK),$(error say which: make preflight STACK=tokentill))' $(ARGS)

smoke: .venv/ready ## Look whether what is deployed works: make smoke STACK=tokentill
	@./tokentill smoke '$(or $(STACK),$(error say which: make smoke STACK=tokentill))' $(ARGS)

build: .venv/ready .venv-sam/ready ## Build the Lambda functions into .aws-sam/build
	$(SAM) build

deploy: .venv/ready .venv-sam/ready ## Build and deploy a stack: make deploy STACK=tokentill
	@./tokentill deploy '$(or $(STACK),$(error say which: make deploy STACK=tokentill))' $(ARGS)

artefact: .venv/ready ## Build what one function gets: make artefact DIR=/tmp/it ARCH=x86_64
	@./tokentill artefact '$(or $(DIR),$(error say where: make artefact DIR=...))' \
		$(if $(ARCH),--machine $(ARCH))

screenshots: .venv/ready ## Take the pictures of the documents again
	@./tokentill screenshots $(ARGS)

bench: .venv/ready .venv-sam/ready ## Measure deliveries and cold starts into bench/*.md
	@$(WITH_SRC) $(PY) -m bench.webhook
	@$(WITH_SRC) $(PY) -m bench.cold_start

lock: .venv-uv/ready ## Renew requirements/*.txt; ARGS=--upgrade takes newer releases
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) pyproject.toml --group dev -c requirements/runtime.txt -o requirements/dev.txt
	$(COMPILE) --no-deps --group openapi -o requirements/openapi.txt
	$(COMPILE) --group sam -o requirements/sam.txt
	$(COMPILE) --group check -o requirements/check.txt
	$(COMPILE) --group e2e -o requirements/e2e.txt
	$(COMPILE) --group emulator -o requirements/emulator.txt

COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header $(ARGS)

install: .venv/ready ## Install what ./tokentill needs, which the other targets do by themselves

clean: ## Remove everything that make made, the local database too
	rm -rf .venv .venv-sam .venv-check .venv-emulator .venv-uv .aws-sam .local
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src standin local tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

define CHECK_PYTHON
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "$(PYTHON) is not Python 3.11 or newer. Say which one is: make PYTHON=python3.13" >&2; \
	exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	echo "$(PYTHON) cannot make virtual environments: install the package python3-venv." >&2; \
	exit 1; }
endef

# A file named ready is newer than the lock files that its environment was made from.
.venv/ready: requirements/dev.txt requirements/openapi.txt
	$(CHECK_PYTHON)
	@echo "Installing the development tools into .venv"
	@$(PYTHON) -m venv --clear .venv
	@$(PY) $(INSTALL) -r requirements/dev.txt
	@$(PY) $(INSTALL) -r requirements/openapi.txt
	@touch $@

.venv-sam/ready: requirements/sam.txt
	$(CHECK_PYTHON)
	@echo "Installing the SAM CLI into .venv-sam"
	@$(PYTHON) -m venv --clear .venv-sam
	@.venv-sam/bin/python $(INSTALL) -r requirements/sam.txt
	@touch $@

.venv-check/ready: requirements/check.txt
	$(CHECK_PYTHON)
	@echo "Installing cfn-lint and checkov into .venv-check"
	@$(PYTHON) -m venv --clear .venv-check
	@.venv-check/bin/python $(INSTALL) -r requirements/check.txt
	@touch $@

.venv-emulator/ready: requirements/emulator.txt
	$(CHECK_PYTHON)
	@echo "Installing the emulator of AWS into .venv-emulator"
	@$(PYTHON) -m venv --clear .venv-emulator
	@.venv-emulator/bin/python $(INSTALL) -r requirements/emulator.txt
	@touch $@

.venv-uv/ready: Makefile
	$(CHECK_PYTHON)
	@echo "Installing uv into .venv-uv"
	@$(PYTHON) -m venv --clear .venv-uv
	@.venv-uv/bin/python -m pip install --quiet uv==$(UV_VERSION)
	@touch $@

.PHONY: bench-reports bench-writes bench-credits
bench-reports: .venv/ready ## Measure every report on 10 million payments; ARGS='--payments 1000000'
	@$(WITH_SRC) $(PY) -m bench.reports $(ARGS)

bench-writes: .venv/ready ## Measure what keeping totals costs a write
	@$(WITH_SRC) $(PY) -m bench.write_path $(ARGS)

bench-credits: .venv/ready ## Measure what a spend costs, and as its ledger grows
	@$(WITH_SRC) $(PY) -m bench.credits $(ARGS)
