"""Plant faults in a copy of the project, one at a time: do the tests notice?

    python -m tests.faults [NAME …]

tests/faults/faults.yaml lists the faults: a `file`, the words in it that are replaced (`old` by
`new`), and the tests that then fail (`caught_by`). For a fault of your own, name there the files of
tests that ought to notice; which tests fail is printed. The status is 1 if a fault is not caught.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from scripts.study.project import ROOT

FAULTS = Path(__file__).with_name("faults.yaml")
PARTS = ("framework", "scripts", "report", "profiles", "bench", "tests", "docs")
PARTS += (
    "results/README.md",
    "Snakefile",
    "Makefile",
    "README.md",
    "config.yaml",
    "constraints.txt",
    "pyproject.toml",
)
SHOWN = 3  # failing tests of a fault


def copy_of_the_project(folder):
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, folder / part)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")  # of the browser's tests


def plant(folder, fault):
    path = folder / fault["file"]
    text = path.read_text(encoding="utf-8")
    if text.count(fault["old"]) != 1:
        raise SystemExit(f"{fault['file']} holds {text.count(fault['old'])} times: {fault['old']}")
    path.write_text(text.replace(fault["old"], fault["new"]), encoding="utf-8")


def failing(folder, tests):
    """The tests that fail, of those named."""
    command = [sys.executable, "-m", "pytest", "--tb=no", "-rfE", "-p", "no:cacheprovider", *tests]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if result.returncode not in (0, 1):
        raise SystemExit(f"pytest {' '.join(tests)}:\n{result.stdout[-2000:]}{result.stderr}")
    lines = [line.split(" - ")[0].split(" ", 1) for line in result.stdout.splitlines()]
    return [words[1] for words in lines if words[0] in ("FAILED", "ERROR")]


def noticed(name, fault):
    """Plant a fault and say which tests fail. Whether any does."""
    with tempfile.TemporaryDirectory() as folder:
        copy_of_the_project(Path(folder))
        plant(Path(folder), fault)
        tests = failing(Path(folder), fault["caught_by"])
    more = f"\n    and {len(tests) - SHOWN} more" if len(tests) > SHOWN else ""
    lines = "".join(f"\n    {test}" for test in tests[:SHOWN])
    print(f"{'caught' if tests else 'NOT CAUGHT'}: {name}{lines}{more}", flush=True)
    return bool(tests)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    faults = yaml.safe_load(FAULTS.read_text(encoding="utf-8"))
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*faults, []], default=[])
    names = parser.parse_args().names or list(faults)
    with tempfile.TemporaryDirectory() as folder:
        copy_of_the_project(Path(folder))
        tests = dict.fromkeys(test for name in names for test in faults[name]["caught_by"])
        if already := failing(Path(folder), list(tests)):
            raise SystemExit(f"without a fault, these tests fail: {', '.join(already)}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        caught = sum(pool.map(noticed, names, [faults[name] for name in names]))
    print(f"{caught} of {len(names)} faults are caught")
    sys.exit(caught < len(names))


if __name__ == "__main__":
    main()
