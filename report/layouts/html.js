/* Beside a number that has the focus or the pointer: where it comes from, and the command that
   prints it. Escape puts it away; the pointer may move onto it. A click opens a panel that shows the
   whole row. */

document.querySelector("nav details").open = matchMedia("(min-width: 48rem)").matches;

const tip = document.createElement("div");
tip.id = "origin";
tip.role = "tooltip";
tip.hidden = true;
document.body.append(tip);

let shown, leaving;

function element(name, ...content) {
  const made = document.createElement(name);
  made.append(...content);
  return made;
}

/* A cell is "12:column"; the listing's entry 12 says the rest. */
function read(cell) {
  const [number, column] = cell.split(":");
  const entry = document.getElementById(`source-${number}`);
  const { file, row, seeds, rule, header, cells } = entry.dataset;
  const key = row.split(".").at(-1);
  const command = rule
    ? row ? `grep '^${row},' ${file}` : `cat ${file}`
    : `grep '${key}:' ${file}`;
  const term = [...entry.closest("details")?.querySelectorAll("dt") ?? []]
    .find(({ textContent }) => textContent === column);
  return {
    number, file, row: row || "all rows", column, command,
    meaning: term?.nextElementSibling.textContent.trim(),
    seeds: seeds && `${seeds} seeds`, rule: rule ? `written by the rule ${rule}` : "written by hand",
    names: header?.split(",") ?? [], values: cells?.split(",") ?? [],
  };
}

function described(cell) {
  const { file, row, column, seeds, rule, command } = read(cell);
  const facts = [file, row, column, seeds, rule].filter(Boolean).join(" · ");
  return element("p", facts, element("code", command));
}

function rowOf(cell) {
  const { number, file, row, column, meaning, seeds, rule, command, names, values } = read(cell);
  const body = element("tbody", ...names.map((name, i) => {
    const line = element("tr", element("th", name), element("td", values[i] || "–"));
    line.className = name === column ? "this" : "";
    line.firstChild.scope = "row";
    return line;
  }));
  const place = element("a", "In the list of sources");
  place.href = `#source-${number}`;
  const value = values[names.indexOf(column)];
  return [
    element("h3", [column, row].filter(Boolean).join(" of "), value ? ` = ${value}` : ""),
    ...meaning ? [element("p", `${meaning[0].toUpperCase()}${meaning.slice(1)}.`)] : [],
    element("p", [file, seeds, rule].filter(Boolean).join(" · "), element("code", command)),
    ...names.length ? [element("table", body)] : [],
    element("p", place),
  ];
}

const panel = document.createElement("dialog");
panel.id = "panel";
panel.setAttribute("aria-labelledby", "panel-title");
document.body.append(panel);
let from;  // the number that the panel is about

function open(link) {
  hide();
  from = link;
  const close = element("form", element("button", "Close"));
  close.method = "dialog";
  const title = element("h2", link.textContent);
  title.id = "panel-title";
  panel.replaceChildren(close, title, ...link.dataset.from.split("+").flatMap(rowOf));
  panel.show();
  panel.scrollTop = 0;
}

panel.addEventListener("close", () => { from?.focus({ preventScroll: true }); hide(); });
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.bound");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link);
});

function show(link) {
  hide();
  shown = link;
  const cells = link.dataset.from.split("+");
  tip.replaceChildren(...cells.slice(0, 3).map(described));
  if (cells.length > 3) tip.append(element("p", `and ${cells.length - 3} more`));
  tip.hidden = false;
  link.setAttribute("aria-describedby", tip.id);
  const place = link.getBoundingClientRect();
  const left = Math.min(place.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
  const below = place.bottom + tip.offsetHeight + 8 < window.innerHeight;
  const top = below ? place.bottom + 4 : place.top - tip.offsetHeight - 4;
  tip.style.left = `${Math.max(8, left) + window.scrollX}px`;
  tip.style.top = `${top + window.scrollY}px`;
}

function hide() {
  clearTimeout(leaving);
  tip.hidden = true;
  shown?.removeAttribute("aria-describedby");
}

const hideSoon = () => { leaving = setTimeout(hide, 200); };

for (const [begin, end] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
  document.addEventListener(begin, ({ target }) => {
    const link = target.closest("a.bound");
    if (link) show(link);
    else if (tip.contains(target)) clearTimeout(leaving);
  });
  document.addEventListener(end, ({ target }) => {
    if (target.closest("a.bound, #origin")) hideSoon();
  });
}
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  if (panel.open) panel.close();
  hide();
});
