# Two commands: `make demo` and `make test`. Both make .venv from the hash-pinned lock files, with
# the Python named in PYTHON: `make test PYTHON=python3.12`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test test-all same-python bench bench-quick lock clean lint

demo: $(VENV)/.runtime
	$(BIN)/energeia compare ising:L=8 --scale 0.25

test: $(VENV)/.dev lint
	$(BIN)/python -m pytest

# The same under every supported Python found here, in fresh clones of what is committed.
test-all:
	@tests/pythons.sh

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests benchmarks studies
	$(BIN)/ruff format --check src tests benchmarks studies
	$(BIN)/pyright
	$(BIN)/lint-imports

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "energeia needs Python 3.11 or newer, found $$($(PYTHON) --version 2>&1): install it and run make PYTHON=python3.11"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "this Python has no venv module: install it, on Debian with apt install python3-venv"; exit 2; }
	$(PYTHON) -m venv $(VENV)

# Where a PYTHON is named, .venv must have been made by it.
VERSION := 'import sys; print("Python %d.%d" % sys.version_info[:2])'
same-python: $(VENV)/bin/python
ifneq ($(origin PYTHON),file)
	@wanted=$$($(PYTHON) -c $(VERSION)) && found=$$($(BIN)/python -c $(VERSION)) && \
	  { [ "$$wanted" = "$$found" ] || \
	  { echo "$(VENV) was made by $$found, and $$wanted is wanted: run make clean first"; exit 2; }; }
endif

$(VENV)/.runtime: $(VENV)/bin/python requirements.lock pyproject.toml | same-python
	@echo "installing what energeia stands on (about half a minute)"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Measures energeia beside its peers, which get an environment of their own (20 minutes or so).
bench: $(BENCH)/.ready
	$(BENCH)/bin/python -m benchmarks.run

bench-quick: $(BENCH)/.ready
	$(BENCH)/bin/python -m benchmarks.run --quick

$(BENCH)/.ready: benchmarks/requirements-bench.txt pyproject.toml
	@echo "installing the peers (a few minutes: PyTorch is large)"
	$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip --disable-pip-version-check --quiet install -r benchmarks/requirements-bench.txt
	@$(BENCH)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation -e .
	@touch $@

# Rewrites the lock files; needs uv (https-free output: hashes only, no address).
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-annotate --no-header --quiet
lock:
	$(COMPILE) pyproject.toml --group build -o requirements.lock
	$(COMPILE) pyproject.toml --group build --group dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) .venv-bench
