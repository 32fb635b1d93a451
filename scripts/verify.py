"""Run the study anew in a temporary folder: the same bytes, or a reason why not.

    python -m scripts.verify [--sample N]

What comes out is compared with results/ here, and with the published results, of which
docs/reference/ keeps the manifest and the verdicts. With --sample, N random blocks are trained,
and nothing else. The last line says how it went; the status is 1 where a verdict differs, or where
bytes do that ought not to.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from scripts import tables
from scripts.config import check
from scripts.digest import digest_of
from scripts.errors import StudyError, reported
from scripts.manifest import provenance
from scripts.project import copy_project
from scripts.receipts import path_of, sha256
from scripts.schema import read_yaml
from scripts.steps import study_digest, training_steps
from scripts.study import block_tables

RESULTS, REFERENCE = Path("results"), Path("docs/reference")
SHOWN = 10  # of each kind of difference


class VerifyError(StudyError):
    """One line: why nothing could be compared."""


def run_anew(folder, *targets):
    """Run the study, or a part of it, on a copy of the project. VerifyError if that fails."""
    copy_project(folder)
    command = [sys.executable, "-m", "snakemake", "--cores", "all", *targets]
    if subprocess.run(command, cwd=folder).returncode:
        raise VerifyError("the study failed, as said above")


def read_manifest(path):
    """{file: SHA-256}"""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: sha for sha, _, name in (line.partition("  ") for line in lines)}


def read_provenance(folder):
    path = folder / "provenance.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def bytes_in(folder, files):
    """{file: SHA-256} of results: as they lie there now, or as the published manifest has it."""
    if folder == REFERENCE:
        return read_manifest(folder / "MANIFEST.sha256")
    return {name: sha256(folder / name) for name in files if (folder / name).is_file()}


def reasons(here, there):
    """Why bytes may differ: what is not the same here and there, in words."""
    kinds = {
        "code": lambda said: said["study"][:12],
        "Python": lambda said: said["python"],
        **{name: lambda said, name=name: said["packages"].get(name) for name in here["packages"]},
        "processor": lambda said: "{name} ({instructions})".format(
            name=said["processor"]["name"], instructions=" ".join(said["processor"]["instructions"])
        ),
    }
    return [
        f"another {kind}: {of(there)} there, {of(here)} here"
        for kind, of in kinds.items()
        if of(there) != of(here)
    ]


def largest_difference(kind, ours, theirs):
    """How far two tables are apart, in words."""
    try:
        ours, theirs = tables.read(kind, ours), tables.read(kind, theirs)
    except tables.TableError as error:
        return str(error)
    key = tables.TABLES[kind].unique
    if not ours[key].equals(theirs[key]):
        return "other rows"
    worst = ("", 0.0)
    for column in ours.columns.difference(key, sort=False):
        if pd.api.types.is_numeric_dtype(ours[column]):
            a, b = (table[column].astype("float64") for table in (ours, theirs))
            if (a.isna() != b.isna()).any():
                return f"a value of {column} is there in one of them alone"
            worst = max(worst, (column, (a - b).abs().max()), key=lambda pair: pair[1])
        elif not ours[column].equals(theirs[column]):
            return f"other words in {column}"
    return f"at most {worst[1]:.2g}, in {worst[0]}"


def flipped(ours, theirs):
    """ "C1, as-written, relu: holds there, undecided here" for each verdict that differs."""
    key = ["claim", "protocol", "group"]
    both = (tables.read("claims", path).set_index(key)["verdict"] for path in (theirs, ours))
    both = pd.concat(both, axis=1, keys=["there", "here"]).fillna("none")
    return [
        f"{', '.join(name)}: {row['there']} there, {row['here']} here"
        for name, row in both[both["there"] != both["here"]].iterrows()
    ]


class Comparison:
    """Of what was made anew with what lies in a folder, of which only a manifest may be there."""

    def __init__(self, anew, folder, here):
        self.folder = folder
        made = read_manifest(anew / "MANIFEST.sha256")
        there = bytes_in(folder, made)
        self.files = len(made)
        self.different = [name for name, sha in made.items() if there.get(name) != sha]
        self.reasons = reasons(here, read_provenance(folder))
        self.flipped = flipped(anew / "claims.csv", folder / "claims.csv")
        self.tables = {
            name: largest_difference(Path(name).stem, anew / name, folder / name)
            for name in self.different
            if name.endswith(".csv") and "/" not in name and (folder / name).exists()
        }

    def tell(self):
        same = self.files - len(self.different)
        print(f"{self.folder}: {same} of {self.files} files have the same bytes")
        lines = [f"{name}: {words}" for name, words in self.tables.items()]
        others = [name for name in self.different if name not in self.tables]
        lines += others[:SHOWN]
        lines += [f"… and {len(others) - SHOWN} more files"] if len(others) > SHOWN else []
        lines += self.reasons if self.different else []
        lines += [f"verdict of {line}" for line in self.flipped]
        for line in lines:
            print(f"    {line}")

    @property
    def wrong(self):
        """What is wrong, in words, or nothing."""
        if self.flipped:
            return f"{len(self.flipped)} verdicts differ from {self.folder}"
        if self.different and not self.reasons:
            return f"bytes differ from {self.folder}, for no known reason"
        return ""


def verify(folder, config):
    """The last line, and whether all is well."""
    places, here = comparable(config), provenance(config, study_digest(config), {})
    run_anew(folder)
    compared = [Comparison(folder / "results", place, here) for place in places]
    for comparison in compared:
        comparison.tell()
    if wrong := [comparison.wrong for comparison in compared if comparison.wrong]:
        return f"Not verified: {'; '.join(wrong)}.", False
    if any(comparison.different for comparison in compared):
        return "Verified: other bytes, for the reasons above, and the same verdicts.", True
    return "Verified: the same bytes, and so the same verdicts.", True


def comparable(config):
    """The folders of results here and of the published ones, if they are of these settings."""
    found = []
    for folder in (RESULTS, REFERENCE):
        said = read_provenance(folder)
        if said is None or not (folder / "claims.csv").exists():
            print(f"{folder}: there are no results")
        elif said["config"] != digest_of(config):
            print(f"{folder}: the results are of other settings")
        else:
            found.append(folder)
    if not found:
        raise VerifyError("there is nothing to compare with; run make report first")
    return found


def verify_sample(folder, config, size):
    """The last line, and whether all is well, of some blocks."""
    places, here = comparable(config), provenance(config, study_digest(config), {})
    steps = list(training_steps(config))
    chosen = sorted(random.sample(steps, min(size, len(steps))))
    print(*chosen, sep="\n")
    run_anew(folder, *(str(path_of(step)) for step in chosen))
    files = block_tables([f"runs/{step.removeprefix('train/')}" for step in chosen])
    made = {name: sha256(folder / "results" / name) for name in files}
    with_reason, without = [], []
    for place in places:
        there = bytes_in(place, files)
        different = [name for name in files if made[name] != there.get(name)]
        why = reasons(here, read_provenance(place))
        (with_reason if why else without).extend(f"{place}/{name}" for name in different)
        print(f"{place}: {len(files) - len(different)} of {len(files)} files have the same bytes")
        for line in [*different[:SHOWN], *why] if different else []:
            print(f"    {line}")
    if without:
        return f"Not verified: {without[0]} has other bytes, for no known reason.", False
    if with_reason:
        return "Not the same bytes, for the reasons above; make verify compares the verdicts.", True
    return f"Verified: {len(chosen)} of {len(steps)} blocks have the same bytes.", True


def count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text}; allowed: a whole number, 1 or more")
    return int(text)


@reported("verify")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=count, metavar="N", help="train N random blocks only")
    sample = parser.parse_args().sample
    sys.stdout.reconfigure(line_buffering=True)  # in order with what the run says
    config = read_yaml("config.yaml")
    check(config)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        said, well = verify_sample(folder, config, sample) if sample else verify(folder, config)
    print(said)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
