// Files: checked and shown before they go, shown and opened in the conversation.

import { request } from "./api.js";
import { copyOf, say } from "./text.js";

const MAX_FILES = 10;
const MB = 1_000_000;
const IMAGES = { jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", webp: "image/webp" };

const ending = (name) => name.split(".").pop().toLowerCase();
const decimal = (value) => value.toLocaleString("id-ID", { maximumFractionDigits: 1 });
const size = (bytes) => bytes < MB ? `${Math.ceil(bytes / 1000)} KB` : `${decimal(bytes / MB)} MB`;
/** Whether a tap looks at the file here, or saves it. */
export const isImage = (file) => file.kind === "image" || Object.values(IMAGES).includes(file.type);

/** The files waiting in the composer. */
export class Tray {
  constructor(node, limits, complain) {
    Object.assign(this, { node, limits, complain, files: [] });
  }

  /** Media types where there are some: phones then offer the camera and convert their own formats. */
  get accept() {
    return this.limits.types.map((type) => IMAGES[type] || `.${type}`).join();
  }

  problem({ name, size: bytes }) {
    const { max, types } = this.limits;
    if (this.files.length >= MAX_FILES) return say("count", { max: MAX_FILES });
    if (!types.includes(ending(name))) return say("type", { name, types: types.join(", ").toUpperCase() });
    if (bytes > max * MB) return say("size", { name, size: size(bytes), max: decimal(max) });
    return bytes ? "" : say("empty", { name });
  }

  add(list) {
    const problems = new Set();
    for (const file of list) {
      const problem = this.problem(file);
      if (problem) problems.add(problem);
      else this.put(file);
    }
    this.complain([...problems].join(" "));
  }

  put(file) {
    const row = copyOf("t-tray");
    const remove = row.querySelector("button");
    row.prepend(fileNode(file));
    remove.setAttribute("aria-label", say("remove", { name: file.name }));
    remove.onclick = () => {
      this.files = this.files.filter((other) => other !== file);
      row.remove();
      this.node.hidden = !this.files.length;
      (this.node.querySelector("li > button:last-child") || document.getElementById("attach")).focus();
    };
    this.files.push(file);
    this.node.append(row);
    this.node.hidden = false;
  }

  /** The files, which leave the tray; undefined when there are none. */
  take() {
    const taken = this.files;
    this.files = [];
    this.node.replaceChildren();
    this.node.hidden = true;
    return taken.length ? taken : undefined;
  }
}

const blobs = new Map(); // API path, or File -> promise of a blob: address

/** The file's bytes as an address, fetched once; a failure is forgotten, to be tried again. */
function address(file) {
  const key = file.url || file;
  if (!blobs.has(key)) {
    const got = file.url ? request("GET", file.url, null, { type: "blob" }) : Promise.resolve(file);
    blobs.set(key, got.then(URL.createObjectURL));
    blobs.get(key).catch(() => blobs.delete(key));
  }
  return blobs.get(key);
}

/** What was sent from here need not be fetched back. */
export const remember = (url, file) => url && blobs.set(url, address(file));

export function forgetFiles() {
  for (const made of blobs.values()) made.then(URL.revokeObjectURL, () => {});
  blobs.clear();
}

const near = new IntersectionObserver((entries) => entries.forEach(({ isIntersecting, target }) => {
  if (!isIntersecting) return;
  near.unobserve(target);
  address(target.file).then((url) => { target.firstElementChild.src = url; }, () => {});
}), { rootMargin: "300px" });

/** One file: as the API gives it, or a `File` on its way. `opened(file, address)` when tapped. */
export function fileNode(file, opened) {
  const local = file instanceof File;
  const ready = local || file.state === "stored";
  const picture = isImage(file) && ready;
  const node = copyOf(picture ? "t-picture" : "t-document");
  node.file = file;
  if (picture) {
    node.firstElementChild.alt = say("picture", { name: file.name });
    near.observe(node);
  } else {
    node.querySelector("b").textContent = file.name;
    node.querySelector("small").textContent = local ? size(file.size) : say(`${file.state}File`) || ending(file.name).toUpperCase();
  }
  node.disabled = !opened || !ready;
  node.onclick = () => address(file).then((url) => opened(file, url), (error) => opened(file, null, error));
  return node;
}

