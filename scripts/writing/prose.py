"""What a template must and must not say: no typed number, no claim or figure forgotten, whole
tables, no citation of or reference to what is not there, and no program where a formula should be.
"""

import re

import yaml

from scripts.study.errors import one_line
from scripts.study.schema import Loader, nearest
from scripts.writing.bound import ALSO, BETWEEN, CLOSE, LISTING, OPEN, PART, Number, plain
from scripts.writing.filters import listed
from scripts.writing.template import PATH, TemplateError, mistake

EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
NO_PROSE = re.compile(  # of Markdown: what may hold numbers that mean themselves
    r"""
    \{\#\#.*?\#\#\}                                   # a comment
    | ^```.*?^```                                     # code
    | `[^`\n]*`
    | \$\$.*?\$\$ | \$[^$]+?\$                        # formulas
    | ^\#.*?$ | ^(?:title|subtitle|author|keywords|bibliography|lang):.*?$
    | \]\([^)\n]*\)                                   # where a link or an image leads
    | @[\w:.-]+[\w] | \[@[^\]]*\] | \[\^[^\]]*\]      # citations, references, notes
    | (?<=\{)[\#.][^}"]*?(?=alt=|\})                  # identifiers and classes
    | ^\s*\d+[.)]\s                                   # an item's number
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
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]+\$", re.S)
NO_MATHS = re.compile(  # what TeX does beside typesetting; ^^5c is a backslash to it
    r"\^\^|\\(?:immediate|write|read|readline|open(?:in|out)|close(?:in|out)|input|@@input|include"
    r"|includeonly|special|catcode|lccode|uccode|active|[egx]?def|long|outer|global|let|futurelet"
    r"|csname|endcsname|expandafter|noexpand|the|string|meaning|jobname|scantokens|directlua"
    r"|(?:re)?newcommand|providecommand|newenvironment|usepackage|document(?:class|style)"
    r"|verbatiminput|lstinputlisting|includegraphics|loop|output|shipout|pdf\w+)(?![A-Za-z])"
)
CELL = rf"(?:config\.yaml|results/\w+\.csv)(?:{PART}[^{OPEN}-{PART}]*){{3}}"
MARK = re.compile(f"{OPEN}{CELL}(?:{ALSO}{CELL})*{BETWEEN}([^{OPEN}-{PART}]*){CLOSE}")
UNSEEN = re.compile(  # but the line break and the tab
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ue000-\uf8ff]"
)
MOST_SHOWN = 20  # mistakes
LONGEST_CAPTION = 20  # lines


def check_template(template, facts, figures):
    """TemplateError with a line for each typed number, and for each claim or figure that is never
    mentioned.
    """
    of_line = {}
    for line, number in typed_numbers(template):
        of_line.setdefault(line, []).append(number)
    found = [mistake(template, line, is_typed(own, facts)) for line, own in of_line.items()]
    by_loop = facts["of_source"] if "of_source" in template else ()
    found += [
        TemplateError(f"{PATH}: report/claims.yaml declares {name}, and the report never uses it")
        for name in facts["claims"]
        if f'"{name}"' not in template and name not in by_loop
    ] + [
        TemplateError(f"{PATH}: {figure} is drawn, and the report never shows figures/{figure}.svg")
        for figure in figures
        if f"figures/{figure}.svg" not in template
    ]
    if found:
        others = len(found) - MOST_SHOWN
        more = [f"{PATH}: and {others} mistakes more"] if others > 0 else []
        raise TemplateError("\n".join([*map(str, found[:MOST_SHOWN]), *more]))


def typed_numbers(template):
    """(line, number) of each number in the prose, and in texts that expressions write."""
    prose = NO_PROSE.sub(blank, EXPRESSION.sub(blank, template))
    for expression in EXPRESSION.finditer(template):
        for text in STRING.finditer(expression[0]):
            start = expression.start() + text.start(2)
            prose = prose[:start] + text[2] + prose[start + len(text[2]) :]
    return [(prose.count("\n", 0, n.start()) + 1, n[0]) for n in LITERAL.finditer(prose)]


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def is_typed(numbers, facts):
    """What to write for the numbers of a line: where they come from, or that they are meant."""
    settings = [
        f"{{{{ {name}.{key} }}}}"
        for name, values in (("settings", facts["settings"]), ("config", facts["config"]))
        for key, value in values.items()
        for one in (value if isinstance(value, list) else [value])
        if isinstance(one, Number) and one.text in numbers and len(one.text) > 1
    ]
    known = list(dict.fromkeys([*settings, "{{ a table's cell | percent }}"]))[-3:]
    first = numbers[0]
    typed = f"the number {first} is" if len(numbers) == 1 else f"the numbers {listed(numbers)} are"
    meant = f'{{{{ const("{first}") }}}} or ${first}$ for what is no result'
    return f"{typed} typed: write where it comes from ({', '.join(known)}), or {meant}"


def check_text(text, template, bibliography):
    """TemplateError at the first sign that nobody sees, at metadata that are no YAML, at a formula
    that is none, at the first row of a table that has not as many cells as its head, and at the
    first citation or reference of what is not there.
    """
    check_signs(text, template)
    text = plain(text)
    check_head(text, template)
    for formula in FORMULA.findall(re.sub(r"```.*?```|`[^`\n]*`", blank, text, flags=re.S)):
        if found := NO_MATHS.search(formula):
            said = f"{found[0]} is no mathematics, in the formula {formula}"
            raise mistake(template, line_with(template, formula), said)
    check_tables(re.sub(r"```.*?```", blank, text, flags=re.S), template)
    defined = [first or second for first, second in DEFINED.findall(text)]
    entries = ENTRY.findall(bibliography)
    prose = re.sub(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|(?<!\S)\S+@\S+\.\w+", blank, text, flags=re.S)
    for key in REFERENCE.findall(prose):
        is_reference = re.match(r"(?:fig|tbl|sec|eq):", key)
        known, place = (
            (defined, "this report") if is_reference else (entries, "report/references.bib")
        )
        if key not in known:
            said = f"there is no {key} in {place}{nearest(key, known)}"
            raise mistake(template, line_with(template, f"@{key}"), said)


def check_signs(text, template):
    """The marks of numbers are private signs, too: a filter that changes them breaks them."""
    bare = MARK.sub(r"\1", text.replace(LISTING, ""))
    if found := UNSEEN.search(bare):
        sign, before = found[0], one_line(bare[: found.start()].rpartition("\n")[2][-60:])
        said = f"the sign {sign!r} after {before!r} cannot be shown"
        if OPEN <= sign <= PART:
            said = f"after {before!r}, something was made of a number when it was text already"
        raise mistake(template, line_with(template, sign), said)


def check_head(text, template):
    """The metadata, which end where the text begins."""
    head = HEAD.search(text)
    try:
        yaml.load(head[1] if head else "", Loader)
    except yaml.MarkedYAMLError as error:
        line = head[1].rstrip().split("\n")[: error.problem_mark.line + 1][-1]
        said = f"the report's head is no YAML: {error.problem}: {line}"
        raise mistake(template, line_with(template, line), said) from None
    except (yaml.YAMLError, ValueError) as error:  # a character or a date that there is not
        said = f"the report's head is no YAML: {str(error).splitlines()[0]}"
        raise mistake(template, None, said) from None


def check_tables(text, template):
    lines = text.splitlines()
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
                said = f"a table of {columns} columns has a row of {cells(row)}: {row}"
                raise mistake(template, line_with(template, row[:12]), said)
        below = "\n".join(lines[i + len(rows) :][:LONGEST_CAPTION]).lstrip()
        if not re.match(r":.*?\{#tbl:", below.partition("\n\n")[0], re.S):
            said = "a table needs a caption below it: an empty line, then : Caption. {#tbl:name}"
            raise mistake(template, line_with(template, rows[0][:12]), said)


def cells(row):
    """How many cells a row of a pipe table has."""
    bare = re.sub(r"`[^`]*`|\\\|", "", row.strip())
    return bare.strip("|").count("|") + 1


def line_with(template, words):
    """The first line that holds some words, if there is one."""
    at = template.find(words)
    return template.count("\n", 0, at) + 1 if at >= 0 else None
