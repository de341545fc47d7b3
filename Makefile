# `make` alone lists the targets. Each sets up what it needs: Python, make and git are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-package safepassage
# What pip says of a wheel that is missing does not say what would help.
TRIED := Tried are Python 3.11 to 3.15; CONTRIBUTING.md says on which machines. Another of yours: VENV=.venv-3.14 PYTHON=python3.14
# Kills the server's own processes, so that no other test can use that server meanwhile.
KILLING := tests/audit/test_postgres_killed.py tests/gateway/oauth/test_proofs_and_crashes.py
# What needs no server and no minute of its own. Three suites of it have targets of their own, so that `make test` ends within six minutes.
AT_ONCE := not postgres and not containers and not slow and not long and not fuzz and not faults and not keys and not scanner and not pdf and not npm and not browser
PAGES := tests/gateway/console tests/gateway/family
EXCHANGE := tests/records/exchange
DOOR := tests/gateway/door tests/gateway/oauth tests/gateway/people tests/gateway/registration tests/isolation tests/security

# Modules are compiled once, not by each of the hundreds of processes that tests start, wherever a machine's environment says otherwise.
unexport PYTHONDONTWRITEBYTECODE
# A store syncs at each commit, and tests would wait for the disk half their time; what a disk keeps is asked by `make test-faults` alone.
MEMORY := $(shell findmnt -bnro AVAIL,OPTIONS /dev/shm 2>/dev/null | awk '$$1 > 4e9 && $$2 !~ /noexec/ { print "/dev/shm"; exit }')
ifneq ($(MEMORY),)
test test-pages test-door test-exchange test-postgres test-policies test-fuzz test-keys test-oauth test-browser test-stories test-timing: export TMPDIR := $(MEMORY)
endif

.DEFAULT_GOAL := help
.PHONY: help demo up test test-python test-pages test-door test-exchange test-postgres test-scanner test-pdf test-browser gallery test-stories test-timing test-containers test-policies test-fuzz test-faults test-keys test-oauth test-long check format bench match-report match-model race soak documents policies lock

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(VENV)/.node: requirements.lock pyproject.toml sdk/python/pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here: install Python 3.11 or later, or name one: PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit("Safe Passage needs Python 3.11 or later; set PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "Installing pinned dependencies into $(VENV) (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock || { echo "$(TRIED)" >&2; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e sdk/python -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.node requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock || { echo "$(TRIED)" >&2; exit 1; }
	@touch $@

demo: $(VENV)/.node ## two states exchange a child's record, step by step; ONCE=1 ends after the story
	@$(BIN)/safepassage-node demo $(if $(ONCE),--once)

up: $(VENV)/.node ## one embedded node on this machine, made on the first call; insecure development, for your own try-outs
	@test -f var/node/node.json || $(BIN)/safepassage-node new var/node --name "Department of Education" --state XA --insecure-development
	@$(BIN)/safepassage-node up var/node

test: $(VENV)/.dev ## what a change must pass: everything that needs no server but the three suites below
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "$(AT_ONCE)" $(addprefix --ignore ,$(PAGES) $(EXCHANGE) $(DOOR)) $(ARGS)

test-python: ## the same on another Python, in an environment of its own: PYTHON=python3.14
	@$(MAKE) --no-print-directory test VENV=.venv-$(notdir $(PYTHON))

test-pages: $(VENV)/.dev ## the console's and the family's pages, role by role, word by word
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "$(AT_ONCE)" $(PAGES) $(ARGS)

test-door: $(VENV)/.dev ## the only way in: tokens, registrations, sign-in, limits, what is forwarded, what is refused, what is another's
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "$(AT_ONCE)" $(DOOR) $(ARGS)

test-exchange: $(VENV)/.dev ## two nodes exchange: each state, refusal and failure, and what each leaves behind
	@$(BIN)/python -m pytest -n 3 --dist loadfile -m "$(AT_ONCE)" $(EXCHANGE) $(ARGS)

# Processes start, are killed and wait for real seconds in these two: a third worker has the cores meanwhile.
test-postgres: $(VENV)/.dev ## the tests that need PostgreSQL, on a private cluster started for them
	@tests/postgres/with-cluster $(BIN)/python -m pytest -n 3 --dist worksteal -m "postgres and not faults and not long" $(ARGS)

test-browser: $(VENV)/.dev ## the pages of developers and of people in a real browser, and axe-core over them (needs Chromium)
	@PATH="$(abspath $(BIN)):$$PATH" tests/npm/with-node $(BIN)/python -m pytest -n 3 --dist worksteal tests/gateway -m browser $(ARGS)

gallery: $(VENV)/.dev ## a picture of every page of the console, in build/gallery, to be looked at (needs Chromium)
	@$(BIN)/python -m tests.gateway.console.gallery build/gallery

test-faults: $(VENV)/.dev ## every system call on the log's store fails, kills, or loses its power; PostgreSQL's processes die, its power is cut, its disks are full; each check of the verifier is left out
	@tests/postgres/with-cluster --durable tests/audit/with-strace $(BIN)/python -m pytest -n 2 -m faults tests/audit tests/sdk/verifier tests/gateway/oauth $(addprefix --ignore ,$(KILLING)) $(ARGS)
	@tests/postgres/with-cluster --durable $(BIN)/python -m pytest -m faults $(KILLING) $(ARGS)

test-stories: $(VENV)/.dev ## the Ed-Fi sample district, the tutorial as a reader types it, kill -9 at each step of an exchange, nodes that witness
	@$(BIN)/python -m pytest -n 3 --dist worksteal tests/stories tests/tutorial tests/records/exchange/test_kill_points.py tests/records/exchange/test_wire_canaries.py tests/records/exchange/test_large_package_kills.py tests/records/exchange/test_chains.py tests/records/exchange/test_three_states.py tests/records/exchange/test_suites.py tests/records/exchange/test_any_order.py tests/records/exchange/test_nobody.py tests/records/exchange/test_findings.py tests/node/test_console.py tests/gateway/door tests/gateway/console/test_every_table.py tests/gateway/console/test_times_have_zones.py tests/isolation/test_work.py tests/isolation/test_store_work.py tests/isolation/test_time_of_all.py tests/audit -m "slow and not postgres" $(ARGS)

test-timing: $(VENV)/.dev ## how long what is foreign takes to be refused, in CPU time, operation by operation and by pairs
	@$(BIN)/python -m pytest -n 2 --dist worksteal tests/isolation/test_timing.py -m "slow and not postgres" $(ARGS)

test-long: $(VENV)/.dev ## what takes longer than a change can wait: 500 answer times told apart by nothing, fifty disorders, one of each two processes dies, another maker's witness, a verifier that is known to be bad (with Go)
	@tests/postgres/with-cluster $(BIN)/python -m pytest tests/records/exchange/test_any_order.py tests/records/exchange/test_nobody.py tests/stories/test_two_of_each.py \
		-m long $(ARGS)
	@tests/audit/with-other-makers $(BIN)/python -m pytest tests/audit/test_another_makers_witness.py tests/audit/test_another_makers_log.py tests/sdk/verifier/test_known_bad_reader.py -m long $(ARGS)

test-containers: $(VENV)/.dev ## build the image and run the story against docker-compose.yml
	@tests/containers/run $(ARGS)

test-policies: $(VENV)/.dev ## the rules: proofs over every request, every rule changed in every way, Cedar itself at length
	@$(BIN)/python -m pytest -n 2 tests/privacy -m "slow and not postgres" $(ARGS)

test-fuzz: $(VENV)/.dev ## every service against its OpenAPI document, with good and bad requests (schemathesis)
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(shell grep -rlw fuzz tests --include='test_*.py') -m "fuzz and not postgres" $(ARGS)

test-keys: $(VENV)/.dev ## the key providers: SoftHSM, OpenBao and a KMS on this machine (installs what is missing); ALL=1: none may be missing
	@PATH="$(abspath $(BIN)):$$PATH" tests/keys/with-providers $(if $(ALL),--all) $(BIN)/python -m pytest tests/keys -m keys $(ARGS)

test-pdf: $(VENV)/.dev ## veraPDF reads what is printed for a family: PDF/UA-1 (needs Java and Maven)
	@tests/pdf/with-verapdf $(BIN)/python -m pytest tests/audit -m pdf $(ARGS)

test-scanner: $(VENV)/.dev ## a real ClamAV daemon with one signature of our own (installs it where it is missing)
	@tests/scanner/with-clamd $(BIN)/python -m pytest tests/records/attachments -m scanner $(ARGS)

test-oauth: $(VENV)/.dev ## openid-client, oauth4webapi, oidc-provider, other makers' verifiers of credentials and another maker's node against ours (installs Node.js where it is missing)
	@PATH="$(abspath $(BIN)):$$PATH" tests/npm/with-node $(BIN)/python -m pytest tests/npm -m npm $(ARGS)

check: $(VENV)/.dev ## formatting, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## measure; docs/performance.md says what each figure means
	@$(BIN)/python -m bench $(ARGS)

match-report: $(VENV)/.dev ## measure how well children are told apart, and draw it; docs/matching.md says what each figure means
	@$(BIN)/python -m bench.matching.report

match-model: $(VENV)/.dev ## train the matching model again and find its thresholds (three minutes)
	@$(BIN)/python -m bench.matching.training

race: $(VENV)/.dev ## 100,000 decisions race revocations on PostgreSQL, and none may be stale (about half an hour)
	@tests/postgres/with-cluster --durable $(BIN)/python -m bench.races $(ARGS)

soak: $(VENV)/.dev ## 100,000 messages between nodes that are killed, over a bad line, and an exact account; MESSAGES=, STORE=sqlite, SEED=
	@$(if $(filter sqlite,$(STORE)),,tests/postgres/with-cluster) $(BIN)/python -m tests.soak --messages $(or $(MESSAGES),100000) \
		--store $(or $(STORE),postgresql) $(if $(SEED),--seed $(SEED)) $(ARGS)

documents: $(VENV)/.dev ## write openapi/, docs/settings.md and docs/requirements.md again from the code
	@$(BIN)/python -m node.documents && $(BIN)/python -m tests.house.requirements

policies: $(VENV)/.dev ## parse the Cedar packs again into what the service compiles, and write docs/law.md and the table of cases
	@$(BIN)/python -m services.privacy.policy.pack && $(BIN)/python -m services.privacy.policy.law_document
	@$(BIN)/python -m tests.privacy.built_in_cases

lock: ## resolve the dependencies again (needs uv)
	$(UV_COMPILE) --group pyproject.toml:build pyproject.toml -o requirements.lock
	$(UV_COMPILE) --group pyproject.toml:dev -c requirements.lock pyproject.toml -o requirements-dev.lock
