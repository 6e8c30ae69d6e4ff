// Words and nodes: the template's sentences, and a message's text as DOM. Data never becomes markup.

const words = document.getElementById("words").dataset;

/** A sentence of the page's template, its {gaps} filled; undefined where there is none. */
export const say = (key, gaps) => words[key]?.replace(/{(\w+)}/g, (_, gap) => gaps[gap]);

export function make(tag, className = "", text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

/** A copy of what a <template> of the page holds. */
export function copyOf(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

const LINKS = new RegExp([
  /\bhttps?:\/\/[^\s<>"]+/,
  /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/,
  /\b(?:[a-z\d-]+\.)+(?:id|com|org|net)\b(?:\/[^\s<>"]*)?/,
].map((part) => part.source).join("|"), "gi");
const LONG = 40;
const BOLD = /(^|[^\p{L}\p{N}*])\*(?![\s*])([^*\n]*[^\s*])\*(?![\p{L}\p{N}*])/gu;
const ITEM = /^\s*(?:\d{1,2}[.)]|[-•])\s+\S/;
const NUMBER = /\b[A-Z]{2,8}(?:-[\dA-Z]{1,10}){2,4}\b/g;

/** The ticket or queue numbers in a text, each once. */
export const numbersIn = (text) =>
  [...new Set(text.match(NUMBER))].filter((found) => /\d{4}/.test(found));

function link(found) {
  const mail = !/^https?:/i.test(found) && found.includes("@");
  const node = make("a", "", found.length > LONG ? `${found.slice(0, LONG)}…` : found);
  try {
    node.href = new URL(/^https?:/i.test(found) ? found : (mail ? "mailto:" : "https://") + found).href;
  } catch {
    return found;
  }
  node.rel = "noopener noreferrer";
  if (!mail) node.target = "_blank";
  return node;
}

function linked(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(LINKS)) {
    const found = match[0].replace(/[.,;:!?)\]}'*_]+$/, "");
    nodes.push(text.slice(end, match.index), link(found));
    end = match.index + found.length;
  }
  return [...nodes, text.slice(end)];
}

function bold(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(BOLD)) {
    const strong = make("strong");
    strong.append(...linked(match[2]));
    nodes.push(...linked(text.slice(end, match.index) + match[1]), strong);
    end = match.index + match[0].length;
  }
  return [...nodes, ...linked(text.slice(end))];
}

/** `rich`: asterisks mean bold and list lines hang; a user's own text stays as typed. */
export function formatted(text, rich) {
  const box = make("div", "text");
  box.dir = "auto";
  if (!rich) {
    box.append(...linked(text));
    return box;
  }
  const lines = text.split("\n");
  lines.forEach((line, i) => {
    const listed = ITEM.test(line);
    const row = listed ? make("span", "item") : box;
    row.append(...bold(line));
    if (listed) box.append(row);
    // A list line is a block: it needs no line break beside it.
    else if (i < lines.length - 1 && !(line && ITEM.test(lines[i + 1]))) box.append("\n");
  });
  return box;
}
