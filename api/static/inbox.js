// The inbox without this script: one tick at a time. With it, one button ticks all of a page, and takes the ticks away again.
const button = document.querySelector("[data-tick-all]");
const ticks = [...document.querySelectorAll('input[name="chosen"][type="checkbox"]')];

const all = () => ticks.every((tick) => tick.checked);
const say = () => {
  button.textContent = all() ? "Tick none" : "Tick all on this page";
};

if (ticks.length) {
  button.addEventListener("click", () => {
    const on = !all();
    ticks.forEach((tick) => {
      tick.checked = on;
    });
    say();
  });
  ticks.forEach((tick) => tick.addEventListener("change", say));
  say();
  button.dataset.ready = ""; // from now on it does something, and is shown
}
