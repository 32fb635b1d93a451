SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.{14,13,12,11}; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
CORES ?= all
PORT ?= 8000
# Snakemake's one wish that is not ours: the pinned .venv is the environment of every rule.
WISH := Specify a conda environment or container for each rule.:

.PHONY: report partial verify publish watch diff test lint mutate bench clean

report: .venv/installed  # the whole study, from training to results/report/
	@.venv/bin/python -m snakemake --cores $(CORES)

partial: .venv/installed  # the report of the runs that are there, without training
	@PARTIAL=1 .venv/bin/python -m snakemake --cores $(CORES)

verify: .venv/installed  # the same bytes? reruns the study, or SAMPLE blocks of it, and compares
	@.venv/bin/python -m scripts.verify $(if $(SAMPLE),--sample "$(SAMPLE)")

publish:  # keep the manifest and the verdicts of these results, for others to compare theirs with
	@cp $(addprefix results/, MANIFEST.sha256 claims.csv provenance.json) docs/reference/

watch: .venv/installed  # the HTML report in a browser, anew at each edit
	@.venv/bin/python -m scripts.watch --port $(PORT)

diff: .venv/installed  # what changed since BASE, a commit or a folder of results?
	@$(if $(BASE),,echo "Say since when: make diff BASE=<commit or folder of results>" >&2; exit 2;) \
	.venv/bin/python -m scripts.compare "$(BASE)"

test: .venv/installed
	@.venv/bin/python -m pytest

lint: .venv/installed
	@.venv/bin/python -m ruff check --quiet .
	@.venv/bin/python -m ruff format --check --quiet .
	@.venv/bin/python -m snakefmt.snakefmt --check --compact-diff Snakefile
	@said=$$(.venv/bin/python -m snakemake --lint 2>&1); \
	[ "$$(sed -n 's/^    \* //p' <<< "$$said" | sort -u)" = "$(WISH)" ] || { echo "$$said"; exit 1; }

mutate: .venv/installed  # do the claims notice when the data changes?
	@.venv/bin/python -m scripts.mutate

bench: .venv/bench  # how fast is it, beside torch.nn, torch.func and JAX? (takes half an hour)
	@for part in training growth scale study; do .venv/bin/python -m bench.$$part || exit; done

clean:  # results and Snakemake's memory of them go together
	rm -rf .snakemake $(filter-out results/README.md, $(wildcard results/*))

.venv/bench: .venv/installed
	@.venv/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e .[bench]
	@touch $@

.venv/installed: pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	{ echo "Python 3.11 or newer is needed; here: $$($(or $(PYTHON),python3) -V 2>&1 | tail -1)." \
	"Where another one lies: make PYTHON=/path/to/python3.11 report" >&2; exit 1; }
	@echo "Installing the pinned packages into .venv (once) …"
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@
