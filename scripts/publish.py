"""Keep these results in the repository, for others to read and to compare theirs with.

    python -m scripts.publish

copies the manifest, the provenance and the small tables to docs/reference/, and the report and the
README's figure to docs/.
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
FORMATS = re.compile(r'(<p class="formats">Also as <a href="report.pdf">PDF</a>).*?</p>', re.S)
LINK = re.compile(r'<a href="(?!https?:|mailto:|#|report\.pdf)([^"]+)"[^>]*>(.*?)</a>', re.S)


@reported("publish")
def main() -> None:
    """Run the command that the module's docstring describes."""
    needed = (*KEPT, "missing.csv", "report/report.pdf", "report/report.html", "figures/losses.png")
    missing = [name for name in needed if not (RESULTS / name).exists()]
    if missing:
        raise StudyError(f"results/{missing[0]} is missing; make report makes it")
    if len((RESULTS / "missing.csv").read_text(encoding="utf-8").splitlines()) > 1:
        raise StudyError("results/ has a part of the runs only; make report trains the others")
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        shutil.copyfile(RESULTS / name, REFERENCE / name)
    shutil.copyfile(RESULTS / "report/report.pdf", DOCS / "report.pdf")
    shutil.copyfile(RESULTS / "figures/losses.png", DOCS / "losses.png")
    page = (RESULTS / "report/report.html").read_text(encoding="utf-8")
    write_whole(DOCS / "report.html", published(page).encode())


def published(page: str) -> str:
    """Return the page with links to what lies in docs/.

    Other files are named, without a link, and the sentence on other formats is about the PDF alone.
    """

    def link(match: re.Match) -> str:
        name = Path(match[1]).name
        return f'<a href="reference/{name}">{match[2]}</a>' if name in KEPT else match[2]

    return LINK.sub(link, FORMATS.sub(r"\1</p>", page))


if __name__ == "__main__":
    main()
