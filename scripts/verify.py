"""Run the study again in a temporary folder, and say which files and runs differ, and why.

    python -m scripts.verify [--sample N]

The rerun is compared with results/ and with the published results, of which docs/reference/ keeps
the manifest and a few tables. With --sample, only N random blocks are trained again, and the files
in results/ are checked against their manifest. The last line is the outcome; README.md says when
the exit status is 0.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.analysis import differences
from scripts.analysis.claims import read_claims
from scripts.study.block import Block
from scripts.study.config import check
from scripts.study.errors import StudyError, reported
from scripts.study.project import copy_project
from scripts.study.schema import read_yaml
from scripts.workflow.digest import digest_of
from scripts.workflow.provenance import provenance
from scripts.workflow.receipts import path_of, sha256
from scripts.workflow.steps import study_digest, training_steps

RESULTS, REFERENCE = Path("results"), Path("docs/reference")
MANIFEST, PROVENANCE = "MANIFEST.sha256", "provenance.json"
KEPT = (MANIFEST, PROVENANCE, "summary.csv", "claims.csv", "verdicts.csv", "chaotic.csv")
PATHS = ("ATEN_CPU_CAPABILITY", "MKL_CBWR")  # choose torch's and MKL's code for other processors
SHOWN = 10  # files that are not as the manifest lists them


class VerifyError(StudyError):
    """One line: why nothing could be compared."""


def rerun(folder, *targets):
    """Run the study, or a part of it, on a copy of the project. VerifyError if that fails."""
    copy_project(folder)
    command = [sys.executable, "-m", "snakemake", "--cores", "all", *targets]
    if subprocess.run(command, cwd=folder).returncode:
        raise VerifyError("the study failed; its messages are above")


def read_manifest(folder):
    """{file: SHA-256}"""
    lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    return {name: sha for sha, _, name in (line.partition("  ") for line in lines)}


def read_provenance(folder):
    return json.loads((folder / PROVENANCE).read_text(encoding="utf-8"))


def hashes(folder, files):
    """{file: SHA-256} of the files that are there, or that the published manifest names."""
    if folder == REFERENCE:
        return read_manifest(folder)
    return {name: sha256(folder / name) for name in files if (folder / name).is_file()}


def reasons(here, there):
    """{kind: what differs, in words} of all that may change bytes."""
    kinds = {
        "code": lambda made: made["study"][:12],
        "Python": lambda made: made["python"],
        **{name: lambda made, name=name: made["packages"].get(name) for name in here["packages"]},
        "processor": processor,
    }
    return {
        kind: f"another {kind}: {of(there)} there, {of(here)} here"
        for kind, of in kinds.items()
        if of(there) != of(here)
    }


def processor(made):
    """The processor that made results and the path of code taken on it, in words."""
    chosen = [f"{name}={value}" for name, value in made["environment"].items() if name in PATHS]
    path = " ".join([*made["processor"]["instructions"], *chosen])
    return f"{made['processor']['name']} ({path})"


class Comparison:
    """Of files of a rerun, ours, with those of a folder, theirs, or with its manifest."""

    def __init__(self, ours, theirs, files, here):
        self.ours, self.theirs, self.files = ours, theirs, files
        both = [hashes(folder, files) for folder in (ours, theirs)]
        self.different = sorted(name for name in files if both[0].get(name) != both[1].get(name))
        self.alone = [name for name in self.different if not all(name in each for each in both)]
        self.runs = differences.runs_that_differ(ours, theirs, self.different)
        self.reasons = reasons(here, read_provenance(theirs))
        self.elsewhere = [kind for kind in self.reasons if kind != "processor"]  # excuse any file
        self.verdicts = {}  # {what differs, in words: the protocols whose runs decide it}
        self.chaotic = {protocol for (protocol, *_), is_chaotic in self.runs if is_chaotic}

    def tell(self):
        same = len(self.files) - len(self.different)
        print(f"{self.theirs}: {same} of {len(self.files)} files have the same bytes")
        for line in self.lines():
            print(f"    {line}")
        for words, protocols in self.verdicts.items():
            why = ", by chaotic runs" if protocols & self.chaotic else ""
            print(f"    verdict of {words}{why}")

    def lines(self):
        """Which runs and files differ, why, and how far."""
        chaotic = "a block with chaotic runs" if self.theirs == REFERENCE else "chaotic"
        for (combination, is_chaotic), seeds in self.runs.items():
            why = chaotic if is_chaotic else another(self.reasons)
            yield f"{', '.join(combination)}: {differences.in_words(seeds)}: {why}"
        if others := [name for name in self.different if not name.startswith("runs/")]:
            why = "rest on these runs" if self.runs else another(self.elsewhere)
            yield f"{', '.join(others)}: {why}"
        for name in self.alone:
            yield f"{name}: only in one of them"
        apart = differences.table_differences(self.ours, self.theirs, self.different)
        yield from (f"{name}: {words}" for name, words in apart.items())
        if self.different:
            yield from self.reasons.values() or ["the processor, versions and code are the same"]

    def wrong(self):
        """What differs and must not, in words."""
        explained = all(protocols & self.chaotic for protocols in self.verdicts.values())
        found = [] if explained else [f"verdicts differ from {self.theirs}"]
        if self.elsewhere:
            return found
        if not all(is_chaotic for _, is_chaotic in self.runs):
            why = "with no reason but another processor" if self.reasons else "for no known reason"
            found.append(f"runs that are not chaotic differ from {self.theirs}, {why}")
        if self.alone or (self.different and not self.runs):
            found.append(f"files differ from {self.theirs}, for no known reason")
        return found


def another(kinds):
    return ", ".join(f"another {kind}" for kind in kinds) or "no known reason"


def verify(folder, config):
    """The last line, and whether all is well."""
    places, here = comparable(config), provenance(config, study_digest(config), {})
    rerun(folder)
    made, claims, compared = folder / "results", read_claims(), []
    for place in places:
        files = read_manifest(made).keys() | read_manifest(place).keys()
        compared.append(Comparison(made, place, files, here))
        compared[-1].verdicts = differences.verdicts_that_differ(made, place, claims)
    return outcome(compared, "the same verdicts", "the same bytes, and so the same verdicts")


def verify_sample(folder, config, size):
    """The last line, and whether all is well, of some blocks."""
    places, here = comparable(config), provenance(config, study_digest(config), {})
    steps = list(training_steps(config))
    chosen = sorted(random.sample(steps, min(size, len(steps))))
    print(*chosen, sep="\n")
    rerun(folder, *(str(path_of(step)) for step in chosen))
    files = [path for step in chosen for path in Block.parse(step).files("runs")]
    compared = [Comparison(folder / "results", place, files, here) for place in places]
    blocks = f"{len(chosen)} of {len(steps)} blocks"
    return outcome(compared, blocks, f"{blocks} have the same bytes", check_manifest())


def comparable(config):
    """The folders of results here and of the published ones, if they are of these settings."""
    found = []
    for folder in (RESULTS, REFERENCE):
        missing = [name for name in KEPT if not (folder / name).exists()]
        if PROVENANCE in missing:
            print(f"{folder}: there are no results")
        elif read_provenance(folder)["config"] != digest_of(config):
            print(f"{folder}: the results are of other settings")
        elif missing:
            command = "report" if folder == RESULTS else "publish"
            raise VerifyError(f"{folder} has no {', '.join(missing)}; run make {command} first")
        else:
            found.append(folder)
    if not found:
        raise VerifyError("there is nothing to compare with; run make report first")
    return found


def check_manifest():
    """What is wrong with the files in results/, in words: nothing if they are as they were made."""
    if not (RESULTS / MANIFEST).exists():
        return []
    listed = read_manifest(RESULTS)
    found = hashes(RESULTS, listed)
    wrong = [name for name, sha in listed.items() if found.get(name) != sha]
    print(f"{RESULTS / MANIFEST}: {len(listed) - len(wrong)} of {len(listed)} files are as listed")
    for name in wrong[:SHOWN]:
        print(f"    {name}: {'another SHA-256' if name in found else 'missing'}")
    return [f"files in {RESULTS} are not as {MANIFEST} lists them"] if wrong else []


def outcome(compared, subject, same, wrong=()):
    """Tell what differs. The last line, and whether all is well."""
    for comparison in compared:
        comparison.tell()
    wrong = [words for comparison in compared for words in comparison.wrong()] + [*wrong]
    different = {name for comparison in compared for name in comparison.different}
    files = {name for comparison in compared for name in comparison.files}
    if wrong:
        return f"Not verified: {'; '.join(wrong)}.", False
    if not different:
        return f"Verified: {same}.", True
    if verdicts := {words for comparison in compared for words in comparison.verdicts}:
        subject = f"{len(verdicts)} verdicts differ by chaotic runs"
    if any(comparison.different and comparison.elsewhere for comparison in compared):
        return f"Verified: {subject}; other bytes, for the reasons above.", True
    counts = f"{len(different)} of {len(files)} files differ"
    return f"Verified: {subject}; {counts}, by chaotic runs alone.", True


def count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text}; allowed: a whole number, 1 or more")
    return int(text)


@reported("verify")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=count, metavar="N", help="train N random blocks only")
    sample = parser.parse_args().sample
    sys.stdout.reconfigure(line_buffering=True)  # in order with what the study prints
    config = read_yaml("config.yaml")
    check(config)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        line, well = verify_sample(folder, config, sample) if sample else verify(folder, config)
    print(line)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
