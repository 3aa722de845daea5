# Two commands for a fresh machine with Python >= 3.11, git and make:  make demo,  make test
PYTHON ?= python3
# One BLAS thread: the matrices are small, and the work is spread over processes.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test verify bench install lint clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ionscape needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

install: $(VENV)/installed

demo: install
	$(BIN)/ionscape run examples/thiophosphate_pellet/study.yaml -o results/thiophosphate_pellet
	$(BIN)/ionscape run examples/ceramic_pellet/study.yaml -o results/ceramic_pellet
	$(BIN)/ionscape run examples/llto/study.yaml -o results/llto
	$(BIN)/ionscape run examples/lithium_borate/study.yaml -o results/lithium_borate

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest

# Long statistical proofs; their latest figures stand in docs/verification.md.
verify: install
	$(BIN)/python -m pytest -m verify
	$(BIN)/python verify/impedance_coverage.py
	$(BIN)/python verify/tracer_profile_coverage.py
	$(BIN)/python verify/tracer_storage_coverage.py
	$(BIN)/python verify/tracer_boundary_coverage.py
	$(BIN)/python verify/tracer_image_coverage.py
	$(BIN)/python verify/nmr_coverage.py
	$(BIN)/python verify/haven_ratio_coverage.py
	$(BIN)/python verify/replacement_profile_coverage.py
	$(BIN)/python verify/replacement_model_free_coverage.py
	$(BIN)/python verify/replacement_coverage.py --draws 0 --only single
	$(BIN)/python benchmarks/impedance_robustness.py

# Ratios to the named peers, in one run.
bench: install
	$(BIN)/python -m pip install --quiet -e '.[bench]'
	$(BIN)/python -m benchmarks.impedance_fit_speed
	$(BIN)/python benchmarks/impedance_validity_speed.py
	$(BIN)/python benchmarks/study_1000_spectra.py
	$(BIN)/python -m benchmarks.tracer_image_speed
	$(BIN)/python -m benchmarks.replacement
	$(BIN)/python -m benchmarks.replacement_full

clean:
	rm -rf $(VENV) results .pytest_cache .mypy_cache .ruff_cache .hypothesis
