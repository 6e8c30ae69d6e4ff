// The conversation on the page: what the server told, then what is still on its way.

import { fileNode, remember } from "./files.js";
import { copyOf, formatted, make, numbersIn, say } from "./text.js";

const WINDOW = 200; // messages kept in the page
const SAME_TURN_MS = 5 * 60_000;
const ONE_ANSWER_MS = 5000;
const NEAR_END_PX = 90;
const TOP_PX = 32;
const $ = (id) => document.getElementById(id);

const format = (options) => new Intl.DateTimeFormat("id-ID", options);
const clock = format({ hour: "2-digit", minute: "2-digit" });
const calendar = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });

function dayName(at) {
  const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
  return say(`day${Math.round((midnight(Date.now()) - midnight(at)) / 86_400_000)}`) || calendar.format(at);
}

/**
 * Entries stand in the order of `seq`; what is on its way has none yet and stands last:
 * {id, seq, from, at, message, node, item?}.
 */
export class Log {
  /** `on`: opened(file, address, error), answered(): the question with the focus is gone. */
  constructor(on) {
    this.on = on;
    this.log = $("log");
    this.list = $("list");
    this.clear();
    this.log.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.log;
      this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
      $("to-end").hidden = this.atEnd;
    }, { passive: true });
    new ResizeObserver(() => this.settle()).observe(this.log);
  }

  clear() {
    Object.assign(this, { entries: [], choices: null, tapped: null, atEnd: true });
    this.list.replaceChildren();
    $("older").hidden = true;
    this.type(false);
  }

  /** What the server told: new messages, or known ones that changed. */
  messages(found) {
    const many = found.length > 5; // not to be read out one by one
    this.log.setAttribute("aria-busy", many);
    for (const message of found.slice(-WINDOW)) this.take(message);
    this.trim(found.length > WINDOW);
    this.offer();
    this.settle(many ? null : this.answerTop());
    requestAnimationFrame(() => this.log.setAttribute("aria-busy", "false"));
  }

  take(message) {
    const { seq, from, message_id: id } = message;
    let entry = this.entries.find((one) => one.seq === seq || (id && one.id === id));
    if (entry) {
      entry.message.files.forEach((file, i) => file instanceof File && remember(message.files[i]?.url, file));
      // The server's words win: what was masked there must not stay readable here.
      const same = JSON.stringify([entry.message.text, entry.message.files]) === JSON.stringify([message.text, message.files]);
      entry.message = message;
      if (!same) this.fill(entry);
    } else {
      if (from !== "user") this.type(false);
      entry = { id, from, at: new Date(message.at), message };
      this.build(entry);
    }
    if (from === "user") this.mark(entry, "sent");
    if (entry.seq !== seq) this.place(entry, seq);
  }

  /** An item of the outbox: new, or in another state. */
  item(item) {
    let entry = this.entries.find((one) => one.id === item.id);
    if (!entry) {
      const message = { text: item.text ?? item.label, files: item.files ?? [], choices: [] };
      entry = { id: item.id, from: "user", at: new Date(item.at), message, item };
      this.build(entry);
      this.place(entry, Infinity);
      this.scroll();
      if (item.choice) this.tapped = item;
    }
    if (item.state !== "sending" && this.tapped === item) this.tapped = null;
    this.mark(entry, item.state, item.error);
    this.offer();
    this.settle();
  }

  progress({ id }, part) {
    const bar = this.entries.find((one) => one.id === id)?.node.querySelector("progress");
    if (bar) Object.assign(bar, { hidden: part === 1, value: part });
  }

  sent({ id }, { seq }) {
    const entry = this.entries.find((one) => one.id === id);
    if (!entry) return;
    this.mark(entry, "sent");
    if (entry.seq !== seq) this.place(entry, seq);
  }

  remove({ id }) {
    const entry = this.entries.find((one) => one.id === id);
    this.entries = this.entries.filter((one) => one !== entry);
    entry?.node.remove();
    this.settle();
  }

  /** Whether anybody answered what was said at `seq`. */
  answered(seq) {
    return this.entries.some((entry) => entry.seq > seq && entry.from !== "user");
  }

  /** Puts the entry where its `seq` belongs; a node that stands right stays (else it is read again). */
  place(entry, seq) {
    entry.seq = seq;
    this.entries = this.entries.filter((other) => other !== entry);
    let i = this.entries.length;
    while (i && this.entries[i - 1].seq > seq) i -= 1;
    this.entries.splice(i, 0, entry);
    const next = this.entries[i + 1]?.node ?? null;
    let after = entry.node.nextElementSibling;
    if (after?.className === "day") after = after.nextElementSibling;
    if (!entry.node.isConnected || after !== next) this.list.insertBefore(entry.node, next);
    this.dress(entry.node);
    if (next) this.dress(next);
  }

  /** The day above a message, and whether it goes on from the one before. */
  dress(node) {
    let above = node.previousElementSibling;
    const day = above?.className === "day" ? above : null;
    if (day) above = day.previousElementSibling;
    const { at, from } = node.entry;
    const before = above?.entry;
    const label = before?.at.toDateString() === at.toDateString() ? "" : dayName(at);
    if (!label) day?.remove();
    else if (!day) node.before(make("li", "day", label));
    else if (day.textContent !== label) day.textContent = label;
    node.classList.toggle("goes-on", before?.from === from && at - before.at < SAME_TURN_MS);
  }

  build(entry) {
    const { message, from, at } = entry;
    const node = (entry.node = copyOf("t-message"));
    const [by, time] = [node.querySelector(".by"), node.querySelector("time")];
    node.entry = entry;
    node.classList.add(from);
    node.dataset.from = from;
    by.textContent = from === "user" ? say("user") : message.name || say(from);
    by.classList.toggle("sr", from !== "petugas");
    time.textContent = clock.format(at);
    time.dateTime = at.toISOString();
    this.fill(entry);
  }

  fill({ node, message }) {
    const theirs = node.entry.from !== "user";
    const parts = message.files.map((file) => fileNode(file, this.on.opened));
    const files = make("div", "files");
    files.append(...parts);
    const body = node.querySelector(".body");
    body.replaceChildren(...(parts.length ? [files] : []));
    if (message.text) body.append(formatted(message.text, theirs));
    const number = theirs && this.handedOut(message);
    if (number) {
      const stub = copyOf("t-number");
      stub.dataset.copy = number;
      stub.firstElementChild.textContent = number;
      stub.setAttribute("aria-label", say("number", { number }));
      body.prepend(stub);
    }
    if (message.link) {
      const card = copyOf("t-link");
      const [copy, share] = card.children;
      copy.dataset.copy = share.dataset.share = message.link;
      share.hidden = !navigator.share;
      body.append(card);
    }
    node.classList.toggle("stub", Boolean(number));
    node.classList.toggle("notice", Boolean(message.notice && !number));
  }

  /** The one number a message announces; a list of several is no stub. */
  handedOut({ text, notice }) {
    const [number, more] = numbersIn(text);
    const told = notice ?? text.includes(`*${number}*`);
    return told && number && !more ? number : null;
  }

  mark({ node, item }, state, error = "") {
    const note = node.querySelector(".state");
    if (note.dataset.state === state) return;
    note.dataset.state = state;
    note.textContent = say(state);
    if (state !== "sending") node.querySelector("progress").hidden = true;
    node.querySelector(".mend")?.remove();
    if (state !== "failed" && state !== "refused") return;
    const mend = copyOf(`t-${state}`);
    mend.querySelector("p").textContent = error;
    for (const button of mend.querySelectorAll("button")) button.value = item.id;
    const edit = mend.querySelector("[data-do=edit]");
    if (edit) edit.hidden = !item.text;
    node.append(mend);
  }

  /** The last question nobody answered yet: only its choices are open. */
  question() {
    let spoken = false;
    for (const entry of [...this.entries].reverse()) {
      if (entry.from === "user" && spoken) return null;
      if (entry.message.choices.length) return entry;
      spoken ||= entry.from !== "user";
    }
    return null;
  }

  offer() {
    const entry = this.question();
    if (this.choices?.entry !== entry) {
      const focused = this.choices?.contains(document.activeElement);
      this.choices?.remove();
      this.tapped = null;
      this.choices = entry && this.ask(entry);
      if (focused) this.on.answered(this.choices?.querySelector("button"));
    }
    for (const button of this.choices?.children ?? []) {
      button.setAttribute("aria-disabled", Boolean(this.tapped));
      button.classList.toggle("chosen", this.tapped?.choice === button.dataset.choice);
    }
  }

  ask(entry) {
    const group = copyOf("t-choices");
    group.entry = entry;
    for (const { id, label } of entry.message.choices) {
      const button = Object.assign(make("button", "", label), { type: "button" });
      button.dataset.choice = id;
      group.append(button);
    }
    entry.node.append(group);
    return group;
  }

  /** A tap that brought no answer may be repeated. */
  release() {
    this.tapped = null;
    this.offer();
  }

  type(on) {
    $("typing").hidden = !on;
    if (on && this.atEnd) this.scroll();
  }

  trim(more) {
    if (!this.atEnd) return;
    const old = this.entries.splice(0, this.entries.length - WINDOW);
    for (const { node } of old) {
      if (node.previousElementSibling?.className === "day") node.previousElementSibling.remove();
      node.remove();
    }
    if (old.length) this.dress(this.entries[0].node);
    if (old.length || more) $("older").hidden = false;
  }

  /** After a change: the end stays in view, unless the user reads further up. */
  settle(top) {
    $("welcome").hidden = this.entries.length > 0;
    if (this.atEnd && this.entries.length) this.scroll(top);
  }

  /** Where the newest answer begins: one longer than the screen is read from its top. */
  answerTop() {
    const newest = this.entries[this.entries.length - 1];
    return this.entries.find((entry, i) => newest.at - entry.at < ONE_ANSWER_MS
      && this.entries.slice(i).every(({ from }) => from !== "user"))?.node;
  }

  /** To the end, but not past the `top` node. */
  scroll(top) {
    this.atEnd = true;
    this.top ??= top;
    this.frame ??= requestAnimationFrame(() => {
      this.log.scrollTop = this.top ? this.top.offsetTop - TOP_PX : this.log.scrollHeight;
      this.frame = this.top = null;
    });
  }
}
