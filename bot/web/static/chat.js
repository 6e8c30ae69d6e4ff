// The web chat page: conversation, outbox, composer and menu put together.

import { Follower, request, session } from "./api.js";
import { forgetFiles, isImage, Tray } from "./files.js";
import { Outbox } from "./outbox.js";
import { make, say } from "./text.js";
import { Log } from "./view.js";

const TYPING_MS = 8000;
const $ = (id) => document.getElementById(id);
const page = $("app").dataset;
const box = $("composer-text");
const handHeld = !matchMedia("(hover: hover) and (pointer: fine)").matches;

function complain(text) {
  $("problem").hidden = !text;
  $("problem").firstElementChild.textContent = text;
}

function tell(text) {
  $("toast").textContent = text;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { $("toast").textContent = ""; }, 3000);
}

function status(state) {
  const shown = state === "off" && !navigator.onLine ? "offline" : state;
  clearTimeout(status.timer);
  // A stream that is back within a second is not worth a word.
  status.timer = setTimeout(() => {
    $("status").dataset.state = shown;
    $("status").textContent = say(shown);
  }, state === "off" ? 1000 : 0);
}

/** Where the keyboard goes on; on a phone the composer would raise its keyboard unasked. */
function focusOn(node = handHeld ? $("log") : box) {
  node.focus({ preventScroll: true });
}

// The conversation

function opened(file, url, error) {
  if (error) return complain(error.message);
  const link = Object.assign(isImage(file) ? $("viewer-save") : make("a"), { href: url, download: file.name });
  if (!isImage(file)) return link.click();
  Object.assign($("viewer-image"), { src: url, alt: file.name });
  $("viewer").showModal();
}

const log = new Log({ opened, answered: focusOn });

const outbox = new Outbox({
  changed: (item) => log.item(item),
  progress: (item, part) => log.progress(item, part),
  sent(item, answer) {
    log.sent(item, answer);
    if (!follower.live) follow();
    if (!answer.duplicate) typing(!log.answered(answer.seq));
  },
  lost,
});

const follower = new Follower({
  messages(found) {
    log.messages(found);
    const news = found.filter((message) => message.from !== "user").length;
    const echoes = found.filter((message) => outbox.settled(message.message_id));
    if (echoes.length) typing(!log.answered(echoes[0].seq));
    if (document.hidden) unread(unread.count + news);
  },
  typing,
  state: status,
  lost,
});

function typing(on) {
  clearTimeout(typing.timer);
  log.type(on);
  if (!on) return;
  typing.timer = setTimeout(() => {
    log.type(false);
    log.release();
    follower.catchUp().catch(() => {});
  }, TYPING_MS);
}

const title = document.title;
function unread(count) {
  unread.count = count;
  document.title = (count ? `(${count}) ` : "") + title;
}

function follow() {
  for (const button of document.querySelectorAll("[data-session]")) button.disabled = !session.token;
  if (session.token) follower.start();
  else status("idle");
}

/** The session is gone. With words on the page a new one waits for the user's yes. */
function lost(error) {
  session.forget();
  follower.stop();
  outbox.held = true;
  if (log.entries.every((entry) => entry.item)) return startOver();
  $("lost-text").textContent = error.message;
  $("lost").hidden = false;
  status("idle");
}

function startOver() {
  follower.stop();
  follower.cursor = 0;
  typing(false);
  forgetFiles();
  log.clear();
  $("lost").hidden = true;
  outbox.held = false;
  outbox.items.forEach((item) => log.item(item));
  follow();
  outbox.pump();
}

// The composer

const tray = new Tray($("tray"), { max: Number(page.maxMb), types: page.types.split(",") }, complain);

function grow() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 3}px`; // and its borders
}

function write(text) {
  box.value = text;
  if (!CSS.supports("field-sizing", "content")) grow();
}

function send() {
  const text = box.value.trim();
  if (text || tray.files.length) outbox.add({ text, files: tray.take() });
  complain("");
  write("");
  box.focus();
}

$("file-input").accept = tray.accept;
$("file-input").onchange = ({ target }) => {
  tray.add(target.files);
  target.value = "";
  if (!handHeld) box.focus();
};
$("attach").onclick = () => $("file-input").click();
$("send").onclick = send;
box.enterKeyHint = handHeld ? "enter" : "send";
box.oninput = () => write(box.value);
box.onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || handHeld) return;
  event.preventDefault();
  send();
};
box.onpaste = (event) => {
  if (!event.clipboardData.files.length) return;
  event.preventDefault();
  tray.add(event.clipboardData.files);
};

function dragged(event) {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  const leaves = event.type === "drop" || (event.type === "dragleave" && !event.relatedTarget);
  $("drop").hidden = leaves || $("composer").hidden;
  if (event.type === "drop") tray.add(event.dataTransfer.files);
}
for (const type of ["dragenter", "dragover", "dragleave", "drop"]) addEventListener(type, dragged);

// Buttons, by what their data says

async function copy(text) {
  const field = Object.assign(make("textarea", "sr"), { value: text });
  const { activeElement } = document;
  document.body.append(field);
  field.select();
  document.execCommand("copy"); // the clipboard API is missing where the page came without TLS
  field.remove();
  activeElement.focus();
  tell(say("copied"));
}

const item = (id) => outbox.items.find((one) => one.id === id);
const ACTIONS = {
  retry: ({ value }) => outbox.retry(value),
  edit({ value }) {
    write(`${item(value).text}\n${box.value}`.trim());
    ACTIONS.remove({ value });
    box.focus();
  },
  remove({ value }) {
    const gone = item(value);
    outbox.drop(gone);
    log.remove(gone);
    focusOn();
  },
  async end() {
    // The token is dropped here also when the server cannot be reached.
    await request("DELETE", "/webchat/sessions/current").catch(() => {});
    session.forget();
    outbox.clear();
    startOver();
    tell(say("ended"));
  },
  revoke: () => request("DELETE", "/webchat/links").then(() => tell(say("revoked")), (error) => complain(error.message)),
  startOver() { startOver(); focusOn(); },
  toEnd() { log.scroll(); focusOn($("log")); },
  quiet() { complain(""); focusOn(); },
  gate,
};

const DATA = {
  open: (id) => $(id).showModal(),
  close: (_, button) => button.closest("dialog").close(),
  do: (name, button) => ACTIONS[name](button),
  say(text) { outbox.add({ text }); focusOn(); },
  choice: (choice, { textContent: label }) => log.tapped || outbox.add({ choice, label }),
  copy,
  share: (url) => navigator.share({ url }).catch(() => {}),
};

addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button?.closest("#menu, .actions")) $("menu").open = false;
  for (const key in button?.dataset) DATA[key]?.(button.dataset[key], button);
  if (!$("menu").contains(target)) $("menu").open = false;
});
$("menu").onkeydown = ({ key }) => {
  if (key !== "Escape") return;
  $("menu").open = false;
  $("menu").firstElementChild.focus();
};

// A private link opens only by the button, so that a link preview uses nothing up.

async function gate(button) {
  button.disabled = true;
  try {
    await session.open(page.resume ? { resume: page.resume } : { join: page.join });
  } catch (error) {
    button.disabled = false;
    if (error.status === 401) session.forget(); // an old session; a new one can join as well
    $("gate-error").textContent = error.message;
    button.hidden = error.status === 410;
    return;
  }
  history.replaceState(null, "", "/");
  if (page.resume) outbox.clear();
  begin();
  focusOn();
}

function begin() {
  $("gate")?.remove();
  $("log").hidden = $("composer").hidden = false;
  outbox.restore();
  follow();
  if (!handHeld) box.focus();
}

// The browser around the page

addEventListener("offline", () => status("off"));
document.addEventListener("visibilitychange", () => document.hidden || unread(0));
addEventListener("storage", ({ key }) => {
  if (key !== session.key || $("gate")) return; // begun or ended in another tab
  if (!session.token) outbox.clear();
  startOver();
});
// iOS keeps the page's height when its keyboard opens; the composer would hide behind it.
visualViewport?.addEventListener("resize", () => {
  const { scale, height } = visualViewport;
  document.documentElement.style.setProperty("--height", scale > 1.01 ? "" : `${height}px`);
});

unread(0);
if (!$("gate")) begin();
else $("gate-replace").hidden = !page.resume || !session.token;
