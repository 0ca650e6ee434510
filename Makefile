# souk's commands. What each does is in infra/local/souk.py (Python 3; everything else it needs, it puts into .local/venv).
.DEFAULT_GOAL := help
.PHONY: help up down logs admin test proof soak mutants bench invoke deploy
SOUK := @python3 infra/local/souk.py
SEEDED = $(if $(SEED),--seed $(SEED))
NARROWED = $(if $(ONLY),--only $(ONLY))

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

up: ## build, deploy into a local emulator, load a demo catalog; again: update what changed
	$(SOUK) up

down: ## stop all of it
	$(SOUK) down

logs: ## follow a function's log: make logs F=orders
	$(SOUK) logs $(or $(F),$(error say which function: make logs F=orders))

admin: ## make somebody who has registered an admin: make admin EMAIL=ada@example.com [ENV=prod]
	$(SOUK) admin '$(or $(EMAIL),$(error say who: make admin EMAIL=ada@example.com))' $(if $(ENV),--env $(ENV))

test: ## everything there is, in a stack of its own: make test [SEED=4711]
	$(SOUK) test $(SEEDED)

proof: ## of that the proof alone (tests/concurrency): make proof [SEED=4711] [ONLY=expiry]
	$(SOUK) proof $(SEEDED) $(NARROWED)

soak: ## the proof for longer: make soak [MINUTES=30] [SEED=4711]
	$(SOUK) soak --minutes $(or $(MINUTES),30) $(SEEDED)

mutants: ## souk broken on purpose, one invariant at a time, the proof has to notice: make mutants [ONLY=no_stock_condition]
	$(SOUK) mutants $(SEEDED) $(NARROWED)

bench: ## sizes, starts, warm times, AWS calls and capacity, against the house budgets
	$(SOUK) bench

invoke: ## invoke a local function: make invoke F=orders E=events/orders/place.json
	$(SOUK) invoke $(or $(F),$(error say which function: F=orders)) $(or $(E),$(error say which event: E=events/orders/place.json))

deploy: ## build for AWS and deploy: make deploy ENV=dev
	$(SOUK) deploy $(or $(ENV),$(error say where: ENV=dev, staging or prod))
