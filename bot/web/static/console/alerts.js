// Alerts: the number at the bell and in the title, a short sound, the browser's notification.
const title = document.title;
let count = Number(document.getElementById("alerts")?.dataset.count || 0);
let newest = null;
let audio = null;

const kept = (key, value) => {
  try {
    if (value === undefined) return localStorage.getItem(key);
    localStorage.setItem(key, value);
  } catch { /* storage is closed: the choice lasts as long as the page */ }
  return value ?? null;
};
let muted = kept("loket-bunyi") === "mati";

function beep() {
  if (muted || !audio) return;
  const start = audio.currentTime;
  for (const [at, pitch] of [[0, 660], [0.16, 880]]) {
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.0001, start + at);
    loud.gain.exponentialRampToValueAtTime(0.18, start + at + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.0001, start + at + 0.15);
    tone.connect(loud).connect(audio.destination);
    tone.start(start + at);
    tone.stop(start + at + 0.16);
  }
}

function show() {
  const badge = document.getElementById("alerts");
  badge.textContent = count;
  badge.hidden = !count;
  document.getElementById("bell").setAttribute("aria-label", count ? `Pemberitahuan: ${count} belum dilihat` : "Pemberitahuan");
  document.title = count ? `(${count}) ${title}` : title;
}

export function onAlerts(told) {
  const isNew = newest !== null && told.newest > newest;
  count = told.alerts;
  newest = told.newest;
  show();
  if (!isNew) return;
  beep();
  document.getElementById("live").textContent = `Ada pemberitahuan baru. ${count} belum dilihat.`;
  if ("Notification" in window && Notification.permission === "granted" && document.hidden) {
    const note = new Notification("Loket", { body: `${count} pemberitahuan belum dilihat.`, tag: "loket" });
    note.onclick = () => { window.focus(); note.close(); };
  }
}

export function start() {
  show();
  const sound = document.getElementById("sound");
  const name = () => {
    sound.textContent = muted ? "Bunyi: mati" : "Bunyi: nyala";
    sound.setAttribute("aria-pressed", String(!muted));
  };
  sound.hidden = false;
  name();
  sound.addEventListener("click", () => {
    muted = !muted;
    kept("loket-bunyi", muted ? "mati" : "nyala");
    name();
    beep();
  });
  // Browsers let a page make sounds only after somebody has touched it.
  document.addEventListener("pointerdown", () => { audio ??= window.AudioContext ? new AudioContext() : null; }, { once: true });
  const ask = document.getElementById("notify");
  if ("Notification" in window && Notification.permission === "default") {
    ask.hidden = false;
    ask.addEventListener("click", async () => { await Notification.requestPermission(); ask.hidden = true; });
  }
}
