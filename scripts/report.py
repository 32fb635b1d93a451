"""Render the report: the template with the study's facts, then each format.

    python -m scripts.report --config JSON --digest HEX

writes results/report/report.md, .html, .tex and .pdf.
"""

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts import formats, tables
from scripts.bound import linked
from scripts.causes import read_causes
from scripts.errors import reported
from scripts.facts import RESULTS, facts
from scripts.predicates import read_claims
from scripts.prose import check_template, check_text
from scripts.template import PATH, render

BIBLIOGRAPHY = Path("report/references.bib")
REPORT = Path("results/report")
WRITERS = {  # the PDF first, for it takes longest
    "pdf": formats.write_pdf,
    "html": formats.write_html,
    "tex": formats.write_latex,
    "md": formats.write_markdown,
}
RULES = {  # {file: the rule that writes it}
    "config.yaml": "",
    **{f"results/{name}.csv": "aggregate" for name in ("runs", "summary", "factors")},
    **{f"results/{name}.csv": "claims" for name in ("claims", "intervals", "agreement")},
}


def markdown(config, digest, results, figures):
    """The report's source for pandoc, each number linked to where it comes from."""
    template = Path(PATH).read_text(encoding="utf-8")
    claims = read_claims()
    known = facts(config, digest, results, claims, read_causes())
    check_template(template, known, claims, figures)
    text = render(template, known)
    check_text(text, template, BIBLIOGRAPHY.read_text(encoding="utf-8"))
    return linked(text, RULES)


@reported("report")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=json.loads)
    parser.add_argument("--digest", required=True)
    parser.add_argument("--figures", nargs="+", required=True)
    arguments = parser.parse_args()

    results = {name: tables.read(name, f"results/{name}.csv") for name in RESULTS}
    text = markdown(arguments.config, arguments.digest, results, arguments.figures)
    document = formats.read(text, Path("results"), BIBLIOGRAPHY)
    with ThreadPoolExecutor() as pool:  # pandoc and Typst run beside Python
        writing = [
            pool.submit(write, document, REPORT / f"report.{ending}", Path("results"))
            for ending, write in WRITERS.items()
        ]
    for written in writing:
        written.result()


if __name__ == "__main__":
    main()
