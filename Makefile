# make run     build what is missing and serve
# make test    everything that continuous integration runs
# make demo    serve with sample citizens, a sandbox of push services and sample alerts
# make prove   the tests again, optimised, with many more random cases and a million places that shapely and PostGIS are
#              asked for too, and ten CPU-minutes of fuzzing a target
# make bench   all benches, and other engines side by side on the same documents (docs/PERFORMANCE.md)
# make audit   licences, sources, duplicates and unused dependencies
# Each target installs what it needs and the machine lacks (scripts/setup).

.DELETE_ON_ERROR:
.PHONY: run build test demo prove bench audit setup client lint fmt check-client
SHELL := /bin/bash

TARGET := $(or $(CARGO_TARGET_DIR),target)
CLIENT := src/web/client
CLIENT_SOURCES := $(shell find $(CLIENT) -type f -not -path '$(CLIENT)/dist/*' 2>/dev/null)
# The stamp stands for the built client; without the folder it stands for nothing.
ifeq ($(wildcard $(CLIENT)/dist/*),)
.PHONY: $(TARGET)/make/client
endif
ifeq ($(wildcard node_modules/*),)
.PHONY: $(TARGET)/make/npm
endif

TIMED := proofs::flood proofs::table

# Test tools: Python's packages live in target/python, Node's in node_modules, also for scripts outside this folder.
TEST_ENVIRONMENT := PATH="$(CURDIR)/target/python/bin:$$PATH" NODE_PATH="$(CURDIR)/node_modules"

run: build
	@exec $(TARGET)/release/beffroi serve

demo: build
	@exec node scripts/demo.mjs $(TARGET)/release/beffroi

build: client
	@scripts/setup build
	cargo build --release --locked

test: lint
	@scripts/setup database browser python xml
	$(TEST_ENVIRONMENT) scripts/with-postgres cargo test --locked
	$(TEST_ENVIRONMENT) npm test

prove: client
	@scripts/setup build database browser python xml fuzz
	BEFFROI_PROVE=1 PROPTEST_CASES=20000 $(TEST_ENVIRONMENT) scripts/with-postgres cargo test --profile prove --locked -- \
		$(addprefix --skip ,$(TIMED))
	@# Their figures are asserted, so nothing else runs beside them.
	BEFFROI_PROVE=1 $(TEST_ENVIRONMENT) scripts/with-postgres cargo test --profile prove --locked --test it -- $(TIMED) \
		--test-threads=1
	scripts/fuzz 600

bench: client $(TARGET)/make/npm
	@scripts/setup build database python
	cargo bench --locked --bench parse
	cargo bench --locked --bench hostile
	$(TEST_ENVIRONMENT) scripts/bench/cap.py
	cargo bench --locked --bench geofence
	$(TEST_ENVIRONMENT) scripts/with-postgres scripts/bench/geofence.py
	cargo bench --locked --bench push_transport
	cargo build --release --locked
	$(TEST_ENVIRONMENT) scripts/bench/push.py

lint: client
	@scripts/setup build lint
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	npm run --silent check

fmt:
	cargo fmt

setup:
	@scripts/setup build lint database browser python xml

audit:
	@scripts/setup build
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny
	@cargo machete --version >/dev/null 2>&1 || cargo install --locked cargo-machete
	cargo deny check licenses bans sources
	cargo machete

client: $(TARGET)/make/client

$(TARGET)/make/client: $(TARGET)/make/npm $(CLIENT_SOURCES)
	npm run --silent build
	@# The files are taken into the binary when this source is compiled.
	@touch src/web/assets.rs
	@touch $@

$(TARGET)/make/npm: package.json package-lock.json
	@scripts/setup build
	npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D)
	@touch $@
