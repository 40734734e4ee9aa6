# make demo   trains on the embedded digits            make test   lint, types and every test
# Both make their own virtual environment; PYTHON chooses the interpreter (3.11 or newer).

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint types format clean

demo: .venv/installed
	$(BIN)/convscope train

test: lint types
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed-test
	$(BIN)/mypy

format: .venv/installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

.PHONY: bench
bench: .venv/installed  # two hours; RECIPE=file.toml for the whole process
	$(BIN)/python -m pip install --quiet --constraint constraints.txt jax onnx onnxscript onnxruntime
	$(BIN)/python benchmarks/lanes.py --batches 64,16,256,1024 --threads 2,1
	$(BIN)/python benchmarks/lanes.py --what forward --batches 1,64,256,1024
	$(BIN)/python benchmarks/whole_process.py $(RECIPE)
	$(BIN)/python benchmarks/tables.py

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
