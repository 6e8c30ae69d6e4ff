// The page stays as it is in the database: when the server says "changed", it is fetched again
// and the parts that differ are put in place. What somebody is typing in is left alone.
import { refresh, setClock } from "./words.js";

const say = (text) => { document.getElementById("live").textContent = text; };
const seen = new Map(); // what each part was when it was put in place

const parts = (root) => root.querySelectorAll("main [data-part]");

// Nonces differ in every copy of a page; they are no change.
const bare = (node) => node.outerHTML.replace(/name="(nonce|csrf)" value="[^"]*"/g, "");

export function remember(root = document) {
  for (const part of parts(root)) seen.set(part.dataset.part, bare(part));
}

const changed = (field) => {
  if (field.type === "hidden" || field.type === "search") return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type === "file") return field.files.length > 0;
  if (field.tagName === "SELECT") return [...field.options].some((o) => o.selected !== o.defaultSelected) && field.selectedIndex > 0;
  return field.value !== field.defaultValue;
};

function busy(part) {
  const at = document.activeElement;
  if (at && at !== document.body && part.contains(at) && at.matches("input, select, textarea")) return true;
  return [...part.querySelectorAll("input, select, textarea")].some(changed);
}

function put(old, fresh) {
  const open = new Map([...old.querySelectorAll("details[id]")].map((d) => [d.id, d.open]));
  const at = document.activeElement;
  const focus = at && old.contains(at) ? at.id || at.getAttribute("href") : null;
  for (const [id, was] of open) {
    const twin = fresh.querySelector(`#${CSS.escape(id)}`);
    if (twin) twin.open = was || twin.open;
  }
  const known = new Set([...old.querySelectorAll("li[id]")].map((li) => li.id));
  for (const li of fresh.querySelectorAll("li[id]")) if (!known.has(li.id)) li.classList.add("fresh");
  old.replaceWith(fresh);
  if (focus) {
    const back = fresh.querySelector(`#${CSS.escape(focus)}, [href="${CSS.escape(focus)}"]`);
    if (back) back.focus({ preventScroll: true });
  }
}

// Put a fetched page in place of this one; `form` is one that was just sent, so it may go.
export function swap(html, form = null) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const end = document.documentElement.scrollHeight - window.innerHeight - window.scrollY < 40;
  const here = new Map([...parts(document)].map((part) => [part.dataset.part, part]));
  let stale = false;
  let moved = false;
  for (const fresh of parts(page)) {
    const name = fresh.dataset.part;
    const old = here.get(name);
    here.delete(name);
    const now = bare(fresh);
    if (!old) {
      const before = [...fresh.parentElement.children].slice(0, [...fresh.parentElement.children].indexOf(fresh)).reverse()
        .map((node) => node.id && document.getElementById(node.id)).find(Boolean);
      if (before) before.after(document.importNode(fresh, true));
      seen.set(name, now);
      continue;
    }
    if (seen.get(name) === now && !(form && old.contains(form))) continue;
    if (busy(old) && !(form && old.contains(form))) { stale = stale || name === "tindakan"; continue; }
    put(old, document.importNode(fresh, true));
    seen.set(name, now);
    moved = moved || name === "percakapan";
  }
  for (const [name, gone] of here) if (!busy(gone)) { gone.remove(); seen.delete(name); }
  const flash = page.getElementById("flash");
  const place = document.getElementById("flash-place");
  if (flash) place.replaceChildren(document.importNode(flash, true));
  if (stale && !document.querySelector(".stale")) {
    const note = document.createElement("p");
    note.className = "stale";
    note.textContent = "Tiket ini berubah sejak Anda mulai mengisi. Isian Anda tetap di sini.";
    document.getElementById("tindakan").prepend(note);
  }
  if (moved) say("Percakapan diperbarui.");
  refresh();
  document.dispatchEvent(new CustomEvent("fresh"));
  if (moved && end) window.scrollTo({ top: document.documentElement.scrollHeight });
}

let fetching = false;
let again = false;
let timer = 0;

export async function update() {
  if (fetching) { again = true; return; }
  fetching = true;
  clearTimeout(timer);
  try {
    const url = new URL(location.href);
    url.searchParams.delete("pesan");
    url.searchParams.delete("gagal");
    const answer = await fetch(url, { headers: { "X-Fragment": "1" }, cache: "no-store" });
    setClock(answer.headers.get("date"));
    if (answer.status === 401) { say("Sesi sudah berakhir. Muat ulang halaman untuk masuk lagi."); stop(); return; }
    if (answer.ok) swap(await answer.text());
  } catch { /* offline: the stream comes back by itself, and then it is fetched */ } finally {
    fetching = false;
    if (again) { again = false; setTimeout(update, 1000); }
  }
  later();
}

// A message on its way: look again soon.
export function later() {
  const waits = document.querySelector("[data-again]");
  clearTimeout(timer);
  if (waits) timer = setTimeout(update, 1000 * Number(waits.dataset.again));
}

let source = null;
function stop() { if (source) source.close(); source = null; }

export function listen(about, onAlerts) {
  if (!("EventSource" in window)) return;
  let lost = false;
  source = new EventSource(`/console/kabar?untuk=${about ?? 0}`);
  if (about !== undefined) source.addEventListener("berubah", update);
  source.addEventListener("kabar", (event) => onAlerts(JSON.parse(event.data)));
  source.onerror = () => { lost = true; };
  if (about === undefined) return;
  source.onopen = () => { if (lost) { lost = false; update(); } };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) update(); });
}
