"""A small study in a folder of its own, which tests run, edit and run again."""

import os
import re
import shutil
from itertools import zip_longest

import yaml

from scripts.study.project import ROOT, copy_project
from tests.pipeline.forked import snakemake

TINY = {
    "seeds": 3,
    "seeds_per_job": 2,
    "hidden": ["relu"],
    "output": ["identity", "sigmoid"],
    "main": "plain",
    "keep": {"plain": [1, 2]},
    "protocols": {"plain": {}, "fast": {"learning_rate": 0.5}},
}
JOBS = 2 * 2 * 2  # protocols, output activations, blocks of seeds
# A place in the code of every training job that is in no digest, for it changes no result.
HOOK = ") -> Callable[[int, torch.Tensor], None]:\n"  # of `progress`


class Project:
    def __init__(self, folder):
        self.folder = folder

    def snakemake(self, *arguments, cores=2, **environment):
        environment = {**os.environ, "COLUMNS": "200", **environment}
        return snakemake(["--cores", str(cores), *arguments], self.folder, environment)

    def run(self, *arguments, cores=2):
        result = self.snakemake(*arguments, cores=cores)
        assert result.returncode == 0, "\n".join(last_words(result.stderr, 30))
        return result

    def planned(self, *arguments):
        """{rule: jobs that would run}."""
        text = self.run("--dry-run", *arguments).stderr
        counts = {rule: int(count) for rule, count in re.findall(r"^ (\w+) +(\d+) *$", text, re.M)}
        return {rule: n for rule, n in counts.items() if rule not in ("all", "total")}

    def edit(self, path, old, new):
        path = self.folder / path
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def set(self, **settings):
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **settings}))

    def files(self, *patterns):
        """{path: bytes} of results."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for pattern in patterns
            for path in sorted((self.folder / "results").glob(pattern))
            if path.is_file()
        }

    def manifest(self):
        return (self.folder / "results/MANIFEST.sha256").read_text()

    def report(self, ending="md"):
        return (self.folder / f"results/report/report.{ending}").read_text(encoding="utf-8")

    def copy(self, folder):
        """A project in the same state, to change and run again."""
        ignored = shutil.ignore_patterns("warm-*")  # a socket, which cannot be copied
        shutil.copytree(self.folder, folder, ignore=ignored)
        return Project(folder)


def new_project(folder):
    copy_project(folder)
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["training"] |= {"points": 60, "batch_size": 20, "epochs": 3, "hidden_widths": [5, 5]}
    (folder / "config.yaml").write_text(yaml.safe_dump(config | TINY))
    return Project(folder)


def last_words(text, lines=3):
    """The last lines that are not empty."""
    return [line for line in text.splitlines() if line.strip()][-lines:]


def assert_same_files(files, expected):
    """Of two {path: bytes}: name the files that only one has or that differ, with the first line
    that does.
    """
    differences = []
    for path in sorted(files.keys() | expected.keys()):
        if path not in files or path not in expected:
            differences.append(f"{path}: {'not here' if path in expected else 'not expected'}")
        elif files[path] != expected[path]:
            both = (each[path].splitlines(keepends=True) for each in (files, expected))
            lines = enumerate(zip_longest(*both, fillvalue=b"(end)"), start=1)
            number, (here, there) = next(line for line in lines if line[1][0] != line[1][1])
            differences.append(f"{path}, line {number}: got {here[:80]}, expected {there[:80]}")
    assert not differences, "\n".join(differences[:10])
    assert files
