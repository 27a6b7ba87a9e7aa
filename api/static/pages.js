// Every page works without this script; with it, errors take the focus and buttons ignore a second click.
import { initAll } from "./nhsuk/nhsuk-frontend-10.6.1.min.js";

initAll();
if (document.querySelector("[data-draft]")) import("./begin.js");
if (document.querySelector("[data-triage]")) import("./triage.js");
if (document.querySelector("[data-progress]")) import("./running.js");
if (document.querySelector("[data-tick-all]")) import("./inbox.js");
