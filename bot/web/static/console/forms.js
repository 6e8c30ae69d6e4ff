// Forms: drafts are kept, Ctrl+Enter sends, replies go out without leaving the page.
import { flash, later, swap } from "./live.js";

const keyOf = (form) => `loket-draf:${form.dataset.draft}`;
const texts = (form) => [...form.querySelectorAll("textarea, input:not([type])")];
const fragment = { headers: { "X-Fragment": "1" } };

function save(form) {
  const said = texts(form).filter((f) => f.value !== f.defaultValue).map((f) => [f.name, f.value]);
  try {
    if (said.length) sessionStorage.setItem(keyOf(form), JSON.stringify(Object.fromEntries(said)));
    else sessionStorage.removeItem(keyOf(form));
  } catch { /* storage is full or closed */ }
}

function drop(form) {
  try { sessionStorage.removeItem(keyOf(form)); } catch { /* closed */ }
}

function restore(form) {
  let said = null;
  try { said = JSON.parse(sessionStorage.getItem(keyOf(form))); } catch { /* closed */ }
  for (const field of said ? texts(form) : [])
    if (field.name in said && field.value === field.defaultValue) field.value = said[field.name];
}

async function suggest(form) {
  const place = form.querySelector("[data-from]");
  const asked = new URLSearchParams({ dampak: form.elements.dampak.value, mendesak: form.elements.mendesak.value });
  try { place.textContent = await (await fetch(`${place.dataset.from}?${asked}`, fragment)).text(); } catch { /* no advice then */ }
}

function outcome(form) {
  const chosen = form.querySelector("input[name=hasil]:checked")?.value;
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== chosen;
}

// Canned replies and FAQ answers: fetched when opened, put where the text is written.
async function find(picker) {
  const place = picker.querySelector("[data-found]");
  const asked = new URLSearchParams({ number: picker.dataset.replies, q: picker.querySelector("[data-find]").value });
  try {
    const found = await (await fetch(`/console/balasan.json?${asked}`, fragment)).json();
    place.replaceChildren(...found.map((one) => choice(picker, one)));
    if (!found.length) place.textContent = "Tidak ada balasan yang cocok.";
  } catch { place.textContent = "Belum bisa mengambil balasan. Coba lagi."; }
}

function choice(picker, one) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet" });
  button.textContent = one.note ? `${one.title} (${one.note})` : one.title;
  button.addEventListener("click", () => {
    const box = picker.closest("form").elements.teks;
    box.value = box.value.trim() ? `${box.value.trimEnd()}\n\n${one.text}` : one.text;
    save(box.form);
    picker.open = false;
    box.focus();
  });
  return button;
}

function set() {
  for (const node of document.querySelectorAll("[data-replies], [data-more]")) node.hidden = false;
  for (const form of document.querySelectorAll("form[data-draft]")) restore(form);
  for (const list of document.querySelectorAll("[data-items]"))
    [...list.querySelectorAll(".row-2")].forEach((row, n) => { row.hidden = n > 1 && !row.querySelector("input").value; });
  for (const form of document.querySelectorAll("form:has([data-for])")) outcome(form);
}

const problem = (text) => flash(`Belum terkirim: ${text}`);

// After a lost connection the same nonce is sent again, so that nothing is done twice.
async function send(form, button) {
  const body = new FormData(form);
  const buttons = form.querySelectorAll("button");
  for (const b of buttons) b.disabled = true;
  try {
    const answer = await fetch(button?.getAttribute("formaction") ?? form.action, { method: "POST", body });
    const page = await answer.text();
    if (!page.includes("data-part=")) {
      problem(answer.status === 503 ? "sistem sibuk. Coba lagi sebentar." : "sesi atau halaman ini sudah lama. Muat ulang, lalu kirim lagi; tulisan Anda disimpan.");
      return;
    }
    if (answer.ok) {
      drop(form);
      form.reset();
    }
    swap(page, answer.ok ? form : null);
    later();
    if (answer.ok) document.getElementById(form.id)?.querySelector("textarea").focus({ preventScroll: true });
  } catch {
    problem("koneksi terputus. Tulisan Anda masih ada; kirim lagi.");
  } finally {
    for (const b of buttons) b.disabled = false;
  }
}

function click({ target }) {
  const more = target.closest("[data-more]");
  const row = more?.parentElement.querySelector(".row-2[hidden]");
  if (row) {
    row.hidden = false;
    row.querySelector("input").focus();
  }
  const opens = target.closest("[data-opens]");
  if (opens) document.getElementById(opens.dataset.opens).open = true;
  for (const menu of document.querySelectorAll(".menu[open]")) menu.open = menu.contains(target);
}

export function start() {
  set();
  let typing = 0;
  document.addEventListener("fresh", set);
  document.addEventListener("click", click);
  document.addEventListener("input", ({ target }) => {
    const form = target.closest("form[data-draft]");
    if (form) save(form);
    if (!target.matches("[data-find]")) return;
    clearTimeout(typing);
    typing = setTimeout(() => find(target.closest("details")), 250);
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-suggest]")) suggest(target.form);
    if (target.name === "hasil" && target.type === "radio") outcome(target.form);
  });
  document.addEventListener("toggle", ({ target }) => {
    if (!target.open) return;
    if (target.matches("[data-replies]")) find(target);
    if (target.id === "a-jenis") suggest(target.querySelector("form"));
  }, true);
  document.addEventListener("keydown", (event) => {
    const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (sends && event.target.matches("[data-send]")) event.target.form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.querySelector("[data-send]")) {
      event.preventDefault();
      send(form, event.submitter);
    } else if (form.dataset.draft) {
      drop(form); // what is refused comes back on the page
    }
  });
}
