// Numbers of the work under way, as they change: told by a stream, asked for where there is none. Nothing on the page moves.
const section = document.querySelector("[data-progress]");
const live = section.querySelector("[data-live]");
const clock = new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", hour12: true, timeZone: "Europe/London" });
const seconds = 10;
let polling = 0;

function say(element, text) {
  if (element && element.textContent !== String(text)) element.textContent = text;
}

function show(told) {
  if (!told) return;
  say(section.querySelector('[data-count="in_hand"]'), told.in_hand);
  say(section.querySelector('[data-count="waiting"]'), told.waiting);
  const shown = new Set();
  for (const row of section.querySelectorAll("[data-job]")) {
    const [waiting, inHand] = told.jobs[row.dataset.job] ?? [0, 0];
    say(row.querySelector("[data-waiting]"), waiting);
    say(row.querySelector("[data-in-hand]"), inHand);
    shown.add(row.dataset.job);
  }
  for (const row of section.querySelectorAll("[data-file]")) {
    const [done, total] = told.files[row.dataset.file] ?? [row.querySelector("progress").max, row.querySelector("progress").max];
    say(row.querySelector("[data-done]"), done);
    say(row.querySelector("[data-total]"), total);
    row.querySelector("progress").value = done;
    shown.add(row.dataset.file);
  }
  const isNew = [...Object.keys(told.jobs), ...Object.keys(told.files)].some((name) => !shown.has(name));
  say(live, isNew ? "There is new work. Look again to see it." : "");
  say(section.querySelector("[data-at]"), clock.format(new Date()).replace(/\s/g, "").toLowerCase());
}

async function ask() {
  const answer = await fetch(section.dataset.progress, { headers: { Accept: "application/json" } });
  if (answer.status === 401 || answer.status === 403) clearInterval(polling); // signed out: nothing more is told
  if (answer.ok) show(await answer.json());
}

function poll() {
  if (!polling) polling = setInterval(() => ask().catch(() => undefined), seconds * 1000);
}

function follow() {
  const stream = new EventSource(section.dataset.progress);
  let heard = false;
  stream.onmessage = (event) => {
    heard = true;
    show(JSON.parse(event.data));
  };
  stream.onerror = () => {
    if (heard && stream.readyState !== EventSource.CLOSED) return; // it ended in time, and the browser asks anew
    stream.close();
    poll();
  };
  window.addEventListener("pagehide", () => stream.close());
}

if ("EventSource" in window) follow();
else poll();
