// Forms: drafts are kept, Ctrl+Enter sends, replies go out without leaving the page.
import { later, swap } from "./live.js";

const keep = {
  get: (key) => { try { return JSON.parse(sessionStorage.getItem(key) || "null"); } catch { return null; } },
  set: (key, value) => { try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* full or closed */ } },
  drop: (key) => { try { sessionStorage.removeItem(key); } catch { /* closed */ } },
};
const keyOf = (form) => `loket-draf:${form.dataset.draft}`;
const texts = (form) => [...form.querySelectorAll("textarea, input:not([type])")].filter((f) => f.name);

function save(form) {
  const said = Object.fromEntries(texts(form).filter((f) => f.value !== f.defaultValue).map((f) => [f.name, f.value]));
  if (Object.keys(said).length) keep.set(keyOf(form), said); else keep.drop(keyOf(form));
}

function restore(form) {
  const said = keep.get(keyOf(form));
  if (!said) return;
  for (const field of texts(form)) if (field.name in said && field.value === field.defaultValue) field.value = said[field.name];
  for (const row of form.querySelectorAll("[data-items] > [hidden]")) if (row.querySelector("input")?.value) row.hidden = false;
}

function suggest(field) {
  const form = field.form;
  const place = form.querySelector("[data-from]");
  const asked = new URLSearchParams({ dampak: form.elements.dampak.value, mendesak: form.elements.mendesak.value });
  fetch(`${place.dataset.from}?${asked}`, { headers: { "X-Fragment": "1" } })
    .then((answer) => (answer.ok ? answer.text() : ""))
    .then((text) => { place.textContent = text; })
    .catch(() => { place.textContent = ""; });
}

function outcome(form) {
  const chosen = form.querySelector("input[name=hasil]:checked")?.value;
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== chosen;
}

// Canned replies and FAQ answers: fetched when they are opened, put where the text is written.
async function find(picker, said) {
  const place = picker.querySelector("[data-found]");
  const asked = new URLSearchParams({ number: picker.dataset.replies, q: said });
  try {
    const answer = await fetch(`/console/balasan.json?${asked}`, { headers: { "X-Fragment": "1" } });
    const found = answer.ok ? await answer.json() : [];
    place.replaceChildren(...found.map((one) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = one.title;
      if (one.note) button.append(Object.assign(document.createElement("small"), { textContent: ` ${one.note}` }));
      button.addEventListener("click", () => {
        const box = picker.closest("form").querySelector("textarea[name=teks]");
        box.value = box.value.trim() ? `${box.value.trimEnd()}\n\n${one.text}` : one.text;
        box.dispatchEvent(new Event("input", { bubbles: true }));
        picker.open = false;
        box.focus();
      });
      return button;
    }));
    if (!found.length) place.textContent = "Tidak ada balasan yang cocok.";
  } catch { place.textContent = "Belum bisa mengambil balasan. Coba lagi."; }
}

function set(root) {
  for (const node of root.querySelectorAll(".needs-js[data-replies], [data-more]")) node.hidden = false;
  for (const list of root.querySelectorAll("[data-items]")) {
    [...list.querySelectorAll(".row-2")].forEach((row, n) => { if (n > 1 && !row.querySelector("input").value) row.hidden = true; });
  }
  for (const form of root.querySelectorAll("form[data-draft]")) restore(form);
  for (const form of root.querySelectorAll("form")) if (form.querySelector("[data-for]")) outcome(form);
}

const problem = (text) => {
  const flash = Object.assign(document.createElement("p"), { className: "flash refused", textContent: text, id: "flash" });
  flash.setAttribute("role", "alert");
  document.getElementById("flash-place").replaceChildren(flash);
  flash.scrollIntoView({ block: "nearest" });
};

// The same nonce is sent again after a lost connection, so that nothing is done twice.
async function send(form, button) {
  const body = new FormData(form, button);
  const buttons = form.querySelectorAll("button");
  for (const b of buttons) b.disabled = true;
  try {
    const answer = await fetch(button?.getAttribute("formaction") || form.action, { method: "POST", body });
    if (answer.status === 401 || answer.status === 403 || answer.status === 413) {
      problem("Belum terkirim: sesi atau halaman ini sudah kedaluwarsa, atau kirimannya terlalu besar. Tulisan Anda masih ada; muat ulang lalu kirim lagi.");
      return;
    }
    if (answer.status === 503) { problem("Belum terkirim: sistem sedang sibuk. Coba lagi sebentar."); return; }
    const page = await answer.text();
    if (answer.ok) keep.drop(keyOf(form));
    if (!page.includes("data-part=")) { problem("Belum terkirim. Muat ulang halaman, lalu coba lagi."); return; }
    if (answer.ok) form.reset();
    swap(page, answer.ok ? form : null);
    later();
    if (answer.ok) document.querySelector(`#${form.id} textarea`)?.focus({ preventScroll: true });
  } catch {
    problem("Belum terkirim: koneksi terputus. Tulisan Anda masih ada; kirim lagi.");
  } finally {
    for (const b of buttons) b.disabled = false;
  }
}

export function start() {
  set(document);
  document.addEventListener("fresh", () => set(document));
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-draft]");
    if (form) save(form);
    if (event.target.matches("[data-find]")) {
      clearTimeout(event.target.wait);
      event.target.wait = setTimeout(() => find(event.target.closest("details"), event.target.value), 250);
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-suggest]")) suggest(event.target);
    if (event.target.name === "hasil" && event.target.type === "radio") outcome(event.target.form);
  });
  document.addEventListener("toggle", (event) => {
    const node = event.target;
    if (!node.open) return;
    if (node.matches("[data-replies]")) find(node, node.querySelector("[data-find]").value);
    const field = node.id === "a-jenis" && node.querySelector("[data-suggest]");
    if (field) suggest(field);
  }, true);
  document.addEventListener("click", (event) => {
    const more = event.target.closest("[data-more]");
    if (more) {
      const row = more.parentElement.querySelector(".row-2[hidden]");
      if (row) { row.hidden = false; row.querySelector("input").focus(); }
      if (!more.parentElement.querySelector(".row-2[hidden]")) more.hidden = true;
    }
    const opens = event.target.closest("[data-opens]");
    if (opens) document.getElementById(opens.dataset.opens).open = true;
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea[data-send]")) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
    if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.querySelector("textarea[data-send]")) {
      event.preventDefault();
      send(form, event.submitter);
    } else if (form.dataset.draft) {
      keep.drop(keyOf(form)); // what is refused comes back on the page
    }
  });
}
