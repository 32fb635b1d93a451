"""Run the study again in a temporary folder, and say which files and runs differ, and why.

    python -m scripts.verify [--sample N]

The rerun is compared with results/ and with the published results, of which docs/reference/ keeps
the manifest and a few tables. With --sample, only N random blocks are trained again, and the files
in results/ are checked against their manifest. The last line is the outcome; docs/results.md says
when the exit status is 0.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from scripts.analysis import differences
from scripts.analysis.claims import read_claims
from scripts.publish import REFERENCE, RESULTS
from scripts.study.block import TABLES, Block
from scripts.study.config import check
from scripts.study.errors import StudyError, reported
from scripts.study.project import copy_project
from scripts.study.schema import read_checked
from scripts.workflow.digest import digest_of
from scripts.workflow.provenance import provenance
from scripts.workflow.receipts import path_of, sha256
from scripts.workflow.steps import study_digest, training_steps

MANIFEST = "MANIFEST.sha256"
PROVENANCE = "provenance.json"
NEEDED = (MANIFEST, PROVENANCE, "summary.csv", "claims.csv", "verdicts.csv", "chaotic.csv")
# The variables by which torch and MKL take the code for other processors.
PATHS = ("ATEN_CPU_CAPABILITY", "MKL_CBWR")
SHOWN = 10  # files that are not as the manifest lists them


def rerun(folder: Path, *targets: str) -> None:
    """Run the study, or a part of it, on a copy of the project. StudyError if that fails."""
    copy_project(folder)
    command = [sys.executable, "-m", "snakemake", "--cores", "all", *targets]
    if subprocess.run(command, cwd=folder).returncode:
        raise StudyError("the study failed; its messages are above")


def read_manifest(folder: Path) -> dict[str, str]:
    """Return {file: SHA-256} of a folder's manifest."""
    files = {}
    for line in (folder / MANIFEST).read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        files[name] = digest
    return files


def read_provenance(folder: Path) -> dict:
    """Return what a folder says of where its results come from. StudyError if it is not JSON."""
    path = folder / PROVENANCE
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StudyError(f"{path}: this is not valid JSON: {error}") from None


def hashes(folder: Path, files: Iterable[str]) -> dict[str, str]:
    """Return {file: SHA-256} of those of the files that a folder has.

    The published results are known by their manifest alone, of which all files are returned.
    """
    if folder == REFERENCE:
        return read_manifest(folder)
    return {name: sha256(folder / name) for name in files if (folder / name).is_file()}


def reasons(here: dict, there: dict) -> dict[str, str]:
    """Return {kind: what differs, in words} of all that may change bytes between two provenances.

    The kinds are the code, Python, each package that is used here, and the processor.
    """
    ours, theirs = (_conditions(origin, here["packages"]) for origin in (here, there))
    return {
        kind: f"another {kind}: {theirs[kind]} there, {ours[kind]} here"
        for kind in ours
        if theirs[kind] != ours[kind]
    }


def _conditions(origin: dict, packages: Iterable[str]) -> dict[str, str | None]:
    return {
        "code": origin["study"][:12],
        "Python": origin["python"],
        **{package: origin["packages"].get(package) for package in packages},
        "processor": processor(origin),
    }


def processor(origin: dict) -> str:
    """Return the processor that made results, and the path of code taken on it, in words."""
    chosen = [f"{name}={value}" for name, value in origin["environment"].items() if name in PATHS]
    path = " ".join(origin["processor"]["instructions"] + chosen)
    return f"{origin['processor']['name']} ({path})"


class Comparison:
    """A comparison of files of a rerun, ours, with those of a folder or its manifest, theirs.

    different  the files that differ
    alone      those of them that only one of the two has
    runs       {(combination, whether chaotic): seeds} of the runs that differ
    reasons    {kind: what may have changed bytes, in words}
    excuses    the kinds of reasons that excuse any file: all but another processor
    verdicts   {what differs, in words: the protocols whose runs decide it}; the caller sets it
    chaotic    the protocols of the chaotic runs that differ
    """

    def __init__(self, ours: Path, theirs: Path, files: Collection[str], here: dict) -> None:
        self.ours, self.theirs, self.files = ours, theirs, files
        our_hashes, their_hashes = hashes(ours, files), hashes(theirs, files)
        self.different = sorted(
            name for name in files if our_hashes.get(name) != their_hashes.get(name)
        )
        in_both = our_hashes.keys() & their_hashes.keys()
        self.alone = [name for name in self.different if name not in in_both]
        self.runs = differences.runs_that_differ(ours, theirs, self.different)
        self.reasons = reasons(here, read_provenance(theirs))
        self.excuses = [kind for kind in self.reasons if kind != "processor"]
        self.verdicts: dict[str, set[str]] = {}
        self.chaotic = {protocol for (protocol, *_), is_chaotic in self.runs if is_chaotic}

    def show(self) -> None:
        """Print what differs, and why."""
        same = len(self.files) - len(self.different)
        print(f"{self.theirs}: {same} of {len(self.files)} files have the same bytes")
        for line in self.lines():
            print(f"    {line}")
        for words, protocols in self.verdicts.items():
            why = ", by chaotic runs" if protocols & self.chaotic else ""
            print(f"    verdict of {words}{why}")

    def lines(self) -> Iterator[str]:
        """Yield a line for each thing that differs: runs, files, tables, and the reasons."""
        chaotic = "a block with chaotic runs" if self.theirs == REFERENCE else "chaotic"
        for (combination, is_chaotic), seeds in self.runs.items():
            why = chaotic if is_chaotic else another(self.reasons)
            yield f"{', '.join(combination)}: {differences.in_words(seeds)}: {why}"
        others = [name for name in self.different if not name.startswith("runs/")]
        if others:
            why = "rest on these runs" if self.runs else another(self.excuses)
            yield f"{', '.join(others)}: {why}"
        for name in self.alone:
            yield f"{name}: only in one of them"
        apart = differences.table_differences(self.ours, self.theirs, self.different)
        yield from (f"{name}: {words}" for name, words in apart.items())
        if self.different:
            yield from self.reasons.values() or ["the processor, versions and code are the same"]

    def wrong(self) -> list[str]:
        """Return what differs and must not, in words."""
        explained = all(protocols & self.chaotic for protocols in self.verdicts.values())
        found = [] if explained else [f"verdicts differ from {self.theirs}"]
        if self.excuses:
            return found
        if not all(is_chaotic for _, is_chaotic in self.runs):
            why = "with no reason but another processor" if self.reasons else "for no known reason"
            found.append(f"runs that are not chaotic differ from {self.theirs}, {why}")
        if self.alone or (self.different and not self.runs):
            found.append(f"files differ from {self.theirs}, for no known reason")
        return found


def another(kinds: Iterable[str]) -> str:
    """Return kinds of reasons in words."""
    return ", ".join(f"another {kind}" for kind in kinds) or "no known reason"


def verify(folder: Path, config: dict) -> tuple[str, bool]:
    """Run the whole study in a folder. Return the last line, and whether all is verified."""
    places = comparable(config)
    here = provenance(config, study_digest(config), {})
    rerun(folder)
    results = folder / "results"
    claims = read_claims()
    compared = []
    for place in places:
        files = read_manifest(results).keys() | read_manifest(place).keys()
        comparison = Comparison(results, place, files, here)
        comparison.verdicts = differences.verdicts_that_differ(results, place, claims)
        compared.append(comparison)
    return outcome(compared, "the same verdicts", "the same bytes, and so the same verdicts")


def verify_sample(folder: Path, config: dict, size: int) -> tuple[str, bool]:
    """Train some random blocks in a folder. Return the last line, and whether all is verified."""
    places = comparable(config)
    here = provenance(config, study_digest(config), {})
    steps = list(training_steps(config))
    chosen = sorted(random.sample(steps, min(size, len(steps))))
    print(*chosen, sep="\n")
    rerun(folder, *(str(path_of(step)) for step in chosen))
    files = [f"runs/{Block.parse(step)}/{table}.csv" for step in chosen for table in TABLES]
    compared = [Comparison(folder / "results", place, files, here) for place in places]
    blocks = f"{len(chosen)} of {len(steps)} blocks"
    return outcome(
        compared, blocks, f"{blocks} were trained again, to the same bytes", check_manifest()
    )


def comparable(config: dict) -> list[Path]:
    """Return the folders of results here and of the published ones, if they are of these settings.

    StudyError if neither is, or if a folder lacks a file that is compared.
    """
    found = []
    for folder in (RESULTS, REFERENCE):
        missing = [name for name in NEEDED if not (folder / name).exists()]
        if PROVENANCE in missing:
            print(f"{folder}: there are no results")
        elif read_provenance(folder)["config"] != digest_of(config):
            print(f"{folder}: the results are of other settings")
        elif missing:
            command = "report" if folder == RESULTS else "publish"
            raise StudyError(f"{folder} has no {', '.join(missing)}; run make {command} first")
        else:
            found.append(folder)
    if not found:
        raise StudyError("there is nothing to compare with; run make report first")
    return found


def check_manifest() -> list[str]:
    """Print which files in results/ have changed since they were made, and return it in words.

    The list is empty if none has.
    """
    if not (RESULTS / MANIFEST).exists():
        return []
    listed = read_manifest(RESULTS)
    found = hashes(RESULTS, listed)
    wrong = [name for name, digest in listed.items() if found.get(name) != digest]
    print(f"{RESULTS / MANIFEST}: {len(listed) - len(wrong)} of {len(listed)} files are as listed")
    for name in wrong[:SHOWN]:
        print(f"    {name}: {'another SHA-256' if name in found else 'missing'}")
    return [f"files in {RESULTS} are not as {MANIFEST} lists them"] if wrong else []


def outcome(
    compared: Sequence[Comparison], subject: str, same: str, also_wrong: Sequence[str] = ()
) -> tuple[str, bool]:
    """Print what differs. Return the last line, and whether all is verified.

    The line is about `subject`, or says `same` if nothing differs.
    """
    for comparison in compared:
        comparison.show()
    wrong = [words for each in compared for words in each.wrong()] + [*also_wrong]
    different = {name for each in compared for name in each.different}
    files = {name for each in compared for name in each.files}
    verdicts = {words for each in compared for words in each.verdicts}
    if wrong:
        return f"Not verified: {'; '.join(wrong)}.", False
    if not different:
        return f"Verified: {same}.", True
    if verdicts:
        subject = f"{len(verdicts)} verdicts differ by chaotic runs"
    if any(comparison.different and comparison.excuses for comparison in compared):
        return f"Verified: {subject}; other bytes, for the reasons above.", True
    counts = f"{len(different)} of {len(files)} files differ"
    return f"Verified: {subject}; {counts}, by chaotic runs alone.", True


def count(text: str) -> int:
    """Return a whole number of 1 or more that an option gives."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text}; allowed: a whole number, 1 or more")
    return int(text)


@reported("verify")
def main() -> None:
    """Run the command that the module's docstring describes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=count, metavar="N", help="train N random blocks only")
    sample = parser.parse_args().sample
    # So that lines appear in order with those that the study prints.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    config = read_checked("config.yaml", check)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        line, verified = verify_sample(folder, config, sample) if sample else verify(folder, config)
    print(line)
    sys.exit(0 if verified else 1)


if __name__ == "__main__":
    main()
