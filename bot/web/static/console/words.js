// Times in words, as _macros.html.j2 says them.

export function span(seconds) {
  const m = Math.floor(seconds / 60);
  if (m < 1) return "kurang dari 1 mnt";
  const hours = Math.floor((m % 1440) / 60);
  if (m >= 2880) return `${Math.floor(m / 1440)} hari${hours ? ` ${hours} jam` : ""}`;
  if (m >= 60) return `${Math.floor(m / 60)} jam${m % 60 ? ` ${m % 60} mnt` : ""}`;
  return `${m} mnt`;
}

let ahead = 0; // how far the server's clock is ahead of this one

export function setClock(date) {
  const told = Date.parse(date || "");
  if (told && Math.abs(told - Date.now()) > 30000) ahead = told - Date.now();
}

const set = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };

export function refresh() {
  const now = Date.now() + ahead;
  for (const node of document.querySelectorAll("[data-due]")) {
    const left = (Date.parse(node.dataset.due) - now) / 1000;
    node.classList.remove("late", "soon", "fine");
    node.classList.add(left < 0 ? "late" : left < 3600 ? "soon" : "fine");
    set(node.querySelector(".left"), left < 0 ? `terlambat ${span(-left)}` : `sisa ${span(left)}`);
  }
  for (const node of document.querySelectorAll("[data-since]"))
    set(node, span(Math.max(0, (now - Date.parse(node.dataset.since)) / 1000)));
}
