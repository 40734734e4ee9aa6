# make demo   trains on the embedded digits            make test   lint, types and every test
# Both make their own virtual environment; PYTHON chooses the interpreter (3.11 or newer).
# make native compiles the native engine again      make wheel  a wheel in dist/
# make web    builds the studio's page              make web-test   its checks and tests
# make screenshots  its screens, as pictures in docs/images/
# make notebook  the widgets in JupyterLab itself
# make starter trains the network that comes along again
# make stubs  its types for mypy                    make sanitize  its tests with ThreadSanitizer, AddressSanitizer

PYTHON ?= python3
BIN := .venv/bin
CPP := src/convscope/native/cpp

.PHONY: demo test native parity stubs starter wheel sanitize lint types format clean web web-test screenshots notebook

demo: .venv/installed .venv/native .venv/web
	$(BIN)/convscope train

test: lint types .venv/native .venv/browser web-test
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup

# Compiling takes a C++ compiler and Python's headers: fetched where that can be done without asking, with a C
# compiler for what is exported as C. Without
# them everything but the native engine works.
COMPILER_THERE = command -v $${CXX:-c++} >/dev/null && test -f \
	"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h"
FETCH_COMPILER = test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq >/dev/null && \
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y gcc g++ python3-dev >/dev/null

# The folder is also that of tests/test_wheel.py, so that nothing is compiled twice.
NATIVE_BUILD = build/extension-$(shell $(BIN)/python -c 'import sys; print(sys.implementation.cache_tag)')
CONFIGURE = $(BIN)/cmake -S $(CPP) -G Ninja -DPython_EXECUTABLE="$(CURDIR)/$(BIN)/python" \
	-DCMAKE_MAKE_PROGRAM="$(CURDIR)/$(BIN)/ninja" --log-level=WARNING

# `install` makes a new file where the old one was, so that a process that runs the old one is left in peace.
native: .venv/installed
	@$(COMPILER_THERE) || { $(FETCH_COMPILER); } || true
	@if $(COMPILER_THERE); then \
		$(CONFIGURE) -B $(NATIVE_BUILD) && $(BIN)/cmake --build $(NATIVE_BUILD) && \
		install -m 755 $(NATIVE_BUILD)/_native.*so src/convscope/native/; \
	else \
		echo "No C++ compiler, or no Python headers: going on without the native engine."; \
	fi

.venv/native: .venv/installed $(wildcard $(CPP)/*)
	@$(MAKE) --no-print-directory native
	@touch $@

# The studio's page takes Node. Without it everything but the page works, and `convscope studio` says how to build it.
NODE = Node 20.19 or newer
NODE_THERE = command -v npm >/dev/null && \
	node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
STATIC = src/convscope/studio/static
WEB = $(wildcard web/*.json web/*.ts web/*.js web/*.html) $(shell find web/src -type f)

web: web/node_modules/installed
	cd web && npm run --silent build
	@cp $(STATIC)/convolution.html docs/convolution.html

web-test: .venv/web
	@if $(NODE_THERE); then cd web && npm run --silent check && npm test --silent; \
	else echo "No $(NODE): going on without the tests of the studio's page."; fi

web/node_modules/installed: web/package-lock.json
	@{ $(NODE_THERE); } || { echo "The studio's page takes $(NODE) to build: https://nodejs.org."; exit 1; }
	cd web && npm ci --silent --no-audit --no-fund
	@touch $@

.venv/web: .venv/installed $(WEB)
	@if $(NODE_THERE); then $(MAKE) --no-print-directory web; \
	else echo "No $(NODE): going on without the studio's page."; fi
	@touch $@

stubs: native
	$(BIN)/python -m nanobind.stubgen -m convscope.native._native -o src/convscope/native/_native.pyi

# Seed 0 of the recipe, whatever it scores. docs/how-to.md says what is the same then.
starter: .venv/installed .venv/native
	rm -rf build/starter
	$(BIN)/convscope train --recipe starter --out build/starter
	install -m 644 build/starter/bundle.safetensors src/convscope/bundles/starter.safetensors

screenshots: .venv/web .venv/browser
	$(BIN)/python -m tests.studio.screenshots

# JupyterLab is installed by this alone. CONVSCOPE_SCREENSHOTS=FOLDER keeps what it looks like.
notebook: .venv/web .venv/browser
	$(BIN)/python -m pip install --quiet --constraint constraints.txt jupyterlab
	CONVSCOPE_NOTEBOOK=1 $(BIN)/python -m pytest -q tests/widgets/test_jupyterlab.py

wheel: .venv/installed .venv/web
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

# For GCC on Linux. Only numpy and the native engine are loaded: torch's own threads would drown what is looked
# for. Python itself is not instrumented, so the sanitizer comes by LD_PRELOAD; libstdc++ with it, or AddressSanitizer
# does not find the exceptions that it intercepts. Fixed addresses, where a container allows them, because
# ThreadSanitizer needs some to be free.
define SANITIZED
$(CONFIGURE) -B build/extension-$(2) -DCONVSCOPE_SANITIZE=$(1)
$(BIN)/cmake --build build/extension-$(2)
rm -rf build/extension-$(2)/site
mkdir build/extension-$(2)/site
cp -R src/convscope build/extension-$(2)/site/
rm -f build/extension-$(2)/site/convscope/native/_native.*so
cp build/extension-$(2)/_native.*so build/extension-$(2)/site/convscope/native/
$$(setarch -R true 2>/dev/null && echo setarch -R) env PYTHONPATH=build/extension-$(2)/site PYTHONMALLOC=malloc OPENBLAS_NUM_THREADS=1 \
	ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=halt_on_error=1 \
	LD_PRELOAD="$$($(CXX) -print-file-name=lib$(2).so) $$($(CXX) -print-file-name=libstdc++.so)" \
	$(BIN)/python tests/lanes/sanitize.py
endef

sanitize: .venv/installed
	$(call SANITIZED,thread,tsan)
	$(call SANITIZED,address,asan)

# gradients and losses of whole trainings beside PyTorch's, 100 steps, with a table
parity: .venv/installed-test .venv/native
	CONVSCOPE_LONG=1 $(BIN)/python -m pytest -q -s tests/lanes/test_parity.py

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
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[native,serve]'
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

.PHONY: bench
bench: .venv/installed .venv/web .venv/browser  # two hours; RECIPE=file.toml for the whole process
	$(BIN)/python -m pip install --quiet --constraint constraints.txt jax onnx onnxscript onnxruntime \
		opencv-python-headless
	$(BIN)/python benchmarks/lanes.py --batches 64,16,256,1024 --threads 2,1
	$(BIN)/python benchmarks/lanes.py --what forward --batches 1,64,256,1024
	$(BIN)/python benchmarks/whole_process.py $(RECIPE)
	$(BIN)/python benchmarks/ship.py --parts batches,folder,start-up
	$(BIN)/python benchmarks/ops.py
	$(BIN)/python benchmarks/studio.py
	$(BIN)/python benchmarks/tables.py

# The pages are looked at in Chromium: the system's, else fetched where that can be done without asking. Without
# one their tests are skipped.
CHROMIUM_THERE = command -v chromium || command -v chromium-browser || command -v google-chrome
FETCH_CHROMIUM = test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq >/dev/null && \
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null

.venv/browser: .venv/installed-test
	@{ $(CHROMIUM_THERE); } >/dev/null || { $(FETCH_CHROMIUM); } || $(BIN)/python -m playwright install chromium || \
		echo "No Chromium: going on without the tests of pages in a browser."
	@touch $@

clean:
	rm -f src/convscope/native/_native.*so
	rm -rf $(STATIC) docs/convolution.html web/node_modules
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
