// Triage without loading pages: each step is the form or link that works without this script, and its answer is put in place.
import { initAll } from "./nhsuk/nhsuk-frontend-10.6.1.min.js";

const STORE = "triage-shortcuts";
const find = (selector, within = document) => within.querySelector(selector);
const region = () => find("[data-triage]");
let busy = false;
let done = false; // what was written on this page has been sent, and the page is left

function remembered() {
  try { return localStorage.getItem(STORE) !== "off"; } catch { return true; } // a browser may forbid to remember
}
let on = remembered();

async function ask(address, options = {}) {
  const reply = await fetch(address, { ...options, headers: { Accept: "text/html", "X-Part": region().dataset.triage } });
  const part = new DOMParser().parseFromString(await reply.text(), "text/html");
  const fresh = find("[data-triage]", part);
  if (!fresh && reply.redirected) {
    done = true;
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
  const field = key && find("[data-outcome] select, [data-outcome] textarea:not([hidden]), [data-outcome] input:not([type=hidden])", fresh);
  const filled = field && (field.id === "letter" || (field.tagName === "SELECT" && field.value));
  if (field) field.form.dataset.read = "yes";
  const heading = moved && find("[data-triage-heading]", fresh);
  const target = heading || (field ? (filled ? find("[data-letter]", fresh) : field) : find("[data-triage-focus]", fresh));
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
  const button = event.submitter;
  take(button?.getAttribute("formaction") ?? event.target.action, sent(event.target, button), button?.name === "choose" && "outcome");
});

// Another pair of this submission is looked at with the form as it stands, if anything was written into it.
const FORM = "#letter, #why, #question, #note, .app-why textarea";
const written = () => find("[data-written]") || [...document.querySelectorAll(FORM)].some((each) => each.value !== each.defaultValue);

// What was written is kept on the page of its submission alone: who leaves that page is asked first.
const LOST = "What you wrote on this submission was not sent. Leave it and lose what you wrote?";
const leaves = (link) => new URL(link.href).pathname !== new URL(region().dataset.address, location.href).pathname;
window.addEventListener("beforeunload", (event) => { if (!done && written()) event.preventDefault(); });

function look(link) {
  const pair = new URL(link.href).searchParams.get("pair");
  if (leaves(link) && written() && !window.confirm(LOST)) return undefined;
  if (!pair || !written()) return take(link.href, {}, link.closest("#outcome") && "outcome");
  const form = find("#work");
  const options = sent(form);
  options.body.set("then", "look");
  options.body.set("pair", pair);
  return take(form.action, options);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-triage] a[data-part]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button) return;
  event.preventDefault();
  look(link);
});

// A letter and a reason that nobody changed follow what is chosen above them; what is being typed is left alone.
const DRAFTS = { letter: "drafted", why: "why_drafted" };
document.addEventListener("change", async (event) => {
  if (!event.target.matches("[data-redraft]")) return;
  const form = event.target.form;
  const asIs = (name) => form.elements[name] && form.elements[name].value === form.elements[name].defaultValue;
  const drafted = Object.keys(DRAFTS).filter(asIs);
  if (!drafted.length) return;
  const options = sent(form);
  options.body.set("then", "draft");
  const fresh = await ask(form.action, options).catch(() => null); // without a draft the service drafts when it is sent
  if (!fresh || !form.isConnected) return;
  for (const name of drafted) {
    const [text, print] = [find(`textarea#${name}`, fresh), find(`[name=${DRAFTS[name]}]`, fresh)];
    if (!asIs(name) || !text) continue;
    form.elements[name].value = form.elements[name].defaultValue = text.value;
    form.elements[DRAFTS[name]].value = print.value;
  }
});

window.addEventListener("popstate", () => location.reload());

function press(element) {
  if (element.matches("[data-send]") && !element.form.dataset.read) { // the letter is read before it is sent
    element.form.dataset.read = "yes";
    const letter = find("[data-letter]");
    letter.focus({ preventScroll: true });
    letter.closest("#outcome").scrollIntoView();
    return;
  }
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
    if (!element && event.key !== "u") return;
    if (element) press(element);
    else trouble("There is nothing of yours to undo on this submission.");
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
