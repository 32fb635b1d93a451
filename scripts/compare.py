"""What changed: settings, verdicts, the report's words and numbers, and figures, on one page.

    python -m scripts.compare BASE

BASE is a folder of results, or a commit, whose study is then run in .cache/base/ (once). Writes
results/diff.html.
"""

import argparse
import base64
import difflib
import re
import subprocess
import sys
from pathlib import Path

import jinja2
import pandas as pd

from scripts.study.errors import StudyError, one_line, reported
from scripts.study.files import write_whole
from scripts.study.layout import FIGURES
from scripts.study.schema import read_yaml
from scripts.tables import schemas
from scripts.writing.formats import LAYOUTS

PAGE = Path("results/diff.html")
CACHE = Path(".cache/base")
NUMBER = re.compile(r"(?<!\w)\d+(?:[.,]\d+)*(?!\w)")


class BaseError(StudyError):
    """One line: what was asked for, and why there are no results of it."""


def results_of(base):
    """The folder of a base's results. BaseError where there are none."""
    folder = Path(base)
    if folder.is_dir():
        folder = folder if (folder / "runs.csv").exists() else folder / "results"
        if not (folder / "report/report.md").exists():
            raise BaseError(f"{base}: the folder holds no report/report.md")
        return folder
    commit = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    if not commit:
        raise BaseError(f"{base}: there is no such folder and no such commit")
    folder = CACHE / commit
    if not (folder / "results/report/report.md").exists():
        print(f"running the study of {base} in {folder} …", file=sys.stderr)
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            git("worktree", "prune")
            git("worktree", "add", "--detach", str(folder), commit)
        command = [sys.executable, "-m", "snakemake", "--cores", "all"]
        if subprocess.run(command, cwd=folder).returncode:
            raise BaseError(f"{base}: its study failed; see {folder}")
    return folder / "results"


def git(*arguments):
    result = subprocess.run(["git", *arguments], capture_output=True, text=True)
    return result.stdout.strip()


def settings(config, path=""):
    """{"training.epochs": 300, …}"""
    found = {}
    for key, value in config.items():
        here = f"{path}{key}"
        found |= settings(value, f"{here}.") if isinstance(value, dict) else {here: value}
    return found


def changed(old, new):
    """(key, old, new) where two mappings differ; a dash for what is not there."""
    keys = dict.fromkeys([*old, *new])
    pairs = ((key, old.get(key, "–"), new.get(key, "–")) for key in keys)
    return [(key, before, after) for key, before, after in pairs if before != after]


def verdicts(folder):
    """{"C1, as-written": verdict, …} of claims and comparisons; tables may have more columns."""
    found = {}
    for name in ("verdicts", "claims"):
        path, key = folder / f"{name}.csv", schemas.TABLES[name].unique
        if path.exists():
            columns = [*key, "verdict"]
            try:
                rows = pd.read_csv(path, usecols=columns, dtype="str", keep_default_na=False)
            except ValueError as error:
                raise BaseError(f"{path}: {one_line(str(error).splitlines()[0])}") from None
            rows = rows[columns].itertuples(index=False)
            found |= {", ".join(names): verdict for *names, verdict in rows}
    return found


def paragraphs(folder):
    """The report's paragraphs and rows of tables, without the listing of sources, which follows."""
    text = (folder / "report/report.md").read_text(encoding="utf-8")
    text = re.split(r"^## Appendix \w: Where the numbers come from", text, flags=re.M)[0]
    return [part.strip() for part in re.split(r"\n{2,}|\n(?=\|)", text) if part.strip()]


def passages(old, new):
    """For each passage that differs: its words, [("", same), ("del", old), ("ins", new), …]."""
    found = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag != "equal":
            found.append(words("\n".join(old[i:i_end]), "\n".join(new[j:j_end])))
    return found


def words(old, new):
    old, new = (re.findall(r"\s+|[\w.,−]*\w|[^\w\s]", text) for text in (old, new))
    parts = []
    for tag, i, i_end, j, j_end in difflib.SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            parts.append(("", "".join(old[i:i_end])))
            continue
        parts += [("del", "".join(old[i:i_end])), ("ins", "".join(new[j:j_end]))]
    return [(kind, text) for kind, text in parts if text]


def numbers(passages):
    """(where, old, new) of the numbers that changed: where is the row's start, or what stands
    before.
    """
    found = []
    for parts in passages:
        now = ""
        for (kind, before), (follows, after) in zip(parts, [*parts[1:], ("", "")], strict=True):
            if (kind, follows) == ("del", "ins") and NUMBER.search(before + after):
                line = now.rpartition("\n")[2]
                before_it = line if len(line) < 60 else "…" + line[-60:].partition(" ")[2]
                place = line[:60].strip("| ") if line.startswith("|") else before_it
                found.append((place, before, after))
            now += "" if kind == "del" else before
    return found


def pictures(folder):
    """{figure: its SVG as a link}"""
    found = {}
    for name in FIGURES:
        path = folder / f"figures/{name}.svg"
        if path.exists():
            found[name] = (
                "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode()
            )
    return found


def comparison(base, folder, here=Path("results")):
    """All that the page shows."""
    configs = [each.parent / "config.yaml" for each in (folder, here)]
    both = all(path.exists() for path in configs)
    old, new = (settings(read_yaml(path)) if both else {} for path in configs)
    prose = passages(paragraphs(folder), paragraphs(here))
    return {
        "base": base,
        "settings": changed(old, new),
        "verdicts": changed(verdicts(folder), verdicts(here)),
        "passages": prose,
        "numbers": numbers(prose),
        "figures": changed(pictures(folder), pictures(here)),
    }


def summary(found):
    counts = [
        f"{len(found[kind])} {kind if len(found[kind]) != 1 else kind[:-1]}"
        for kind in ("settings", "verdicts", "numbers", "passages", "figures")
    ]
    return f"{', '.join(counts)} differ from {found['base']}"


@reported("diff")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", metavar="BASE", help="a folder of results, or a commit")
    base = parser.parse_args().base
    if not Path("results/report/report.md").exists():
        raise BaseError("there are no results here yet: run make report first")
    found = comparison(base, results_of(base))
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((LAYOUTS / "diff.html.j2").read_text(encoding="utf-8"))
    style = (LAYOUTS / "html.css").read_text(encoding="utf-8")
    write_whole(PAGE, template.render(found, style=style).encode())
    print(f"{PAGE}: {summary(found)}")


if __name__ == "__main__":
    main()
