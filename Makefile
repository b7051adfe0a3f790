# smsgateway: every command a developer or an operator needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
HOST ?= 127.0.0.1
PORT ?= 8000

# Some containers set it. Every process started would then compile 2,200 modules anew, which is most of its start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help

.PHONY: help run demo test check lint types floors migrations deploy-check format lock screenshots contracts clean
.PHONY: bench-campaign bench-embedded bench-engine bench-keywords bench-consent-import bench-inbound bench-out bench-linear
.PHONY: bench-audiences bench-profile-import bench-rendering bench-scale rate-test breaker-test
.PHONY: chaos chaos-campaign chaos-embedded chaos-redis chaos-short

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUN_STAMP) ## Start the gateway: web, worker and simulator (HOST=, PORT=, ARGS=)
	@exec $(BIN)/python manage.py up --host $(HOST) --port $(PORT) $(ARGS)

demo: $(RUN_STAMP) ## Do the main job over HTTP against a fresh instance
	@$(BIN)/python manage.py demo

test: $(DEV_STAMP) ## Run the tests on SQLite and, where it is installed, those with a database on PostgreSQL (ARGS= for pytest)
	@$(BIN)/python -m tests.run $(ARGS)

check: $(DEV_STAMP) lint types floors migrations deploy-check test ## Everything that must be green before a commit

lint: $(DEV_STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(DEV_STAMP)
	$(BIN)/mypy .

floors: $(DEV_STAMP)
	$(BIN)/lint-imports

migrations: $(DEV_STAMP)
	SMSGATEWAY_DATA_DIR=$$(mktemp -d) $(BIN)/python manage.py makemigrations --check --dry-run

deploy-check: $(DEV_STAMP)
	SMSGATEWAY_DATA_DIR=$$(mktemp -d) SMSGATEWAY_PUBLIC_URL=https://sms.example.com \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(DEV_STAMP) ## Format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-embedded: $(DEV_STAMP) ## 1,000 messages, 100 a request, through the embedded default; target 300 messages/s
	$(BIN)/python -m bench.embedded

bench-engine: $(DEV_STAMP) ## CPU of rendering and sending one request; targets 0.25 ms, and no slower than requests
	$(BIN)/python -m bench.engine

bench-rendering: $(DEV_STAMP) ## Personalised texts a second on one core; target 10,000
	$(BIN)/python -m bench.rendering

bench-consent-import: $(DEV_STAMP) ## A million rows of consent from CSV; targets 5 minutes, 500 MiB, on both databases
	$(BIN)/python -m bench.consent_import

bench-profile-import: $(DEV_STAMP) ## A million profiles from CSV, made and updated; targets 5 minutes, 500 MiB, on both databases
	$(BIN)/python -m bench.profile_import

bench-audiences: $(DEV_STAMP) ## Filters over a million profiles; targets 200 ms for a page of 1,000, 4 s for any count
	$(BIN)/python -m bench.audiences

bench-keywords: $(DEV_STAMP) ## How well and how fast texts are read; targets 99.5 % of clear opt-outs, 20,000 texts/s
	$(BIN)/python -m bench.keywords

bench-inbound: $(DEV_STAMP) ## Inbound messages and reports on PostgreSQL beside a view that only inserts; targets 0.2 and 0.4
	$(BIN)/python -m bench.inbound

bench-out: $(DEV_STAMP) ## Messages out on PostgreSQL beside Kannel; targets 0.6 of it at 0 ms, 0.4 at 50 ms, 1.1 CPU s/1,000
	$(BIN)/python -m bench.out

bench-campaign: $(DEV_STAMP) ## A campaign to a million on PostgreSQL; targets 5,000 recipients/s, 10,000 texts/s, redirect 5 ms
	$(BIN)/python -m bench.campaign

bench-linear: $(DEV_STAMP) ## The rate with 10,000, 100,000 and a million messages waiting; target within 30 % of each other
	$(BIN)/python -m bench.linear

chaos: $(DEV_STAMP) ## 20,000 messages while web, workers, Redis and database are killed 104 times; 0 lost, 0 doubled unsaid
	$(BIN)/python -m bench.chaos

chaos-campaign: $(DEV_STAMP) ## A campaign to 50,000 while its workers are killed 20 times; each recipient once, or flagged
	$(BIN)/python -m bench.chaos.campaign

chaos-embedded: $(DEV_STAMP) ## The same on the embedded default: its one process is killed 104 times
	$(BIN)/python -m bench.chaos.embedded

chaos-redis: $(DEV_STAMP) ## Redis emptied every 2 s, hanging, gone: accept p99 at most 3 s, at most 10 s late
	$(BIN)/python -m bench.chaos.outage

chaos-short: $(DEV_STAMP) ## The four of them in a few minutes, with 25 kills
	$(BIN)/python -m bench.chaos --short
	$(BIN)/python -m bench.chaos.campaign --short
	$(BIN)/python -m bench.chaos.embedded --short
	$(BIN)/python -m bench.chaos.outage --short

rate-test: $(DEV_STAMP) ## A limit of 5 messages/s with eight workers; targets: never over 6 in a second, 285 in a minute
	$(BIN)/python -m bench.rate

breaker-test: $(DEV_STAMP) ## A dead provider beside a healthy one; target: the healthy one's p95 changes by less than 25 %
	$(BIN)/python -m bench.breaker

bench-scale: $(DEV_STAMP) ## Lists, searches and the queue at 10 million messages; target 200 ms (BENCH_SCALE_DIR= keeps the database)
	$(BIN)/python -m bench.scale

contracts: $(DEV_STAMP) ## Prove the shipped presets by recorded exchanges of 30 providers: sending, messages, reports
	SMSGATEWAY_DATA_DIR=$$(mktemp -d) $(BIN)/python manage.py verify_contracts tests/data/contracts.json \
		--presets credentials/vendors

lock: ## Pin the dependencies again (needs uv)
	uv pip compile -q --universal --generate-hashes --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-header --group dev --extra production pyproject.toml -o requirements-dev.lock
	uv pip compile -q --universal --generate-hashes --no-header --extra production -c requirements-dev.lock pyproject.toml -o requirements-production.lock
	echo uv | uv pip compile -q --universal --generate-hashes --no-header - -o requirements-uv.lock

clean: ## Remove the environment and caches (the data in var/ stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --require-hashes -r requirements-uv.lock

# uv installs in seconds; where it cannot reach the index (pip may be set up differently), pip does it.
define install
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1) \
		|| $(BIN)/python -m pip install --quiet --require-hashes -r $(1)
endef

$(RUN_STAMP): requirements.lock | $(VENV)/bin/python
	@echo "Installing what the gateway needs into $(VENV) …"
	@$(call install,requirements.lock)
	@touch $@

$(DEV_STAMP): requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing what the tests need into $(VENV) …"
	@$(call install,requirements-dev.lock)
	@touch $@ $(RUN_STAMP)
