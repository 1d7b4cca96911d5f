# Two commands on a machine that has Python (3.11 or newer) and make:
#   make demo    the example assistant, its tree on the terminal and its lines in the file
#   make test    the tests
# Both set up what they need, once: a virtual environment in .venv, again when pyproject.toml changes.

PYTHON ?= $(shell .ci/pythons | head -n 1)
VENV ?= .venv
RUN := $(VENV)/bin
EXAMPLES := $(CURDIR)/examples

.PHONY: help demo test test-others search stress bless check bench bench-write bench-smoke bench-viewer bench-stats \
  bench-peers clean

help:
	@sed -n 's/^#   //p' Makefile
	@echo 'more: check, test-others, search, stress, bless, bench, bench-write, bench-smoke, bench-viewer,'
	@echo '  bench-stats, bench-peers, clean'

demo: $(VENV)/.runtime
	@PATH="$(CURDIR)/$(RUN):$$PATH" EXAMPLES="$(EXAMPLES)" sh examples/demo.sh

test: $(VENV)/.dev
	$(RUN)/python -m pytest -q --numprocesses 2 --dist loadfile

test-others:  # on every other Python from 3.11 on that this machine has
	@set -e; for python in $$(.ci/pythons | tail -n +2); do \
	  version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	  echo "== Python $$version"; \
	  $(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version; \
	done

search: $(VENV)/.dev  # property tests with other examples each time, ten times as many
	SEARCH=1 $(RUN)/python -m pytest -q --numprocesses 2 --dist loadfile -m 'not stress'

stress: $(VENV)/.dev  # slow, or loads the machine
	$(RUN)/python -m pytest -q -m stress

bless: $(VENV)/.dev  # what the terminal shows now becomes what it must show; look at the difference
	BLESS=1 $(RUN)/python -m pytest -q tests/sinks tests/cli
	git diff --stat tests/golden

check: $(VENV)/.dev
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

bench: $(VENV)/.dev
	@$(RUN)/python -m pip --disable-pip-version-check install --quiet --group peers
	$(RUN)/python -m benchmarks

bench-write: $(VENV)/.dev  # the same, and its tables into docs/performance.md and README.md
	@$(RUN)/python -m pip --disable-pip-version-check install --quiet --group peers
	$(RUN)/python -m benchmarks --write

bench-smoke: $(VENV)/.runtime  # fails if a span has become twice as dear; half a minute
	$(RUN)/python -m benchmarks.smoke

bench-viewer: $(VENV)/.dev
	@$(RUN)/python -m pip --disable-pip-version-check install --quiet --group peers
	$(RUN)/python -m benchmarks.viewer

bench-stats: $(VENV)/.dev
	@$(RUN)/python -m pip --disable-pip-version-check install --quiet --group peers
	$(RUN)/python -m benchmarks.stats

bench-peers: $(VENV)/.dev
	@$(RUN)/python -m pip --disable-pip-version-check install --quiet --group peers
	$(RUN)/python -m benchmarks.context_peers

clean:
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist

$(VENV)/.runtime: pyproject.toml
	@test -n "$(PYTHON)" || { echo 'make: no Python 3.11 or newer on the PATH; name one: make demo PYTHON=/path/to/python' >&2; exit 1; }
	@echo 'setting up $(VENV) (once)'
	@$(PYTHON) -m venv $(VENV)
	@$(RUN)/python -m pip --disable-pip-version-check install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@$(RUN)/python -m pip --disable-pip-version-check install --quiet --upgrade 'pip>=25.1'
	@$(RUN)/python -m pip --disable-pip-version-check install --quiet --group dev
	@touch $@
