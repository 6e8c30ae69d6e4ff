# Loket. `make` alone lists the words.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
CODE := bot nlu dialogs handoff storage

.DEFAULT_GOAL := help
.PHONY: rasa-if-possible model help run chat test test-long lint fmt bench bench-board bench-load bench-nlu rasa pins browser

help: ## list the words
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.made: requirements/base.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Loket needs Python 3.11 or newer: make PYTHON=/path/to/python3.11") if sys.version_info < (3, 11) else None'
	@sh requirements/venv.sh $(PYTHON) $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.made-dev: $(VENV)/.made requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

run: $(VENV)/.made ## make the environment, migrate, serve http://127.0.0.1:8080
	$(BIN)/loket migrate
	$(BIN)/loket serve

chat: $(VENV)/.made ## chat in this terminal
	@$(BIN)/loket migrate >/dev/null
	@$(BIN)/loket chat

rasa: ## make the environment of a real Rasa (.rasa-env; Python 3.10, 2.7 GB)
	@sh requirements/rasa.sh .rasa-env
	@echo "In nlu/: PYTHONPATH=.. ../.rasa-env/bin/rasa data validate | train nlu | test nlu | run --enable-api"

rasa-if-possible:
	@sh requirements/rasa.sh .rasa-env --if-possible

model: $(VENV)/.made
	@$(BIN)/python -m nlu.learning.training --if-changed --out $(or $(LOKET_TEST_CACHE),.cache/nlu)/nlu-model.npz

browser:
	@sh tests/browser.sh

test: $(VENV)/.made-dev browser rasa-if-possible model ## run the tests
	$(BIN)/python -m pytest -m "not long" -n 2 --dist loadfile

test-long: $(VENV)/.made-dev browser rasa-if-possible ## run the long tests too (300 people, 200 kills)
	$(BIN)/python -m pytest

lint: $(VENV)/.made-dev ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/.made-dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.made-dev ## measure turns per second, start-up, memory
	$(BIN)/python bench/turns.py

bench-board: $(VENV)/.made-dev ## measure the console's board with 100,000 tickets
	$(BIN)/python bench/board.py

bench-load: $(VENV)/.made-dev model ## measure people on both webhooks, on SQLite and PostgreSQL
	$(BIN)/python bench/load.py --profile

bench-nlu: $(VENV)/.made-dev rasa-if-possible ## measure the builtin engine beside a real Rasa
	$(BIN)/python bench/nlu.py

pins: $(VENV)/.made-dev ## compile requirements/*.txt anew
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --allow-unsafe -o requirements/base.txt requirements/base.in pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --allow-unsafe --extra dev -c requirements/base.txt -o requirements/dev.txt requirements/base.in pyproject.toml
