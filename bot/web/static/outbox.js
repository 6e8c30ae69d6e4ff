// What the user said and the server has not taken yet: sent in order, kept over reloads.

import { request, session, store } from "./api.js";
import { say } from "./text.js";

const PREFIX = "loket.out.";

/** A UUID also where `crypto.randomUUID` is missing (a page served without TLS). */
function newId() {
  const [a, b, c, d] = crypto.getRandomValues(new Uint32Array(4)).map(Number);
  const hex = [a, b, c, d].map((part) => part.toString(16).padStart(8, "0")).join("");
  return hex.replace(/(.{8})(.{4}).(.{3}).(.{3})(.{12})/, "$1-$2-4$3-a$4-$5");
}

/**
 * Items: {id, at, text?, choice?, label?, files?, names?, state, error?}.
 * `state`: "sending"; "failed", tried again by itself and by hand; "refused", never taken.
 */
export class Outbox {
  /** `on`: changed(item), progress(item, part), sent(item, answer), lost(ApiError). */
  constructor(on) {
    Object.assign(this, { on, items: [], failures: 0, held: false });
    addEventListener("online", () => this.pump());
    document.addEventListener("visibilitychange", () => document.hidden || this.pump());
    // Files cannot be kept over a reload, so ask before they are lost.
    addEventListener("beforeunload", (event) => {
      if (this.items.some((item) => item.files && item.state !== "refused")) event.preventDefault();
    });
  }

  /** Shows and sends what an earlier page left; its files are gone and must be chosen again. */
  restore() {
    const kept = Object.keys(store).filter((key) => key.startsWith(PREFIX));
    this.items = kept.map((key) => JSON.parse(store.getItem(key))).sort((a, b) => a.at - b.at);
    for (const item of this.items) {
      if (item.names) Object.assign(item, { state: "refused", error: say("gone", { name: item.names }) });
      this.on.changed(item);
    }
    this.pump();
  }

  /** `said`: text or choice and label; files. */
  add(said) {
    // Later than the one before, also within one millisecond: `at` is the order.
    const at = (this.last = Math.max(Date.now(), (this.last || 0) + 1));
    const item = { id: newId(), at, state: "sending", ...said };
    if (item.files) item.names = item.files.map((file) => file.name).join(", ");
    this.items.push(item);
    this.keep(item);
    this.on.changed(item);
    this.pump();
  }

  keep({ files, ...item }) {
    try {
      store.setItem(PREFIX + item.id, JSON.stringify(item));
    } catch { /* the browser's room is used up: it lives in the page only */ }
  }

  drop(item) {
    this.items = this.items.filter((other) => other !== item);
    store.removeItem(PREFIX + item.id);
  }

  clear() {
    this.items.forEach((item) => this.drop(item));
  }

  /** The server shows this message: true when it was still waiting here. */
  settled(id) {
    const item = this.items.find((one) => one.id === id);
    if (item) this.drop(item);
    return Boolean(item);
  }

  retry(id) {
    const item = this.items.find((one) => one.id === id);
    item.state = "sending";
    this.on.changed(item);
    this.pump();
  }

  async pump() {
    if (this.busy) return;
    this.busy = true;
    clearTimeout(this.timer);
    for (let item, going = true; going && !this.held;) {
      item = this.items.find((one) => one.state !== "refused");
      going = item && (await this.attempt(item));
    }
    this.busy = false;
  }

  /** True when the next one may go: a refusal holds up nobody, a cut connection everybody. */
  async attempt(item) {
    try {
      if (!session.token) await session.open({});
      const answer = await this.post(item);
      this.failures = 0;
      this.drop(item);
      this.on.sent(item, answer);
      return true;
    } catch (error) {
      if (!this.items.includes(item)) return true;
      const later = error.passing || error.status === 401;
      item.state = later ? "failed" : "refused";
      item.error = error.message;
      this.keep(item);
      this.on.changed(item);
      if (error.status === 401) this.on.lost(error);
      else if (later) {
        const pause = Math.min(60, 2 ** ++this.failures) * (0.75 + Math.random() / 2);
        this.timer = setTimeout(() => this.pump(), 1000 * (error.retryAfter || pause));
      }
      return !later;
    }
  }

  post(item) {
    const { id, text, choice, files } = item;
    if (!files) return request("POST", "/webchat/messages", { message_id: id, ...(choice ? { choice } : { text }) });
    const form = new FormData();
    form.append("message_id", id);
    if (text) form.append("text", text);
    for (const file of files) form.append("file", file);
    return request("POST", "/webchat/messages", form, { progress: (part) => this.on.progress(item, part) });
  }
}
