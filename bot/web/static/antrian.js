// The public display: live, and read aloud if somebody wishes so.
const $ = (id) => document.getElementById(id);
const POLL = 5000;
const DIGITS = ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"];
let known = null; // the calls seen so far: null before the first look
let speaking = false;
let polling = 0;

function list(place, parts) {
  $(place).replaceChildren(...parts);
}

function line(...texts) {
  const item = document.createElement("li");
  texts.forEach(([tag, text], at) => {
    if (at) item.append(" ");
    const part = document.createElement(tag);
    part.textContent = text;
    item.append(part);
  });
  return item;
}

function write(place, text) {
  if ($(place).textContent !== text) $(place).textContent = text;
}

function show(state) {
  const [first, ...before] = state.called;
  write("what", first ? "Silakan ke loket" : "Belum ada panggilan");
  write("number", first ? first.number : "–");
  write("desk", first ? first.desk : "");
  list("before", before.map((one) => line(["b", one.number], ["span", one.desk])));
  list("next", state.next.map((number) => {
    const item = document.createElement("li");
    item.textContent = number;
    return item;
  }));
  write("waiting", String(state.waiting));
  write("line", "");
  const fresh = state.called.filter((one) => one.open && known && !known.has(one.call));
  known = new Set(state.called.map((one) => one.call));
  if (fresh.length) flash();
  fresh.reverse().forEach(say);
}

function flash() {
  $("now").classList.remove("fresh");
  void $("now").offsetWidth;
  $("now").classList.add("fresh");
}

function spelled(text) {
  return text.replace(/\d/g, (digit) => ` ${DIGITS[Number(digit)]}`).replace("-", " ");
}

function say(one) {
  if (!speaking) return;
  const words = new SpeechSynthesisUtterance(`Nomor antrean ${spelled(one.number)}, silakan ke ${spelled(one.desk)}.`);
  words.lang = "id-ID";
  words.rate = 0.9;
  const voice = speechSynthesis.getVoices().find((v) => v.lang.replace("_", "-").startsWith("id"));
  if (voice) words.voice = voice;
  speechSynthesis.speak(words);
}

async function ask() {
  try {
    const answer = await fetch("/antrian/keadaan.json", { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
  } catch {
    write("line", "Sambungan terputus, mencoba lagi.");
  }
}

function listen() {
  const stream = new EventSource("/antrian/langsung");
  stream.onmessage = (event) => {
    clearInterval(polling);
    polling = 0;
    show(JSON.parse(event.data));
  };
  stream.onerror = () => {
    write("line", "Sambungan terputus, mencoba lagi.");
    if (!polling) polling = setInterval(ask, POLL);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 30000);
  };
}

function tick() {
  const zone = $("clock").dataset.zone;
  const now = new Date();
  write("clock", now.toLocaleTimeString("id-ID", { timeZone: zone, hour: "2-digit", minute: "2-digit" }));
}

if ("speechSynthesis" in window) {
  $("speak").hidden = false;
  $("speak").addEventListener("click", () => {
    speaking = !speaking;
    $("speak").setAttribute("aria-pressed", String(speaking));
    $("speak").textContent = speaking ? "Matikan suara" : "Nyalakan suara";
    if (speaking) speechSynthesis.speak(new SpeechSynthesisUtterance(""));
    else speechSynthesis.cancel();
  });
}
tick();
setInterval(tick, 5000);
listen();
