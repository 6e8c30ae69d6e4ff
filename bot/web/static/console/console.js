// The console's pages work without this; with it they stay up to date.
import { onAlerts, start as startAlerts } from "./alerts.js";
import { start as startForms } from "./forms.js";
import { later, listen, remember } from "./live.js";
import { refresh } from "./words.js";

remember();
startForms();
refresh();
setInterval(refresh, 30000);
if (document.getElementById("bell")) {
  startAlerts();
  listen(document.body.dataset.live, onAlerts);
  later();
}
// What the last action said is not said again at a reload.
const url = new URL(location.href);
if (url.searchParams.has("pesan")) {
  url.searchParams.delete("pesan");
  url.searchParams.delete("gagal");
  history.replaceState(null, "", url);
}
if (location.hash.startsWith("#a-")) document.querySelector(location.hash)?.setAttribute("open", "");
