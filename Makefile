# `make` alone says what there is. Settings pass as variables: make run PORT=9000
.DEFAULT_GOAL := help
GATEWAY := .venv-gateway/bin/python
BRAIN := .venv/bin/python
export RASA_TELEMETRY_ENABLED := false
.EXPORT_ALL_VARIABLES:

.PHONY: help run train check test proof evaluate bench lint system-deps clean environments test-environments

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

environments:
	@scripts/environment gateway
	@scripts/environment brain

test-environments:
	@scripts/environment gateway test
	@scripts/environment brain test

run: environments  ## install, train if needed, start everything, print the address
	@exec $(GATEWAY) -m bot run

train: environments  ## train the model if the data changed
	@$(GATEWAY) -m bot train

check: environments  ## check answers, figures, numbers and training sentences (STRICT=1: nothing expired)
	@$(GATEWAY) -m bot check

test: test-environments  ## everything this machine can test in under 20 minutes; says what it skipped
	@scripts/test

proof: test-environments  ## the long tests: kills, load
	@scripts/test long

evaluate: test-environments  ## how well it understands, measured (PEERS=1: beside three peers; PEERS=all: DIET on our data too, half an hour)
	@$(GATEWAY) -m bot train
	@$(if $(PEERS),$(BRAIN) -W ignore -m benchmarks.evaluate.peers $(filter all,$(PEERS)))
	@$(BRAIN) -W ignore -m benchmarks.evaluate $(EVALUATE)

bench: test-environments  ## how many people at once, beside Rasa alone and the peers (BENCH="--only ours", "--soak", "--long", "--help")
	@$(GATEWAY) -m bot train
	@$(GATEWAY) -m benchmarks.load $(BENCH)

lint: test-environments  ## ruff, mypy, import contracts
	@.venv-gateway/bin/ruff check .
	@.venv-gateway/bin/ruff format --check .
	@.venv-gateway/bin/mypy
	@.venv-gateway/bin/lint-imports

system-deps:  ## Debian, as root: what the tests use besides Python
	@scripts/system-deps

clean:  ## remove the environments, the models and what tests left behind
	rm -rf .venv .venv-gateway .tools .rasa models results .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
