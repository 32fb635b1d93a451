/* Beside a number that has the focus or the pointer: where it comes from, and the command that
   prints it. Escape puts it away; the pointer may move onto it. */

const tip = document.createElement("div");
tip.id = "origin";
tip.role = "tooltip";
tip.hidden = true;
document.body.append(tip);

let shown, leaving;

function element(name, text) {
  const made = document.createElement(name);
  made.append(text);
  return made;
}

/* A cell is "12:column"; the listing's entry 12 says the rest. */
function described(cell) {
  const [number, column] = cell.split(":");
  const { file, row, seeds, rule } = document.getElementById(`source-${number}`).dataset;
  const key = row.split(".").at(-1);
  const command = rule
    ? row ? `grep '^${row},' ${file}` : `cat ${file}`
    : `grep '${key}:' ${file}`;
  const facts = [file, row || "all rows", column, seeds && `${seeds} seeds`,
    rule ? `written by the rule ${rule}` : "written by hand"];
  const about = document.createElement("p");
  about.append(facts.filter(Boolean).join(" · "), element("code", command));
  return about;
}

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
document.addEventListener("keydown", ({ key }) => { if (key === "Escape") hide(); });
