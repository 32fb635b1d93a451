"""What is installed is pinned, and docs/dependencies.md says what each package's licence is."""

import functools
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from itertools import product

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from scripts.study.project import ROOT
from tests.pipeline.test_offline import imported

CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
DOCUMENT = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = {canonicalize_name(line.partition("==")[0]): line.partition("==")[2] for line in CONSTRAINTS}

SYSTEMS = [
    ("linux", "Linux", "x86_64"),
    ("linux", "Linux", "aarch64"),
    ("darwin", "Darwin", "arm64"),
]
ENVIRONMENTS = [
    default_environment()
    | {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": system}
    | {"platform_system": name, "platform_machine": machine}
    for python, (system, name, machine) in product(["3.11", "3.12", "3.13", "3.14"], SYSTEMS)
]

# What packages call their licences, and words of each licence's text.
FAMILIES = {
    "MIT": r"MIT",
    "BSD": r"BSD",
    "Apache": r"Apache",
    "MPL": r"MPL|Mozilla",
    "PSF": r"PSF|Python Software Foundation",
    "GPL": r"GPL|General Public",
    "public domain": r"Public.Domain",
    "proprietary": r"Proprietary",
}
TEXTS = {
    "MIT": "Permission is hereby granted, free of charge",
    "BSD-2-Clause": "Redistribution and use in source and binary forms",
    "BSD-3-Clause": "to endorse or promote products",
    "Apache-2.0": "Apache License",
    "MPL-2.0": "Mozilla Public License",
    "PSF-2.0": "hereby grants Licensee a nonexclusive, royalty-free, world-wide license",
    "LicenseRef-Public-Domain": "public domain",
}


def tables(heading):
    """The tables below a heading of the document, as {heading: cells of each row}."""
    found = {}
    for section in re.split(r"^## ", DOCUMENT, flags=re.M)[1:]:
        title, _, text = section.partition("\n")
        rows = [
            [cell.strip() for cell in line.strip("| ").split(" | ")]
            for line in text.splitlines()
            if line.startswith("| ")
        ]
        if rows and rows[0][0] == heading:
            found[title] = rows[1:]
    return found


PACKAGES = tables("Package")  # {group: (name, version, licence, what it is for or who needs it)}
ROWS = {canonicalize_name(row[0]): row for rows in PACKAGES.values() for row in rows}
STUDY, TESTS, BENCH, SLURM, GPU = PACKAGES


def names(requirements):
    return {canonicalize_name(Requirement(text).name) for text in requirements}


DECLARED = names(PROJECT["project"]["dependencies"])
for extra in PROJECT["project"]["optional-dependencies"].values():
    DECLARED |= names(extra)
DECLARED |= names(PROJECT["build-system"]["requires"])


@functools.cache
def installed(name):
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


@functools.cache
def requirements(name):
    return [Requirement(text) for text in installed(name).requires or []]


HERE = {name: installed(name) for name in PINS if installed(name)}


def requirements_of(packages):
    """What packages require on any system that the project runs on, and what that requires, and so
    on: as (one, another). What is not installed here is known by name only.
    """
    pairs = set()
    for environment in ENVIRONMENTS:
        todo, seen = [(name, frozenset()) for name in packages], set()
        while todo:
            name, extras = todo.pop()
            if (name, extras) in seen or not installed(name):
                continue
            seen.add((name, extras))
            cases = [environment | {"extra": extra} for extra in {"", *extras}]
            for other in requirements(name):
                if not other.marker or any(map(other.marker.evaluate, cases)):
                    pairs.add((name, canonicalize_name(other.name)))
                    todo.append((canonicalize_name(other.name), frozenset(other.extras)))
    return pairs


def licences(expression):
    return set(re.split(r" AND | OR ", expression))


# Versions


def test_every_line_pins_one_version_and_says_nothing_else():
    for line in CONSTRAINTS:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line)
    assert len(PINS) == len(CONSTRAINTS)
    assert sorted(CONSTRAINTS, key=str.lower) == CONSTRAINTS


def test_whatever_is_required_on_any_system_is_pinned():
    pairs = requirements_of(DECLARED)
    assert len(pairs) > 100
    assert {pair for pair in pairs if pair[1] not in PINS} == set()
    assert set(PINS) >= DECLARED


def test_what_is_installed_has_the_version_that_is_pinned():
    here = {name: Version(Version(found.version).public) for name, found in HERE.items()}
    assert here == {name: Version(PINS[name]) for name in HERE}  # torch's may be 2.13.0+cpu
    assert set(HERE) >= {canonicalize_name(row[0]) for row in PACKAGES[TESTS]}


def test_where_the_project_names_a_version_it_is_the_pinned_one():
    everything = PROJECT["project"]["dependencies"] + PROJECT["build-system"]["requires"]
    for requirement in map(Requirement, everything):
        pin = PINS[canonicalize_name(requirement.name)]
        assert str(requirement.specifier) in ("", f"=={pin}")
    assert [str(Requirement(text).specifier) for text in PROJECT["build-system"]["requires"]] != [
        ""
    ]


def test_every_package_that_is_imported_is_declared():
    ours = {"framework", "scripts", "bench", "tests"}
    files = [path for folder in ours for path in (ROOT / folder).rglob("*.py")]
    names = {name.partition(".")[0] for path in files for name in imported(path)}
    foreign = names - ours - set(sys.stdlib_module_names)
    assert {"torch", "yaml"} < foreign
    providers = packages_distributions()
    assert {canonicalize_name(providers.get(name, [name])[0]) for name in foreign} <= DECLARED


# The document


def test_the_document_lists_the_pinned_packages_and_their_versions():
    rows = [row for rows in PACKAGES.values() for row in rows]
    assert sorted((f"{row[0]}=={row[1]}" for row in rows), key=str.lower) == CONSTRAINTS


def test_each_package_stands_in_the_table_of_what_needs_it():
    groups = {group: {canonicalize_name(row[0]) for row in PACKAGES[group]} for group in PACKAGES}
    before = groups[GPU]
    for group in (STUDY, TESTS):
        direct = groups[group] & DECLARED
        closure = direct | {other for _, other in requirements_of(direct)}
        assert groups[group] == closure - before
        before = before | closure
    for group in (BENCH, SLURM):
        pairs = requirements_of(groups[group] & set(HERE))
        assert {other for _, other in pairs} <= before | groups[group]


def test_each_package_is_ours_or_is_required_by_those_that_its_row_names():
    direct = {name for name, row in ROWS.items() if not row[3].startswith("via ")}
    assert direct == DECLARED
    pairs = requirements_of(DECLARED)
    for name in ROWS.keys() - direct:
        parents = names(ROWS[name][3].removeprefix("via ").replace(" and others", "").split(", "))
        assert parents <= set(ROWS)
        checked = {(parent, name) for parent in parents if parent in HERE and name in HERE}
        assert checked <= pairs


@pytest.mark.parametrize("name", sorted(HERE))
def test_a_licence_is_what_the_package_itself_says(name):
    stated, metadata = ROWS[name][2], HERE[name].metadata
    if expression := metadata.get("License-Expression"):
        assert stated == expression
        return
    classifiers = [c for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    whole = metadata.get("License", "")  # its name, or all of its text
    words = whole if whole and "\n" not in whole else " ".join(classifiers)
    files = [f for f in HERE[name].files if re.search(r"dist-info/.*(licen|copying)", str(f), re.I)]
    texts = [f.locate().read_text(errors="replace") for f in files]
    text = " ".join(" ".join([whole, *texts]).split())
    families = {family for family, sign in FAMILIES.items() if re.search(sign, words)}
    assert bool(families or texts) == (stated != "NOASSERTION")
    if families:
        assert families == {f for f, sign in FAMILIES.items() if re.search(sign, stated)}
    if texts:
        for licence in licences(stated) & set(TEXTS):
            assert re.search(TEXTS[licence], text, re.I)
    if "BSD-2-Clause" in stated:
        assert TEXTS["BSD-3-Clause"] not in text


def test_the_document_says_of_each_licence_why_it_is_compatible():
    explained = {
        licence
        for rows in tables("Licence").values()
        for row in rows
        for licence in re.findall(r"`(.*?)`", row[0])
    }
    named = set().union(*(licences(row[2]) for row in ROWS.values()))
    for heading in ("Carried by", "Program"):
        for rows in tables(heading).values():
            named |= {licence for row in rows for licence in re.findall(r"`(.*?)`", row[2])}
    assert named == explained
