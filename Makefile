# The commands of the project; each sets up what it needs.

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: setup demo test thorough processes faults catalogs package check bench lock schemas dictionary

# the environment, from the lock; made again when the lock changes
setup: .venv/.installed

.venv/.installed: requirements-dev.lock pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 && .ci/pythons $(BIN)/python >/dev/null 2>&1 \
		|| { found=$$(.ci/pythons $(PYTHON)) \
		&& "$$(echo "$$found" | head -n 1)" -m venv --clear .venv; }
	@echo "setting up .venv from requirements-dev.lock with $$($(BIN)/python --version)" >&2
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@$(BIN)/manyhands demo

test: setup
	$(BIN)/python -m pytest

# what takes more than a moment each: several closes, a warehouse that is made again
thorough: setup
	$(BIN)/python -m pytest -m "thorough and not long and not processes"

# what needs servers or several real processes: takes minutes
processes: setup
	$(BIN)/python -m pytest -n 2 -m "processes and not long"

# every kind of edit and failure, and the properties on twenty times as many histories: takes hours
faults: setup
	$(BIN)/python -m pytest -m long --timeout=3600
	$(BIN)/python -m pytest -m "" --hypothesis-profile=long --timeout=0 \
		tests/test_properties.py tests/test_change_of_currency.py

# every vector with its catalog in PostgreSQL: takes minutes
catalogs: setup
	$(BIN)/python -m pytest -m "" -k postgresql tests/test_vectors.py

# what is packed, installed on every Python of the machine: takes minutes, and the package registry
package: setup
	$(BIN)/python -m pytest --verbose tests/installed.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry .
	$(BIN)/sqlfluff lint sql

bench: setup .venv-bench/.installed
	$(BIN)/python -m bench

# the environment of what is measured beside us, whose pins are none of ours
.venv-bench/.installed: requirements-bench.lock | setup
	@$(BIN)/python -m venv --clear .venv-bench
	@echo "setting up .venv-bench from requirements-bench.lock" >&2
	@.venv-bench/bin/python -m pip --disable-pip-version-check --quiet \
		install --require-hashes --requirement requirements-bench.lock
	@touch $@

# after a change of the dependencies in pyproject.toml
lock: setup
	$(COMPILE) pyproject.toml --extra build --output-file requirements.lock
	$(COMPILE) pyproject.toml --all-extras --constraint requirements.lock \
		--output-file requirements-dev.lock
	$(COMPILE) --group bench --constraint requirements.lock --output-file requirements-bench.lock

# after a change of the models of events
schemas: setup
	$(BIN)/python -m schemas

# after a change of the head of a relation or a view
dictionary: setup
	$(BIN)/python -m pipelines.lake.dictionary
