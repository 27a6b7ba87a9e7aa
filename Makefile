# Each target is one line; the README tells what each is for.
VENV ?= .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN = $(VENV)/bin
INSTALL = $(PYTHON) requirements/install.py $(VENV) build core encoder

.PHONY: run setup setup-dev test check check-all bench lock licences clean

run: setup ; $(BIN)/matching run

setup: ; @$(INSTALL)

setup-dev: ; @$(INSTALL) dev

test: setup-dev ; $(BIN)/python -m pytest -m "not long and not faults"

lock: setup-dev ; $(BIN)/python requirements/lock.py $(if $(UPGRADE),--upgrade)

clean: ; rm -rf build dist *.egg-info .coverage* htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
