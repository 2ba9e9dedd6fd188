# make up      the product on this machine, with nothing but Python 3.11 or newer
# make test    everything that is tested, as .ci/run does
# make check   the gate before a commit: no services, no network, under a minute
# make bench   measure, side by side with a bare commit on the same database
# make faults  kill it thousands of times
# make cards   draw every card of Teams with Microsoft's renderer; needs npm and a Chromium
# make histories  play random histories of approvals by the thousand
# make mutants    break the governance in one place after another; each must be noticed
# make clean   remove what make made; your data in .baton stays

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

# The first that runs, is new enough and can make an environment. PYTHON=… decides otherwise.
# Some machines have names on the path that lead nowhere, so each is tried and not only found.
SUITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	if "$$name" -c '$(SUITS)' >/dev/null 2>&1; then echo "$$name"; break; fi; done)

.DEFAULT_GOAL := help
.PHONY: help up install test check bench faults cards histories mutants references clean

help:
	@sed -n 's/^# //p;/^$$/q' Makefile

up: $(VENV)/installed
	@echo 'Starting. Then open the address below and type:  Buy 12 laptops from the best vendor'
	@echo 'From another terminal:  $(BIN)/baton run "Buy 12 laptops from the best vendor"'
	@exec $(BIN)/baton up $(UP)

install: $(VENV)/installed

# Two at a time, whatever the machine: tests that kill and wait leave a core idle half of the time.
JOBS ?= 2

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(TESTS)

check: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(wildcard tests/unit tests/architecture)

bench: $(VENV)/installed-dev
	$(BIN)/python -m bench $(BENCH)

faults: $(VENV)/installed-dev
	BATON_FAULT_KILLS=$${BATON_FAULT_KILLS:-3000} $(BIN)/python -m pytest -o addopts=-q -s --timeout=0 tests/faults

# CARDS='--out pictures run' leaves pictures, here of the cards with "run" in their names.
cards: $(VENV)/installed-dev
	$(BIN)/python -m tests.gallery $(CARDS)

histories: $(VENV)/installed-dev
	$(BIN)/python -m tests.histories $(HISTORIES)

mutants: $(VENV)/installed-dev
	$(BIN)/python -m tests.mutants $(MUTANTS)

# The reference pages that are drawn from the code.
references: $(VENV)/installed-dev
	$(BIN)/python -m docs.generate

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache .grimp_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { \
		echo 'Baton needs Python 3.11 or newer (up to 3.14) with its venv module, and found none.' >&2; \
		echo 'Install one, or say where it is:  make up PYTHON=/path/to/python3' >&2; exit 1; }
	@"$(PYTHON)" -c '$(SUITS)' || { \
		echo '$(PYTHON) is not Python 3.11 to 3.14 with its venv module; say another: PYTHON=…' >&2; \
		exit 1; }
	@echo 'Making $(VENV) with $(PYTHON).'
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# Only what is pinned, and only with the recorded digest: see docs/adr/0011.
$(VENV)/installed: constraints.txt pyproject.toml | $(BIN)/python
	@echo 'Installing what constraints.txt pins; this is done once.'
	@$(PIP) --require-hashes -r constraints.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: constraints-dev.txt pyproject.toml | $(BIN)/python
	@echo 'Installing what constraints-dev.txt pins; this is done once.'
	@$(PIP) --require-hashes -r constraints-dev.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $(VENV)/installed $@
