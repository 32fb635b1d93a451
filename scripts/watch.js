/* Shows the watcher's news: a new page in place of the old one, scrolled to the same place, or what
   is wrong. */

const banner = document.createElement("pre");
banner.setAttribute("role", "status");
Object.assign(banner.style, {
  position: "fixed", inset: "auto 1rem 1rem", margin: "0", padding: "1rem", zIndex: 9,
  whiteSpace: "pre-wrap", maxHeight: "50vh", overflow: "auto", color: "#fff",
});
banner.id = "watch";
document.body.append(banner);

let shown = null;

async function renew() {
  const text = await (await fetch("/")).text();
  const parsed = new DOMParser().parseFromString(text, "text/html");
  const next = document.importNode(parsed.documentElement, true);
  const pictures = [...next.querySelectorAll("img")].map((picture) => picture.decode());
  await Promise.allSettled(pictures); // so that nothing jumps
  const { scrollX, scrollY } = window;
  document.title = parsed.title;
  for (const part of ["style", "header", "nav", "main"]) {
    const [old, fresh] = [document.querySelector(part), next.querySelector(part)];
    if (old && fresh) {
      const folds = [...old.querySelectorAll("details")];
      fresh.querySelectorAll("details").forEach((fold, i) => { fold.open = folds[i]?.open; });
      old.replaceWith(fresh);
    }
    else if (fresh) location.reload();
  }
  window.scrollTo(scrollX, scrollY);
}

new EventSource("/events").onmessage = async ({ data }) => {
  const { page, error, note } = JSON.parse(data);
  if (shown !== null && page !== shown) await renew();
  shown = page;
  banner.textContent = [error, note].filter(Boolean).join("\n\n");
  banner.hidden = !banner.textContent;
  banner.style.background = error ? "#8c1d18" : "#374151";
};
