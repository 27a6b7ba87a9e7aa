// Saves the answers while somebody types, so that a closed browser loses nothing; the form works the same without it.
const PAUSE_MS = 1500;
const form = document.querySelector("[data-draft]");
const saved = form.querySelector("[data-saved]");
let waiting = 0;
let kept = said();
let last = Promise.resolve();

function said() {
  return new URLSearchParams(new FormData(form)).toString();
}

async function keep(leaving) {
  clearTimeout(waiting);
  const typed = said();
  if (typed === kept) return;
  kept = typed;
  try {
    const reply = await fetch(form.dataset.draft, { method: "POST", body: new URLSearchParams(typed), keepalive: leaving });
    if (!reply.ok) throw new Error(reply.statusText);
    saved.textContent = (await reply.json()).says;
  } catch {
    kept = "";
    saved.textContent = "Not saved yet. We try again when you type on.";
  }
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => (last = last.then(() => keep(false))), PAUSE_MS);
}

form.addEventListener("input", soon);
form.addEventListener("submit", () => clearTimeout(waiting));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") keep(true);
});
