// Alerts: the number at the bell and in the title, a sound, a notification.
const title = document.title;
const at = (id) => document.getElementById(id);
let newest = null;
let audio = null;
let muted = false;
try { muted = localStorage.getItem("loket-bunyi") === "mati"; } catch { /* storage is closed */ }

function beep() {
  if (muted || !audio) return;
  [660, 880].forEach((pitch, n) => {
    const start = audio.currentTime + n * 0.16;
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.15, start);
    loud.gain.exponentialRampToValueAtTime(0.001, start + 0.15);
    tone.connect(loud).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.16);
  });
}

function show(count) {
  at("alerts").textContent = count;
  at("alerts").hidden = !count;
  at("bell").setAttribute("aria-label", count ? `Pemberitahuan: ${count} belum dilihat` : "Pemberitahuan");
  document.title = count ? `(${count}) ${title}` : title;
}

export function onAlerts(told) {
  const isNew = newest !== null && told.newest > newest;
  newest = told.newest;
  show(told.alerts);
  if (!isNew) return;
  beep();
  const body = `${told.alerts} pemberitahuan belum dilihat.`;
  at("live").textContent = body;
  if (document.hidden && window.Notification?.permission === "granted") {
    const note = new Notification("Loket", { body, tag: "loket" });
    note.onclick = () => { window.focus(); note.close(); };
  }
}

export function start() {
  show(Number(at("alerts").dataset.count));
  const sound = at("sound");
  const name = () => {
    sound.textContent = muted ? "Bunyi: mati" : "Bunyi: nyala";
    sound.setAttribute("aria-pressed", !muted);
  };
  name();
  sound.hidden = false;
  sound.addEventListener("click", () => {
    muted = !muted;
    try { localStorage.setItem("loket-bunyi", muted ? "mati" : "nyala"); } catch { /* for this page then */ }
    name();
    beep();
  });
  // A page may sound only after somebody has touched it.
  document.addEventListener("pointerdown", () => { audio = new AudioContext(); }, { once: true });
  at("notify").hidden = window.Notification?.permission !== "default";
  at("notify").addEventListener("click", async () => {
    await Notification.requestPermission();
    at("notify").hidden = true;
  });
}
