"""What changed: settings, verdicts, the report's words and numbers, and figures, on one page.

    python -m scripts.compare BASE

BASE is a folder of results, or a commit, whose study is then run in .cache/base/ (once). Writes
results/diff.html.
"""

import argparse
import base64
import difflib
import itertools
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import jinja2
import pandas as pd

from scripts.study.errors import StudyError, one_line, reported
from scripts.study.files import write_whole
from scripts.study.git import git
from scripts.study.schema import read_yaml
from scripts.tables import schemas
from scripts.writing.formats import LAYOUTS

PAGE = Path("results/diff.html")
CACHE = Path(".cache/base")
NUMBER = re.compile(r"(?<!\w)\d+(?:[.,]\d+)*(?!\w)")
WORD = re.compile(r"\s+|[\w.,−]*\w|[^\w\s]")
KINDS = ("settings", "verdicts", "numbers", "passages", "figures")


def results_of(base: str) -> Path:
    """Return the folder of a base's results. StudyError if it has none."""
    folder = Path(base)
    if folder.is_dir():
        folder = folder if (folder / "report/report.md").exists() else folder / "results"
        if not (folder / "report/report.md").exists():
            raise StudyError(f"{base}: the folder holds no report/report.md")
        return folder
    commit = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    if not commit:
        raise StudyError(f"{base}: there is no such folder and no such commit")
    folder = CACHE / commit
    if not (folder / "results/report/report.md").exists():
        print(f"running the study of {base} in {folder} …", file=sys.stderr)
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            git("worktree", "prune")
            git("worktree", "add", "--detach", str(folder), commit)
        command = [sys.executable, "-m", "snakemake", "--cores", "all"]
        if subprocess.run(command, cwd=folder).returncode:
            raise StudyError(f"{base}: its study failed; see {folder}")
    return folder / "results"


def settings(config: Mapping, path: str = "") -> dict:
    """Return the settings of a nested config by their full names: {"training.epochs": 300, …}."""
    found: dict = {}
    for key, value in config.items():
        name = f"{path}{key}"
        nested = isinstance(value, dict) and value
        found |= settings(value, f"{name}.") if nested else {name: value}
    return found


def settings_of(folder: Path) -> dict:
    """Return the settings that made a folder of results, from the config.yaml beside it.

    StudyError if there is none.
    """
    path = folder.parent / "config.yaml"
    if not path.exists():
        raise StudyError(f"there is no {path}")
    return settings(read_yaml(path))


def changed(old: Mapping, new: Mapping) -> list[tuple]:
    """Return (key, old, new) where two mappings differ; a dash stands for a missing value."""
    keys = dict.fromkeys([*old, *new])
    pairs = ((key, old.get(key, "–"), new.get(key, "–")) for key in keys)
    return [(key, before, after) for key, before, after in pairs if before != after]


def verdicts(folder: Path) -> dict[str, str]:
    """Return {"C1, as-written": verdict, …} of claims and comparisons.

    The tables may have more columns than those of this study. StudyError if they lack one that is
    needed.
    """
    found = {}
    for name in ("verdicts", "claims"):
        path = folder / f"{name}.csv"
        if path.exists():
            columns = [*schemas.TABLES[name].unique, "verdict"]
            for *key, verdict in text_columns(path, columns).itertuples(index=False):
                found[", ".join(key)] = verdict
    return found


def text_columns(path: Path, columns: list[str]) -> pd.DataFrame:
    """Return columns of a CSV file as text. StudyError if it lacks one, or is no CSV file."""
    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False)
    except ValueError as error:
        raise StudyError(f"{path}: {one_line(str(error).splitlines()[0])}") from None
    missing = [column for column in columns if column not in table]
    if missing:
        there = one_line(", ".join(table.columns))
        raise StudyError(f"{path} has no column {', '.join(missing)}; it has {there}")
    return table[columns]


def paragraphs(folder: Path) -> list[str]:
    """Return the report's paragraphs and rows of tables, up to the appendix that lists sources."""
    text = (folder / "report/report.md").read_text(encoding="utf-8")
    text = re.split(r"^## Appendix \w: Where the numbers come from", text, flags=re.M)[0]
    return [part.strip() for part in re.split(r"\n{2,}|\n(?=\|)", text) if part.strip()]


def passages(old: Sequence[str], new: Sequence[str]) -> list[list[tuple[str, str]]]:
    """Return the words of each passage that differs: [("", same), ("del", old), ("ins", new), …].

    `old` and `new` are the paragraphs of two reports.
    """
    found = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag != "equal":
            found.append(words("\n".join(old[i:i_end]), "\n".join(new[j:j_end])))
    return found


def words(old: str, new: str) -> list[tuple[str, str]]:
    """Return the parts of two texts: ("", same), ("del", old) or ("ins", new)."""
    old_words, new_words = WORD.findall(old), WORD.findall(new)
    parts = []
    matcher = difflib.SequenceMatcher(None, old_words, new_words, autojunk=False)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag == "equal":
            parts.append(("", "".join(old_words[i:i_end])))
        else:
            parts.append(("del", "".join(old_words[i:i_end])))
            parts.append(("ins", "".join(new_words[j:j_end])))
    return [(kind, text) for kind, text in parts if text]


def numbers(passages: Iterable[Sequence[tuple[str, str]]]) -> list[tuple[str, str, str]]:
    """Return (place, old, new) of the numbers that changed.

    The place is the start of the row in a table, and the words before the number in a paragraph.
    """
    found = []
    for parts in passages:
        said = ""
        for (kind, text), (next_kind, next_text) in itertools.pairwise([*parts, ("", "")]):
            if (kind, next_kind) == ("del", "ins") and NUMBER.search(text + next_text):
                found.append((_place(said.rpartition("\n")[2]), text, next_text))
            if kind != "del":
                said += text
    return found


def _place(line: str) -> str:
    if line.startswith("|"):
        return line[:60].strip("| ")
    return line if len(line) < 60 else "…" + line[-60:].partition(" ")[2]


def pictures(folder: Path) -> dict[str, str]:
    """Return {figure: its SVG as a link} of the figures that a folder has."""
    found = {}
    for path in sorted((folder / "figures").glob("*.svg")):
        content = base64.b64encode(path.read_bytes()).decode()
        found[path.stem] = f"data:image/svg+xml;base64,{content}"
    return found


def comparison(base: str, folder: Path, results: Path = Path("results")) -> dict:
    """Return all that the page shows: how `results` differ from those of a base, in `folder`.

    What cannot be compared is `unknown`: {kind: why}.
    """
    prose = passages(paragraphs(folder), paragraphs(results))
    found = {
        "base": base,
        "passages": prose,
        "numbers": numbers(prose),
        "figures": changed(pictures(folder), pictures(results)),
    }
    unknown = {}
    for kind, read in (("settings", settings_of), ("verdicts", verdicts)):
        try:
            found[kind] = changed(read(folder), read(results))
        except StudyError as error:
            found[kind] = []
            unknown[kind] = str(error)
    return found | {"unknown": unknown}


def summary(found: Mapping) -> str:
    """Return how many things of each kind differ, and which are unknown, in words."""
    known = {kind: len(found[kind]) for kind in KINDS if kind not in found["unknown"]}
    counts = [f"{n} {kind if n != 1 else kind[:-1]}" for kind, n in known.items()]
    why = [f"; {kind} unknown: {reason}" for kind, reason in found["unknown"].items()]
    return f"{', '.join(counts)} differ from {found['base']}{''.join(why)}"


@reported("diff")
def main() -> None:
    """Run the command that the module's docstring describes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", metavar="BASE", help="a folder of results, or a commit")
    base = parser.parse_args().base
    if not Path("results/report/report.md").exists():
        raise StudyError("there are no results here yet: run make report first")
    found = comparison(base, results_of(base))
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((LAYOUTS / "diff.html.j2").read_text(encoding="utf-8"))
    style = (LAYOUTS / "html.css").read_text(encoding="utf-8")
    write_whole(PAGE, template.render(found, style=style).encode())
    print(f"{PAGE}: {summary(found)}")


if __name__ == "__main__":
    main()
