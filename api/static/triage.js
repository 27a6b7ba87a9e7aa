// Triage without loading pages: each step is the form or link that works without this script, and its answer is put in place.
import { initAll } from "./nhsuk/nhsuk-frontend-10.6.1.min.js";

const STORE = "triage-shortcuts";
const find = (selector, within = document) => within.querySelector(selector);
const region = () => find("[data-triage]");
let busy = false;

function remembered() {
  try { return localStorage.getItem(STORE) !== "off"; } catch { return true; } // a browser may forbid to remember
}
let on = remembered();

async function ask(address, options = {}) {
  const reply = await fetch(address, { ...options, headers: { Accept: "text/html", "X-Part": region().dataset.triage } });
  const part = new DOMParser().parseFromString(await reply.text(), "text/html");
  const fresh = find("[data-triage]", part);
  if (!fresh && reply.redirected) {
    location.assign(reply.url); // no other submission waits, and so the list of all is shown
    return new Promise(() => {});
  }
  if (!fresh) throw new Error(find("h1", part)?.textContent || `The service answered ${reply.status}`);
  return document.adoptNode(fresh);
}

function trouble(says) {
  const box = find("[data-triage-trouble]");
  box.hidden = !says;
  find("[data-triage-trouble-says]").textContent = says;
  if (says) box.focus();
}

function show(fresh, key) {
  const before = region();
  const moved = before.dataset.triage !== fresh.dataset.triage;
  if (!moved) find("[data-triage-kept]", fresh).replaceWith(find("[data-triage-kept]", before));
  before.replaceWith(fresh);
  document.title = fresh.dataset.title;
  history[moved ? "pushState" : "replaceState"](null, "", fresh.dataset.address);
  find("[data-triage-status]").textContent = fresh.dataset.said;
  initAll({ scope: fresh });
  if (find(".nhsuk-error-summary", fresh)) return; // has taken the focus
  const field = key && find("[data-outcome] select, [data-outcome] textarea, [data-outcome] input:not([type=hidden])", fresh);
  const filled = field && (field.id === "letter" || (field.tagName === "SELECT" && field.value));
  const target = field ? (filled ? find("[data-send]", fresh) : field) : find("[data-triage-focus]", fresh);
  target?.focus({ preventScroll: true });
  const top = target?.closest(".app-inhand") ? find("[data-triage-top]", fresh) : target?.closest("#outcome") || target;
  top?.scrollIntoView();
}

async function take(address, options, key) {
  if (busy) return;
  busy = true;
  region().inert = true; // what is pressed meanwhile would be about what is no longer there
  try {
    if (!find("[data-triage-trouble]").hidden) trouble("");
    show(await ask(address, options), key);
  } catch (error) {
    trouble(`${error.message}. Load this page again to see how it stands, then go on.`);
    region().inert = false;
  } finally {
    busy = false;
  }
}

const sent = (form, button) => ({ method: "POST", body: new URLSearchParams(new FormData(form, button)) });

document.addEventListener("submit", (event) => {
  if (!region().contains(event.target)) return;
  event.preventDefault();
  take(event.target.action, sent(event.target, event.submitter));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-triage] a[data-part]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button) return;
  event.preventDefault();
  take(link.href, {}, link.closest("#outcome") && "outcome");
});

// A letter that nobody changed follows what is chosen above it; what is being typed is left alone.
document.addEventListener("change", async (event) => {
  const letter = event.target.matches("[data-redraft]") && find("#letter");
  if (!letter || letter.value !== letter.defaultValue) return;
  const form = letter.form;
  const options = sent(form);
  options.body.set("then", "draft");
  const fresh = await ask(form.action, options).catch(() => null); // without a draft the service drafts when it is sent
  if (!fresh || !letter.isConnected || letter.value !== letter.defaultValue) return;
  letter.value = letter.defaultValue = find("#letter", fresh).value;
  form.elements.drafted.value = find("[name=drafted]", fresh).value;
});

window.addEventListener("popstate", () => location.reload());

function press(element) {
  if (element.tagName === "SUMMARY") {
    const panel = element.closest("details");
    document.querySelectorAll("[data-panel][open]").forEach((each) => { if (each !== panel) each.open = false; });
    panel.open = !panel.open;
    element.focus();
    panel.scrollIntoView({ block: "nearest" });
  } else {
    element.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (!on || busy || event.repeat || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, dialog") || find("dialog[open]")) return;
  const panel = find("[data-panel][open]");
  const name = CSS.escape(event.key);
  if (event.key === "?") find("[data-triage-dialog]").showModal();
  else if (event.key === "Escape" && panel) panel.open = false;
  else {
    const element = (panel && find(`[data-choice="${name}"]`, panel)) || find(`[data-key="${name}"]`, region());
    if (!element) return;
    press(element);
  }
  event.preventDefault();
});

function tellState() {
  find("[data-triage-keys-state]").textContent = on ? "on" : "off";
  find("[data-triage-switch]").textContent = on ? "Switch them off" : "Switch them on";
  document.documentElement.toggleAttribute("data-keys-off", !on);
}

find("[data-triage-switch]").addEventListener("click", () => {
  on = !on;
  try { localStorage.setItem(STORE, on ? "on" : "off"); } catch { /* holds for this page alone */ }
  tellState();
});
find("[data-triage-help]").addEventListener("click", () => find("[data-triage-dialog]").showModal());
tellState();
document.documentElement.setAttribute("data-triage-ready", "");
