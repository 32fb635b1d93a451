"""Checks of the template and of the text that it gives.

The template must mention every claim and figure and have no number that is typed by hand. In the
text, tables must be complete, citations and references must have a target, and formulas must not
hold programs.
"""

import re
from collections.abc import Iterable, Mapping

import yaml

from scripts.study.errors import one_line
from scripts.study.schema import Loader, nearest
from scripts.writing.bound import ALSO, BETWEEN, CLOSE, LISTING, OPEN, PART, Number, plain
from scripts.writing.filters import listed
from scripts.writing.template import PATH, TemplateError, mistake

EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
NO_PROSE = re.compile(  # the parts of Markdown whose numbers are no results
    r"""
    \{\#\#.*?\#\#\}                                   # a comment
    | ^```.*?^```                                     # code
    | `[^`\n]*`
    | \$\$.*?\$\$ | \$[^$]+?\$                        # formulas
    | ^\#.*?$ | ^(?:title|subtitle|author|keywords|bibliography|lang):.*?$
    | \]\([^)\n]*\)                                   # the target of a link or an image
    | @[\w:.-]+[\w] | \[@[^\]]*\] | \[\^[^\]]*\]      # citations, references, notes
    | (?<=\{)[\#.][^}"]*?(?=alt=|\})                  # identifiers and classes
    | ^\s*\d+[.)]\s                                   # the number of a list's item
    | ^\|?[-:| ]+\|?$                                 # the line below a table's head
    | https?://\S+
    """,
    re.S | re.M | re.X,
)
LITERAL = re.compile(r"(?<!\w)(?<!\w-)\d+(?:[.,]\d+)*\w*")
STRING = re.compile(r"""(?<!const\()(["'])((?:(?!\1).)*)\1""")
REFERENCE = re.compile(r"(?<![\w@\\])@([A-Za-z][\w:.#$%&+?<>~/-]*\w)")
DEFINED = re.compile(r"\{[^{}\s]*#((?:fig|tbl|sec|eq):[\w-]+)|\{#([\w:-]+)")
ENTRY = re.compile(r"^@\w+\{\s*([^,\s]+)\s*,", re.M)
HEAD = re.compile(r"^---\n(.*?)^(?:---|\.\.\.)$", re.S | re.M)
CODE_BLOCK = "```.*?```"
CODE = rf"{CODE_BLOCK}|`[^`\n]*`"
NO_REFERENCES = rf"{CODE}|\$\$.*?\$\$|(?<!\S)\S+@\S+\.\w+"  # the last is an e-mail address
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]+\$", re.S)
NO_MATHS = re.compile(  # commands of TeX that are programs; to TeX, ^^5c is a backslash
    r"\^\^|\\(?:immediate|write|read|readline|open(?:in|out)|close(?:in|out)|input|@@input|include"
    r"|includeonly|special|catcode|lccode|uccode|active|[egx]?def|long|outer|global|let|futurelet"
    r"|csname|endcsname|expandafter|noexpand|the|string|meaning|jobname|scantokens|directlua"
    r"|(?:re)?newcommand|providecommand|newenvironment|usepackage|document(?:class|style)"
    r"|verbatiminput|lstinputlisting|includegraphics|loop|output|shipout|pdf\w+)(?![A-Za-z])"
)
CELL = rf"(?:config\.yaml|results/\w+\.csv)(?:{PART}[^{OPEN}-{PART}]*){{3}}"
MARK = re.compile(f"{OPEN}{CELL}(?:{ALSO}{CELL})*{BETWEEN}([^{OPEN}-{PART}]*){CLOSE}")
UNSEEN = re.compile(  # invisible characters, except the line break and the tab
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ue000-\uf8ff]"
)
MOST_SHOWN = 20  # mistakes
LONGEST_CAPTION = 20  # lines


def check_template(template: str, facts: Mapping, figures: Iterable[str]) -> None:
    """Check that no number is typed by hand, and that each claim and figure is mentioned.

    Raises:
        TemplateError: With one message for each line with typed numbers, and one for each claim
            and figure that the template never mentions.
    """
    of_line: dict[int, list[str]] = {}
    for line, number in typed_numbers(template):
        of_line.setdefault(line, []).append(number)
    found = []
    for line, numbers in of_line.items():
        found.append(mistake(template, line, typed_message(numbers, facts)))
    in_loops = facts["of_source"] if "of_source" in template else ()
    for name in facts["claims"]:
        if f'"{name}"' not in template and name not in in_loops:
            message = f"report/claims.yaml declares {name}, and the report never uses it"
            found.append(TemplateError(f"{PATH}: {message}"))
    for figure in figures:
        if f"figures/{figure}.svg" not in template:
            message = f"{figure} is drawn, and the report never shows figures/{figure}.svg"
            found.append(TemplateError(f"{PATH}: {message}"))
    if found:
        messages = [str(error) for error in found[:MOST_SHOWN]]
        if len(found) > MOST_SHOWN:
            messages.append(f"{PATH}: and {len(found) - MOST_SHOWN} more mistakes")
        raise TemplateError("\n".join(messages))


def typed_numbers(template: str) -> list[tuple[int, str]]:
    """Return (line, number) of each number in the prose and in texts that expressions write."""
    prose = NO_PROSE.sub(blank, EXPRESSION.sub(blank, template))
    for expression in EXPRESSION.finditer(template):
        for text in STRING.finditer(expression[0]):
            start = expression.start() + text.start(2)
            prose = prose[:start] + text[2] + prose[start + len(text[2]) :]
    return [(prose.count("\n", 0, n.start()) + 1, n[0]) for n in LITERAL.finditer(prose)]


def blank(match: re.Match) -> str:
    """Return a match with a space for each character except line breaks."""
    return re.sub(r"[^\n]", " ", match[0])


def typed_message(numbers: list[str], facts: Mapping) -> str:
    """Return what to write for the typed numbers of a line: their source, or `const`."""
    sources = [*settings_with(numbers, facts), "{{ a table's cell | percent }}"]
    first = numbers[0]
    typed = f"the number {first} is" if len(numbers) == 1 else f"the numbers {listed(numbers)} are"
    written = f"write where it comes from ({', '.join(sources[-3:])})"
    meant = f'{{{{ const("{first}") }}}} or ${first}$ for a number that is not a result'
    return f"{typed} typed: {written}, or {meant}"


def settings_with(numbers: list[str], facts: Mapping) -> list[str]:
    """Return the template's expressions for settings with one of the numbers.

    Numbers of one digit are left out, since too many settings have them.
    """
    found = []
    for name in ("settings", "config"):
        for key, value in facts[name].items():
            values = value if isinstance(value, list) else [value]
            texts = [number.text for number in values if isinstance(number, Number)]
            if any(text in numbers and len(text) > 1 for text in texts):
                found.append(f"{{{{ {name}.{key} }}}}")
    return found


def check_text(text: str, template: str, bibliography: str) -> None:
    """Check the text that a template gives.

    Raises:
        TemplateError: At the first invisible character, at metadata that are not valid YAML, at
            the first formula that holds a program, at the first row of a table with more or fewer
            cells than its head, at the first table without a caption, and at the first citation
            or reference without a target.
    """
    check_characters(text, template)
    text = plain(text)
    check_head(text, template)
    check_formulas(text, template)
    check_tables(text, template)
    check_references(text, template, bibliography)


def check_characters(text: str, template: str) -> None:
    """Raise a TemplateError at the first character that cannot be shown.

    The marks of numbers are private characters, too: a filter that changes them breaks them.
    """
    bare = MARK.sub(r"\1", text.replace(LISTING, ""))
    found = UNSEEN.search(bare)
    if not found:
        return
    character = found[0]
    before = one_line(bare[: found.start()].rpartition("\n")[2][-60:])
    message = f"the character {character!r} after {before!r} cannot be shown"
    if OPEN <= character <= PART:
        message = f"after {before!r}, a number was changed when it was already text"
    raise mistake(template, line_with(template, character), message)


def check_head(text: str, template: str) -> None:
    """Raise a TemplateError unless the metadata at the head of the text are valid YAML."""
    head = HEAD.search(text)
    metadata = head[1] if head else ""
    try:
        yaml.load(metadata, Loader)
    except yaml.MarkedYAMLError as error:
        line = metadata.rstrip().split("\n")[: error.problem_mark.line + 1][-1]
        message = f"the report's head is not valid YAML: {error.problem}: {line}"
        raise mistake(template, line_with(template, line), message) from None
    except (yaml.YAMLError, ValueError) as error:  # a character or a date that does not exist
        message = f"the report's head is not valid YAML: {str(error).splitlines()[0]}"
        raise mistake(template, None, message) from None


def check_formulas(text: str, template: str) -> None:
    """Raise a TemplateError at the first formula with a command that is not for mathematics."""
    for formula in FORMULA.findall(re.sub(CODE, blank, text, flags=re.S)):
        found = NO_MATHS.search(formula)
        if found:
            message = f"{found[0]} is not mathematics, in the formula {formula}"
            raise mistake(template, line_with(template, formula), message)


def check_tables(text: str, template: str) -> None:
    """Raise a TemplateError at the first incomplete table.

    All rows must have as many cells as the head, and a caption with an identifier must follow.
    """
    lines = re.sub(CODE_BLOCK, blank, text, flags=re.S).splitlines()
    for i, line in enumerate(lines):
        if not {"|", "-"} <= set(line) <= set("|:- ") or i == 0:
            continue
        columns = cells(line)
        rows = [lines[i - 1]]
        for row in lines[i + 1 :]:
            if not row.startswith("|"):
                break
            rows.append(row)
        for row in rows:
            if cells(row) != columns:
                message = f"a table of {columns} columns has a row of {cells(row)}: {row}"
                raise mistake(template, line_with(template, row[:12]), message)
        below = "\n".join(lines[i + len(rows) :][:LONGEST_CAPTION]).lstrip()
        if not re.match(r":.*?\{#tbl:", below.partition("\n\n")[0], re.S):
            message = "a table needs a caption below it: an empty line, then : Caption. {#tbl:name}"
            raise mistake(template, line_with(template, rows[0][:12]), message)


def check_references(text: str, template: str, bibliography: str) -> None:
    """Raise a TemplateError at the first citation or reference without a target."""
    defined = [first or second for first, second in DEFINED.findall(text)]
    entries = ENTRY.findall(bibliography)
    for key in REFERENCE.findall(re.sub(NO_REFERENCES, blank, text, flags=re.S)):
        known, place = entries, "report/references.bib"
        if re.match(r"(?:fig|tbl|sec|eq):", key):
            known, place = defined, "this report"
        if key not in known:
            message = f"there is no {key} in {place}{nearest(key, known)}"
            raise mistake(template, line_with(template, f"@{key}"), message)


def cells(row: str) -> int:
    """Return the number of cells in a row of a pipe table."""
    bare = re.sub(r"`[^`]*`|\\\|", "", row.strip())
    return bare.strip("|").count("|") + 1


def line_with(template: str, words: str) -> int | None:
    """Return the first line of the template that contains the words, or None."""
    start = template.find(words)
    return template.count("\n", 0, start) + 1 if start >= 0 else None
