# Deux commandes suffisent : `make diagnostic` et `make test`. Elles installent ce qui manque.
SHELL := /bin/bash
PY ?= python3
CODE ?= 40
VERS ?= sorties/diagnostic-$(CODE)
UV := .venv/bin/uv
RUN := .venv/bin

.PHONY: diagnostic test lint epreuve bench docs installer navigateur nettoyer

installer: .venv/.pret

.venv/.pret: pyproject.toml uv.lock
	@bash outils/installer.sh "$(PY)"
	@touch $@

diagnostic: installer
	@$(RUN)/solidiag diagnostic $(CODE) --vers $(VERS)

navigateur:
	@bash outils/navigateur.sh

lint: installer
	@$(RUN)/ruff check src tests benchmarks
	@$(RUN)/ruff format --check src tests benchmarks
	@$(RUN)/mypy
	@$(RUN)/lint-imports

test: installer navigateur lint
	@$(RUN)/pytest -q -n 2 --dist loadgroup -m "not epreuve"

epreuve: installer navigateur
	@$(RUN)/pytest -q -m epreuve
	@$(RUN)/pytest -q -n 2 -m "not epreuve" --hypothesis-profile hasard tests/property tests/unit/rendus

bench: installer
	@$(UV) sync --frozen --inexact --group bench --quiet
	@$(RUN)/python benchmarks/mesurer.py

docs: installer
	@$(RUN)/python -m solidiag.pipeline.documentation docs

nettoyer:
	rm -rf sorties .mypy_cache .ruff_cache .pytest_cache dist build
