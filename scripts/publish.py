"""Keep these results in the repository, for others to read and to compare theirs with.

    python -m scripts.publish

copies the manifest, the provenance and the small tables to docs/reference/, and the report to
docs/.
"""

import re
import shutil
from pathlib import Path

from scripts.study.errors import StudyError, reported
from scripts.study.files import write_whole

RESULTS, DOCS = Path("results"), Path("docs")
REFERENCE = DOCS / "reference"
TABLES = ("summary", "claims", "verdicts", "chaotic", "factors", "intervals", "agreement")
KEPT = ("MANIFEST.sha256", "provenance.json", *(f"{table}.csv" for table in TABLES))
LINK = re.compile(r'<a href="(?!https?:|mailto:|#|report\.pdf)([^"]+)"[^>]*>(.*?)</a>', re.S)


@reported("publish")
def main() -> None:
    """Run the command that the module's docstring describes."""
    missing = [name for name in (*KEPT, "report/report.pdf") if not (RESULTS / name).exists()]
    if missing:
        raise StudyError(f"results/{missing[0]} is missing; make report makes it")
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        shutil.copyfile(RESULTS / name, REFERENCE / name)
    shutil.copyfile(RESULTS / "report/report.pdf", DOCS / "report.pdf")
    page = (RESULTS / "report/report.html").read_text(encoding="utf-8")
    write_whole(DOCS / "report.html", published(page).encode())


def published(page: str) -> str:
    """Return the page with links to what lies in docs/; of other files, it has the names alone."""

    def link(match: re.Match) -> str:
        name = Path(match[1]).name
        return f'<a href="reference/{name}">{match[2]}</a>' if name in KEPT else match[2]

    return LINK.sub(link, page)


if __name__ == "__main__":
    main()
