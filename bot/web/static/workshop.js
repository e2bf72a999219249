// The workshop: what is shown follows the address, everything is erased for the next person, and by itself when nobody is there.
// The chat is in chat.js; without this file, the page works as a form.
import { mount } from "./chat.js";

const HOME = "/atelier";
const NEXT = "/atelier/suivant";
const KEY = "assistant-conversation";
//: Milliseconds: the warning, a sign of life to the server, between two tries to erase, for an answer under way.
const WARNING = 60000;
const SIGN = 240000;
const AGAIN = 5000;
const UNDER_WAY = 20000;

const part = (id) => document.getElementById(id);
const form = part("ask");
const app = document.querySelector(".app");
const field = (name) => form?.elements.namedItem(name);
const token = () => field("conversation")?.value || "";
const forget = () => { try { sessionStorage.clear(); } catch { /* storage refused: nothing was kept */ } };

document.body.classList.add("js");
if (app) mount(app);

// --- What is shown: one panel at a time, its title first. The style sheet hides the others.

function title(id) {
  return part(id)?.closest(".panel")?.querySelector("h2");
}

function arrive() {
  const id = location.hash.slice(1) || "sujets";
  const wanted = writing && id === "parole" ? part("text") : title(id);
  writing = false;
  wanted?.focus({ preventScroll: id === "parole" }); // there, the chat shows what is new
}

let writing = false;
addEventListener("hashchange", arrive);
document.addEventListener("click", ({ target }) => { writing = Boolean(target.closest("[data-write]")); }, true);
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
document.querySelector("[data-focus]")?.focus();

// What does not fit on the page is written a little smaller rather than cut: the server reckons lines, the browser measures them.
const columns = document.querySelector(".columns");
for (let size = 11.5; columns && size > 9.5 && columns.scrollWidth > columns.clientWidth + 1; size -= 0.25) {
  columns.style.fontSize = `${size}pt`;
}

// --- A button of the page that is not the chat's goes its own way: the chat must not answer it.

document.addEventListener("submit", (event) => {
  const pressed = event.submitter;
  if (pressed?.matches("[data-leave]")) {
    event.preventDefault();
    event.stopImmediatePropagation();
    isUsed() ? ask(part("sure")) : leave();
  } else if (pressed?.matches('[formaction^="/atelier"]')) {
    event.stopImmediatePropagation();
  } else if (pressed?.matches(".tile")) {
    location.hash = "parole";
  }
}, true);

// --- Everything is erased: the screen first, then the server, which may need several tries.

function isUsed() {
  if (!form) return false;
  const boxes = [...document.querySelectorAll('input[name="coche"]')];
  return Boolean(token() || part("text")?.value || document.querySelector("#log > .you") || boxes.some((one) => one.checked));
}

function empty() {
  for (const open of document.querySelectorAll("dialog[open]")) open.close();
  for (const one of [...document.body.children]) if (one !== part("clearing")) one.remove();
  part("clearing").hidden = false;
}

function say(words) {
  part("clearing-words").textContent = words;
}

async function underWay() {
  const log = app?.querySelector("#log");
  for (const end = Date.now() + UNDER_WAY; log?.querySelector(".pending") && Date.now() < end;) {
    await new Promise((done) => { setTimeout(done, 100); });
  }
}

async function erased() {
  if (!token()) return true;
  try {
    const response = await fetch("/api/conversation", { method: "DELETE", headers: { Authorization: `Bearer ${token()}` } });
    return response.ok || response.status === 401;
  } catch {
    return false;
  }
}

let leaving = false;
async function leave() {
  if (leaving) return;
  leaving = true;
  empty();
  forget();
  say("L'écran est vide. J'efface aussi sur le serveur…");
  await underWay();
  while (!await erased()) {
    say("L'écran est vide, mais le serveur n'a pas encore effacé la conversation. J'essaie de nouveau toutes les 5 secondes. Laissez cette page ouverte.");
    part("clearing-again").hidden = false;
    await Promise.race([
      new Promise((done) => { setTimeout(done, AGAIN); }),
      new Promise((done) => { part("clearing-again").onclick = done; }),
    ]);
  }
  forget();
  form.reset();
  location.replace(NEXT);
}

// A page brought back whole by the back button shows what was: it is read again from the server, which holds nothing.
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  let kept = "";
  try { kept = sessionStorage.getItem(KEY) || ""; } catch { /* refused */ }
  if (isUsed() && kept !== token()) location.replace(HOME);
});

// --- Nobody there: a warning that can be put off as often as one wants, then everything is erased.

function ask(dialog) {
  if (!dialog.open) dialog.showModal();
}

part("sure-yes")?.addEventListener("click", leave);
part("sure-no")?.addEventListener("click", () => part("sure").close());

const idle = Number(document.body.dataset.idleMinutes) * 60000;
const still = part("still");
let last = Date.now();
let warned = 0;
let told = Date.now();

function isHere() {
  last = Date.now();
}

async function tell() {
  told = Date.now();
  if (!token()) return;
  try {
    await fetch("/atelier/present", { method: "POST", body: new URLSearchParams({ conversation: token() }) });
  } catch { /* the next one will do */ }
}

// Whatever closes the warning without erasing, the button or Escape, says that somebody is there.
function goOn() {
  if (leaving) return;
  isHere();
  tell();
}

function warn() {
  for (const open of document.querySelectorAll("dialog[open]")) open.close();
  warned = Date.now();
  part("still-heard").textContent = "";
  ask(still);
}

function count(left) {
  const seconds = Math.max(0, Math.ceil(left / 1000));
  part("still-left").textContent = `${seconds} seconde${seconds > 1 ? "s" : ""}`;
  if (seconds === 30 || seconds === 10) part("still-heard").textContent = `Encore ${seconds} secondes.`;
}

function look() {
  const now = Date.now();
  if (leaving) return;
  if (still.open) {
    const left = warned + WARNING - now;
    count(left);
    if (left <= 0) leave();
  } else if (now - last >= idle + WARNING && isUsed()) {
    leave(); // the machine slept: the time to answer has passed too
  } else if (now - last >= idle) {
    if (isUsed()) warn();
    else if (location.hash || length()) { forget(); location.replace(HOME); }
    else isHere();
  } else if (now - told >= SIGN && now - last < SIGN) {
    tell();
  }
}

function length() {
  try { return sessionStorage.length; } catch { return 0; }
}

if (still && idle) {
  for (const name of ["pointerdown", "pointermove", "keydown", "input", "wheel", "touchstart"]) {
    addEventListener(name, isHere, { passive: true, capture: true });
  }
  part("still-here").addEventListener("click", () => still.close());
  part("still-leave").addEventListener("click", leave);
  still.addEventListener("close", goOn);
  setInterval(look, 1000);
}
