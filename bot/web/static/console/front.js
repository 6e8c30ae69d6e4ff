// Front office: what a browser can do better than a form alone.
document.documentElement.classList.add("has-js");

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
for (const field of document.querySelectorAll("[data-submits]")) {
  field.addEventListener("change", () => field.value && field.form.requestSubmit());
}
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  });
}
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("form[data-once] button")) button.disabled = false;
});

// A tab that is chosen is seen, however narrow the screen.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// The form shows what this kind of user is asked, and the category only for a complaint.
const kind = document.querySelector("[data-kind]");
const type = document.querySelector("[data-user-type]");
function fit() {
  const complaint = document.querySelector("[data-complaint]");
  if (complaint) complaint.hidden = kind.value !== "masukan";
  for (const field of document.querySelectorAll("[data-only-for]")) {
    field.hidden = !field.dataset.onlyFor.split(" ").includes(type.value);
  }
}
if (kind && type) {
  kind.addEventListener("change", fit);
  type.addEventListener("change", fit);
  fit();
}

// How many wait, without reloading what somebody is typing.
const waiting = document.querySelector("[data-waiting]");
if (waiting) {
  const stream = new EventSource("/antrian/langsung");
  stream.onmessage = (event) => {
    const state = JSON.parse(event.data);
    waiting.textContent = String(state.waiting);
    waiting.classList.toggle("hot", state.waiting > 0);
    const list = document.querySelector("[data-numbers]");
    const shown = list ? [...list.children].map((item) => item.dataset.n) : [];
    if (list && shown.slice(0, state.next.length).join() !== state.next.join()) {
      list.replaceChildren(...state.next.map((number) => {
        const item = document.createElement("li");
        item.textContent = item.dataset.n = number;
        return item;
      }));
    }
    const next = document.querySelector("[data-next]");
    if (next) next.textContent = state.next.length ? `Panggil berikutnya (${state.next[0]})` : "Panggil berikutnya";
  };
}
