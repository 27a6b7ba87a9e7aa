# Each target is one line; the README tells what each is for.
VENV ?= .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN = $(VENV)/bin
INSTALL = @$(PYTHON) requirements/install.py $(VENV) build core encoder
DEBIAN_TESTS ?= tests
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: run setup setup-dev test coverage test-debian check check-all lint types contracts unused licences bench lock clean

run: setup ; $(BIN)/matching run

test: setup-dev ; $(PYTEST) -m "not long and not faults"

coverage: setup-dev ; $(PYTEST) -m "not long and not faults" --cov

test-debian: setup-dev ; $(BIN)/python -m tests.debian $(PYTEST) $(DEBIAN_TESTS) -m "both and not long and not faults" -k postgresql-celery

check: lint types contracts unused coverage

check-all: lint types contracts unused test-debian ; $(PYTEST) --cov

bench: setup-dev ; $(BIN)/python -m bench

setup: ; $(INSTALL)

setup-dev: ; $(INSTALL) dev

lint: setup-dev ; $(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup-dev ; $(BIN)/mypy

contracts: setup-dev ; $(BIN)/lint-imports --no-logo

unused: setup-dev ; $(BIN)/deptry .

licences: setup-dev ; $(BIN)/pip-licenses --from=mixed --order=license --with-urls

lock: setup-dev ; $(BIN)/python requirements/lock.py $(if $(UPGRADE),--upgrade)

clean: ; rm -rf build dist *.egg-info .coverage* htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
