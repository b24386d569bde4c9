# Everything a newcomer needs: `make demo`, `make test`. Nothing is installed outside this folder.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help setup demo serve check test crash bench clean

help: ## Show the targets.
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Sendwright needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .venv || { echo "Python's venv is missing. On Debian: apt-get install python3-venv"; exit 1; }

.venv/.demo: $(BIN)/python requirements/demo.txt pyproject.toml
	@echo "Installing into .venv (once; a minute or so) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.demo requirements/dev.txt
	@echo "Installing what tests and checks need into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

setup: .venv/.dev ## Set everything up for development, in .venv.

demo: .venv/.demo ## Start a sandbox, send a receipt through HubSpot's client, show what happened.
	@$(BIN)/python -m sendwright.run.demo

serve: .venv/.demo ## Serve on ./sendwright-data with the sandbox route.
	@$(BIN)/sendwright serve

check: .venv/.dev ## Lint, types, import laws.
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && echo "ruff: clean"
	@$(BIN)/mypy --strict src
	@$(BIN)/lint-imports

test: .venv/.dev tests/clients/node/node_modules ## All tests, on SQLite and PostgreSQL.
	@$(BIN)/python tests/run.py

tests/clients/node/node_modules: tests/clients/node/package-lock.json
	@if command -v npm >/dev/null; then cd tests/clients/node && npm ci --ignore-scripts --no-audit --no-fund --silent && touch node_modules; \
	else echo "npm is not installed: the Node client's tests will be skipped"; fi

crash: .venv/.dev ## Kill the program at every failpoint, on both databases; a line of JSON each. ARGS="--kills 50"
	@$(BIN)/python -m tests.e2e.crash $(ARGS)

bench: .venv/.dev ## Benchmarks beside peers and limits; prints ratios.
	@$(BIN)/python -m bench

clean: ## Remove what was installed and made.
	rm -rf .venv var tests/clients/node/node_modules .coverage* .pytest_cache .mypy_cache .ruff_cache
