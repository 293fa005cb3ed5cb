# The commands of the project; each sets up what it needs.

PYTHON ?= $(shell for python in python3.11 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
		&& echo $$python && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: setup demo test check bench lock schemas

# the environment, from the lock; made again when the lock changes
setup: .venv/.installed

.venv/.installed: requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { \
		echo 'manyhands needs Python 3.11: install it, or name it: make PYTHON=/path/to/python3.11' >&2; \
		exit 1; }
	@echo 'setting up .venv from requirements-dev.lock' >&2
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
		|| $(PYTHON) -m venv --clear .venv
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@$(BIN)/manyhands demo

test: setup
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry .
	$(BIN)/sqlfluff lint sql

bench: setup
	$(BIN)/python -m bench

# after a change of the dependencies in pyproject.toml
lock: setup
	$(COMPILE) --extra build --output-file requirements.lock
	$(COMPILE) --all-extras --constraint requirements.lock --output-file requirements-dev.lock

# after a change of the models of events
schemas: setup
	$(BIN)/python -m schemas
