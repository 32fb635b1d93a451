SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.{14,13,12,11}; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
CORES ?= all
PORT ?= 8000
WORKERS ?= logical
# Snakemake's one wish that is not ours: the pinned .venv is the environment of every rule.
WISH := Specify a conda environment or container for each rule.:

# The .venv is the user's: made if there is none, repaired if its Python is gone or too old, never
# emptied. This is what has to be done about it first, if anything.
LINK := $(shell find .venv .venv/bin .venv/lib .venv/lib/python3* .venv/lib/python3*/site-packages \
	-prune -type l 2> /dev/null | head -1)
VENV := $(shell if [ "$(LINK)" ]; then echo linked; else \
	.venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	echo without-python; fi)
# Of what pip says, the large packages are shown, each as its download begins.
install = set -o pipefail; \
	.venv/bin/python -m pip install --disable-pip-version-check -c constraints.txt -e $(1) | \
	awk '/^ *Downloading .*\([0-9.]+ GB\)|^ *Downloading .*\([0-9][0-9]+[0-9.]* MB\)/ \
	{ n = split($$2, path, "/"); split(path[n], part, "-"); \
	print "  " part[1] " " part[2] " " $$(NF-1) " " $$NF; fflush() } \
	/^Installing collected/ { print "  unpacking …"; fflush() }'

# The user's own settings of Python, such as PYTHONOPTIMIZE, are not for the study.
unexport $(filter-out PYTHONPATH, $(filter PYTHON%, $(.VARIABLES)))

# A run that is killed leaves its lock in .snakemake/.
SNAKEMAKE = .venv/bin/python -E -m snakemake --cores $(CORES) || { status=$$?; \
	[ -z "$$(ls .snakemake/locks 2> /dev/null)" ] || echo "If no other run is at work here," \
	"a killed one has left its lock: make unlock removes it" >&2; exit $$status; }

PYTEST = .venv/bin/python -m pytest --numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder

.PHONY: report partial unlock verify publish watch diff test quick lint faults bench clean \
	linked without-python

report: .venv/installed  # the whole study, from training to results/report/
	@$(SNAKEMAKE)
	@echo "The report: results/report/report.html"

partial: .venv/installed  # the report of the runs that are there, without training
	@PARTIAL=1 $(SNAKEMAKE)
	@echo "The partial report: results/report/report.html"

unlock: .venv/installed  # after a run that was killed, as by a power cut
	@.venv/bin/python -E -m snakemake --unlock

verify: .venv/installed  # the same bytes? reruns the study, or SAMPLE blocks of it, and compares
	@.venv/bin/python -m scripts.verify $(if $(SAMPLE),--sample "$(SAMPLE)")

publish:  # keep the report, the manifest and small tables of these results, for others to read
	@"$(PYTHON)" -m scripts.publish

watch: .venv/installed  # the HTML report in a browser, updated at each edit
	@.venv/bin/python -m scripts.watch --port $(PORT)

diff: .venv/installed  # what changed since BASE, a commit or a folder of results?
	@$(if $(BASE),,echo "Say since when: make diff BASE=<commit or folder of results>" >&2; exit 2;) \
	.venv/bin/python -m scripts.compare "$(BASE)"

test: .venv/dev  # all tests, on all processors
	@$(PYTEST)

quick: .venv/dev  # the tests that take no more than a moment
	@$(PYTEST) -m "not slow"

lint: .venv/dev
	@.venv/bin/python -m ruff check --quiet .
	@.venv/bin/python -m ruff format --check --quiet .
	@.venv/bin/python -m mypy --no-error-summary
	@.venv/bin/codespell
	@.venv/bin/python -m snakefmt.snakefmt --check --compact-diff Snakefile
	@said=$$(.venv/bin/python -m snakemake --lint 2>&1); \
	[ "$$(sed -n 's/^    \* //p' <<< "$$said" | sort -u)" = "$(WISH)" ] || { echo "$$said"; exit 1; }

faults: .venv/dev  # do the tests notice planted faults, and the claims other data? (takes a while)
	@.venv/bin/python -m tests.faults
	@.venv/bin/python -m tests.faults.claims

bench: .venv/bench  # how fast is it, beside torch.nn, torch.func and JAX? (takes an hour or two)
	@for part in training shapes growth scale study; do .venv/bin/python -m bench.$$part || exit; done

clean:  # results and Snakemake's memory of them go together
	@[ ! -L results ] || { echo "make: results is a link, to $$(readlink results); make removes" \
	"nothing there. Empty that folder, or remove the link" >&2; exit 1; }
	rm -rf .snakemake
	[ ! -d results ] || find results -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

.venv/dev .venv/bench: .venv/%: .venv/installed
	@echo "Installing the packages of the extra $* into .venv (once) …"
	@$(call install,.[$*])
	@touch $@

.venv/installed: pyproject.toml constraints.txt $(VENV)
	@echo "Installing the pinned packages into .venv (once, 1.7 GB; on Linux up to 6 GB, see README) …"
	@.venv/bin/python -m pip --version > /dev/null 2>&1 || .venv/bin/python -m ensurepip > /dev/null
	@$(call install,.)
	@touch $@

linked:
	@echo "make: $(LINK) is a link, to $$(readlink $(LINK)); make installs nothing" \
	"there. Remove the link, or do without make: pip install -c constraints.txt -e . && snakemake --cores 4" >&2; exit 1

without-python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	{ echo "Python 3.11 or newer is needed; here: $$($(or $(PYTHON),python3) -V 2>&1 | tail -1)." \
	"Where another one lies: make PYTHON=/path/to/python3.11 report" >&2; exit 1; }
	@rm -f .venv/bin/python .venv/bin/python3 .venv/bin/python3.*
	@"$(PYTHON)" -m venv .venv
