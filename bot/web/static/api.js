// The web chat API (openapi.yml): requests, the session and the stream of messages.

import { say } from "./text.js";

const KEY = "loket.session";
const PATIENCE_MS = 45_000; // without a byte; on a stream the server speaks every 15 s

class Memory {
  getItem(key) { return this[key] ?? null; }
  setItem(key, value) { this[key] = value; }
  removeItem(key) { delete this[key]; }
}

/** localStorage where it is allowed; else what is kept lives as long as the page. */
export const store = (() => {
  try {
    localStorage.setItem("loket", "1");
    return localStorage;
  } catch {
    return new Memory();
  }
})();

/** `status` 0: no answer. `passing`: the same request may well succeed later. */
export class ApiError extends Error {
  constructor(status, body, retryAfter) {
    super(body?.error?.message || say(`e${status}`) || say("error"));
    this.status = status;
    this.retryAfter = Number(retryAfter) || 0;
    this.passing = !status || status === 408 || status === 429 || status >= 500;
  }
}

/** One request, given up when nothing moves for a while; `progress` gets 0..1 of an upload. */
export function request(method, path, body, { progress, type = "json" } = {}) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    let timer;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => xhr.abort(), PATIENCE_MS);
    };
    xhr.open(method, path);
    xhr.responseType = type;
    if (session.token) xhr.setRequestHeader("Authorization", `Bearer ${session.token}`);
    if (body && !(body instanceof FormData)) {
      xhr.setRequestHeader("Content-Type", "application/json");
      body = JSON.stringify(body);
    }
    if (progress) xhr.upload.onprogress = ({ loaded, total }) => { alive(); progress(loaded / total); };
    xhr.onprogress = alive;
    xhr.onloadend = () => {
      clearTimeout(timer);
      const { status, response } = xhr;
      if (status === 204 || (status >= 200 && status < 300 && response)) resolve(response);
      else reject(new ApiError(status, response, xhr.getResponseHeader("Retry-After")));
    };
    alive();
    xhr.send(body);
  });
}

export const session = {
  key: KEY,
  get token() { return store.getItem(KEY); },
  async open(body) { store.setItem(KEY, (await request("POST", "/webchat/sessions", body)).session); },
  forget() { store.removeItem(KEY); },
};

/** Follows the conversation: catches up, streams, and comes back by itself when cut. */
export class Follower {
  /** `on`: messages(list), typing(bool), state("on" | "off"), lost(ApiError). */
  constructor(on) {
    Object.assign(this, { on, cursor: 0, run: 0, heard: 0, live: false });
    addEventListener("online", () => this.nudge(0));
    document.addEventListener("visibilitychange", () => document.hidden || this.nudge(20_000));
  }

  start() {
    this.live = true;
    this.follow(++this.run);
  }

  stop() {
    this.live = false;
    this.run += 1;
    this.nudge(-1);
  }

  /** Reconnect at once if waiting, or if nothing was heard for `quiet` ms. */
  nudge(quiet) {
    this.wake?.();
    if (Date.now() - this.heard <= quiet) return;
    this.hurry = true;
    this.cut?.abort();
  }

  async follow(run) {
    let failures = 0;
    while (run === this.run) {
      let pause = 0;
      this.hurry = false;
      try {
        await this.catchUp(run);
        failures = 0;
        await this.stream(run);
      } catch (error) {
        if (run !== this.run) return;
        if (error.status === 401) return this.on.lost(error);
        failures += 1;
        pause = error.retryAfter;
      }
      if (run !== this.run || this.hurry) continue;
      this.on.state("off");
      pause = Math.max(pause, Math.min(30, 2 ** failures / 2) * (0.5 + Math.random()));
      await new Promise((wake) => { this.wake = wake; setTimeout(wake, pause * 1000); });
    }
  }

  async catchUp(run = this.run) {
    const found = [];
    let page = this;
    do {
      page = await request("GET", `/webchat/messages?after=${page.cursor}`);
      if (run !== this.run) return;
      found.push(...page.messages);
    } while (page.more);
    this.cursor = Math.max(this.cursor, page.cursor);
    this.on.messages(found);
  }

  async stream(run) {
    this.cut = new AbortController();
    const { signal } = this.cut;
    // Some proxies hold a stream back; until its first byte the page polls as well.
    const poll = setInterval(() => this.catchUp(run).catch(() => {}), 5000);
    let watchdog;
    const alive = () => {
      this.heard = Date.now();
      clearTimeout(watchdog);
      watchdog = setTimeout(() => this.nudge(0), PATIENCE_MS);
    };
    try {
      alive();
      const headers = { Authorization: `Bearer ${session.token}`, "Last-Event-ID": `${this.cursor}` };
      const answer = await fetch(`/webchat/events?after=${this.cursor}`, { headers, signal, cache: "no-store" });
      if (!answer.ok) {
        throw new ApiError(answer.status, await answer.json().catch(() => null), answer.headers.get("Retry-After"));
      }
      this.on.state("on");
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      let text = "";
      for (let part; !(part = await reader.read()).done;) {
        clearInterval(poll);
        alive();
        text = (text + decoder.decode(part.value, { stream: true })).replace(/\r\n/g, "\n");
        const blocks = text.split("\n\n");
        text = blocks.pop();
        if (run === this.run) blocks.forEach((block) => this.take(block));
      }
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError(0);
    } finally {
      clearTimeout(watchdog);
      clearInterval(poll);
    }
  }

  /** One event of the stream; comments have no data. */
  take(block) {
    const field = (name) => block.match(RegExp(`^${name}: ?(.*)$`, "m"))?.[1];
    if (!field("data")) return;
    const data = JSON.parse(field("data"));
    if (field("event") === "typing") return this.on.typing(data.on);
    this.cursor = Math.max(this.cursor, data.seq);
    this.on.messages([data]);
  }
}
