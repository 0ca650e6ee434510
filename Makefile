# souk's commands. infra/local/souk.py runs them. It needs Python 3 and installs its other tools into .local/venv.
.DEFAULT_GOAL := help
.PHONY: help up down logs admin test contract proof soak mutants lives bench bench-peers bill invoke sam-local openapi arm64 deploy destroy
SOUK := @python3 infra/local/souk.py
SEEDED = $(if $(SEED),--seed $(SEED))
NARROWED = $(if $(ONLY),--only $(ONLY))

help: ## print this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 13

up: ## build, deploy into a local emulator, load a demo catalog; if it runs already, update it
	$(SOUK) up

down: ## stop the local stack
	$(SOUK) down

logs: ## follow the log of a function: make logs F=orders
	$(SOUK) logs $(or $(F),$(error name a function: make logs F=orders))

admin: ## give a registered account the role of an admin: make admin EMAIL=ada@example.com [ENV=prod]
	$(SOUK) admin '$(or $(EMAIL),$(error give an email address: make admin EMAIL=ada@example.com))' $(if $(ENV),--env $(ENV))

test: ## run all checks and tests, in a new stack: make test [SEED=4711]
	$(SOUK) test $(SEEDED)

contract: ## check the stack against its OpenAPI document with generated requests: make contract [MINUTES=3] [SEED=4711]
	$(SOUK) contract --minutes $(or $(MINUTES),3) $(SEEDED)

proof: ## run the proof only (tests/concurrency): make proof [SEED=4711] [ONLY=expiry]
	$(SOUK) proof $(SEEDED) $(NARROWED)

soak: ## run the proof for a longer time: make soak [MINUTES=30] [SEED=4711]
	$(SOUK) soak --minutes $(or $(MINUTES),30) $(SEEDED)

mutants: ## break one invariant at a time, and check that the proof notices: make mutants [ONLY=no_stock_condition]
	$(SOUK) mutants $(SEEDED) $(NARROWED)

lives: ## count what each life of an order uses, and compare it with tests/bench/lives.tsv (a part of make test)
	$(SOUK) lives

bench: ## measure sizes, starts, warm times, AWS calls and capacity, and compare them with the budgets
	$(SOUK) bench

bill: ## put the bill of an order, memory sizes and starts of the last make bench into docs/costs.md
	$(SOUK) bill

bench-peers: ## measure Vendure and Medusa beside souk, and write the table of docs/costs.md: make bench-peers [ONLY=vendure] [OPERATIONS=200]
	$(SOUK) bench-peers $(NARROWED) $(if $(OPERATIONS),--operations $(OPERATIONS))

invoke: ## invoke a function of the local stack: make invoke F=orders E=events/orders/place.json
	$(SOUK) invoke $(or $(F),$(error name a function: F=orders)) $(or $(E),$(error name an event file: E=events/orders/place.json))

sam-local: ## run functions in containers with all sample events, or with one: make sam-local [F=orders [E=events/orders/place.json]]
	$(SOUK) sam-local $(if $(E),$(or $(F),$(error name a function: F=orders)),$(F)) $(E)

openapi: ## write functions/ops/openapi.json from the types of requests and responses
	$(SOUK) openapi

arm64: ## build two functions for arm64, and check the processor of their programs
	$(SOUK) arm64

deploy: ## build for AWS and deploy: make deploy ENV=dev
	$(SOUK) deploy $(or $(ENV),$(error name an environment: ENV=dev, staging or prod))

destroy: ## delete a deployed stack with all its data: make destroy ENV=dev
	$(SOUK) destroy $(or $(ENV),$(error name an environment: ENV=dev or staging))
