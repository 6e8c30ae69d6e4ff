// When the server says "changed", the page is fetched again and the parts that differ are put in
// place. What somebody is typing in is left alone.
import { refresh, setClock } from "./words.js";

const say = (text) => { document.getElementById("live").textContent = text; };
const parts = (root) => [...root.querySelectorAll("main [data-part]")];
const seen = new Map(); // what each part was when it was put in place
// Nonces differ in every copy of a page; they are no change.
const bare = (node) => node.outerHTML.replace(/name="(nonce|csrf)" value="[^"]*"/g, "");

export function remember() {
  for (const part of parts(document)) seen.set(part.dataset.part, bare(part));
}

function changed(field) {
  if (field.type === "hidden" || field.type === "search") return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type === "file") return field.files.length > 0;
  if (field.options) {
    const first = [...field.options].findIndex((o) => o.defaultSelected);
    return field.selectedIndex !== Math.max(first, 0);
  }
  return field.value !== field.defaultValue;
}

function busy(part) {
  const at = document.activeElement;
  return (part.contains(at) && at.matches("input, select, textarea"))
    || [...part.querySelectorAll("input, select, textarea")].some(changed);
}

function put(old, fresh) {
  const at = document.activeElement;
  const focus = old.contains(at) ? at.id || at.getAttribute("href") : null;
  for (const was of old.querySelectorAll("details[id][open]")) {
    const twin = fresh.querySelector(`#${CSS.escape(was.id)}`);
    if (twin) twin.open = true;
  }
  old.replaceWith(fresh);
  if (focus) fresh.querySelector(`#${CSS.escape(focus)}, [href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
}

// A part that was not there: after what stands before it in the fetched page.
function insert(fresh) {
  let before = fresh.previousElementSibling;
  while (before && !(before.id && document.getElementById(before.id))) before = before.previousElementSibling;
  if (before) document.getElementById(before.id).after(document.importNode(fresh, true));
}

// Put a fetched page in place of this one. `form` was just sent: what it held may go.
export function swap(html, form = null) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const root = document.documentElement;
  const atEnd = root.scrollHeight - innerHeight - scrollY < 40;
  const here = new Map(parts(document).map((part) => [part.dataset.part, part]));
  let talked = false;
  for (const fresh of parts(page)) {
    const name = fresh.dataset.part;
    const old = here.get(name);
    const sent = form && old?.contains(form);
    here.delete(name);
    if (old && seen.get(name) === bare(fresh) && !sent) continue;
    if (old && busy(old) && !sent) {
      if (name === "tindakan") stale(old);
      continue;
    }
    seen.set(name, bare(fresh));
    if (old) put(old, document.importNode(fresh, true)); else insert(fresh);
    talked ||= name === "percakapan";
  }
  for (const gone of here.values()) if (!busy(gone)) gone.remove();
  const flash = page.getElementById("flash");
  if (flash) document.getElementById("flash-place").replaceChildren(document.importNode(flash, true));
  refresh();
  document.dispatchEvent(new Event("fresh"));
  if (talked) say("Percakapan diperbarui.");
  if (talked && atEnd) scrollTo({ top: root.scrollHeight });
}

const make = (className, textContent) => Object.assign(document.createElement("p"), { className, textContent });

export function flash(text) {
  const said = make("flash refused", text);
  said.role = "alert";
  document.getElementById("flash-place").replaceChildren(said);
  said.scrollIntoView({ block: "nearest" });
}

function stale(part) {
  if (!part.querySelector(".stale"))
    part.prepend(make("stale", "Tiket ini berubah sejak Anda mulai mengisi. Isian Anda tetap di sini."));
}

let fetching = false;
let again = false;
let lost = false;
let timer = 0;

export async function update() {
  again = fetching;
  if (fetching) return;
  fetching = true;
  try {
    const answer = await fetch(location.href.split("#")[0], { headers: { "X-Fragment": document.hidden ? "1" : "seen" }, cache: "no-store" });
    setClock(answer.headers.get("date"));
    if (answer.status === 401) flash("Sesi sudah berakhir. Muat ulang halaman untuk masuk lagi.");
    if (answer.ok) {
      swap(await answer.text());
      later();
    }
  } catch { /* offline: it is fetched once the stream is back */ }
  fetching = false;
  if (again) setTimeout(update, 1000);
}

// A message is on its way.
export function later() {
  clearTimeout(timer);
  const waits = document.querySelector("[data-again]");
  if (waits) timer = setTimeout(update, 1000 * waits.dataset.again);
}

export function listen(about, onAlerts) {
  const source = new EventSource(`/console/kabar?untuk=${about ?? 0}`);
  source.addEventListener("kabar", (event) => onAlerts(JSON.parse(event.data)));
  source.onerror = () => {
    lost = true;
    if (source.readyState < 2) return;
    update();
    setTimeout(listen, 30000, about, onAlerts);
  };
  if (about === undefined) return;
  source.addEventListener("berubah", update);
  source.onopen = () => { if (lost) update(); lost = false; };
  document.onvisibilitychange = () => { if (!document.hidden) update(); };
}
