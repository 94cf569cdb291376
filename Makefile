# Fairlane: every command a person or CI needs. `make` alone lists them.
# Each target first brings what it needs into .venv and .tools (scripts/setup.sh), so nothing has to be set up by hand.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Byte code is worth a second on every command here; SAM needs a region even to validate, and no telemetry.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV
export SAM_CLI_TELEMETRY := 0
export PYTHON

# Options:  make demo KEEP=1   make test ARGS="-k gateway"   make up ON=localstack   make up PORT=4600   make up STATE=/tmp/one
KEEP ?=
ARGS ?=
PORT ?=
STATE ?=
ON ?=

bin := .venv/bin
setup := scripts/setup.sh
stack_options = $(if $(STATE),--state-dir "$(STATE)")
step = @printf '\033[1m== %s\033[0m\n' "$(1)"

.PHONY: help setup up down status demo bench build test check lint types unit e2e test-localstack lock clean distclean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile
	@echo '  options: KEEP=1 (demo), ARGS="..." (pytest, bench), ON=localstack and PORT= (up), STATE= (up, down, status), PYTHON='

setup: ## bring uv, the locked packages, SAM CLI and the emulator into the checkout
	@$(setup)

up: ## start the local emulator, build, deploy; writes .fairlane/local.json
	@$(setup)
	@$(bin)/fairlane up $(stack_options) $(if $(ON),--on $(ON)) $(if $(PORT),--port $(PORT))

down: ## stop the local emulator and what it runs
	@$(setup) dev
	@$(bin)/fairlane down $(stack_options)

status: ## what of the local stack is up
	@$(setup) dev
	@$(bin)/fairlane status $(stack_options)

demo: ## three tenants and real work on the local stack; KEEP=1 leaves it up
	@$(setup)
	@$(bin)/fairlane demo $(if $(KEEP),--keep)

bench: ## what tenants wait beside a noisy neighbour; ARGS="--quick", "--isolation pooled", "--help"
	@$(setup)
	@PYTHONPATH=scripts $(bin)/python -m bench noisy $(ARGS)

scale: ## what a task costs beside 1,000 tenants, behind 100,000 tasks, and under every limit; ARGS="--tenants 100"
	@$(setup) dev
	@PYTHONPATH=functions:scripts:. $(bin)/python -m tests.scale $(ARGS)

build: ## package the functions for AWS (sam build, into .aws-sam/)
	@$(setup) uv sam
	@.tools/sam/bin/sam build

test: check ## everything: the checks, then unit, moto, simulation and e2e tests
	$(call step,pytest)
	@$(bin)/pytest $(ARGS)

check: lint types ## all checks that run no tests

lint: ## ruff, import contracts, cfn-lint, sam validate
	@$(setup)
	$(call step,ruff)
	@$(bin)/ruff check --quiet
	@$(bin)/ruff format --check --quiet || { echo 'not formatted; run: $(bin)/ruff format'; exit 1; }
	$(call step,import contracts)
	@PYTHONPATH=functions:scripts $(bin)/lint-imports --no-cache >.tools/imports.log || { cat .tools/imports.log; exit 1; }
	$(call step,template)
	@$(bin)/cfn-lint template.yaml infra/*.yaml
	@AWS_DEFAULT_REGION=us-east-1 .tools/sam/bin/sam validate --lint --template template.yaml >.tools/validate.log 2>&1 \
		|| { cat .tools/validate.log; exit 1; }

types: ## mypy, strict
	@$(setup) dev
	$(call step,mypy)
	@$(bin)/mypy

unit: ## the tests that need no stack
	@$(setup)
	@$(bin)/pytest -m 'not e2e' $(ARGS)

e2e: ## the tests against the deployed stack
	@$(setup)
	@$(bin)/pytest tests/e2e $(ARGS)

test-localstack: ## the tests against the stack on LocalStack (a process where there is no Docker)
	@$(setup)
	@FAIRLANE_E2E_ON=localstack $(bin)/pytest tests/e2e $(ARGS)

lock: ## after editing dependencies: lock them, export requirements.txt of the packages
	@$(setup) uv
	@scripts/lock.sh

clean: ## remove build output and caches (make down first)
	@rm -rf .aws-sam build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find functions scripts samples tests -name __pycache__ -prune -exec rm -rf {} +

distclean: down clean ## also remove the environments and the local stack's state
	@rm -rf .venv .tools .fairlane
