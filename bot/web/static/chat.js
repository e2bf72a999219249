// The chat: the new turn arrives without reloading, is announced, and the conversation stays in its tab. Everything works without
// this file. No dependency; nothing is kept but the conversation's token and the display, in the tab's own storage.
import { announcer } from "./announce.js";
import { display, memory } from "./display.js";
import { fragment } from "./html.js";
import { stop } from "./speech.js";
import { download, equip, judge, lines, print } from "./tools.js";

//: Milliseconds before "the answer is being prepared" is said, and before we stop waiting.
const WAITING = 1500;
const TOO_LONG = 30000;

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
}

function element(tag, className, ...inside) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...inside);
  return made;
}

// `root` holds the chat (a document's or a shadow tree's `.app`); `base` is the assistant's address, "" on its own pages.
export function mount(root, base = "") {
  const part = (name) => root.querySelector(`#${name}`);
  const [form, compose, log, problem, offline, text, count, sendButton, erase, more] =
    ["ask", "compose", "log", "problem", "offline", "text", "count", "send", "erase", "more"].map(part);
  const field = (name) => form.elements.namedItem(name);
  const announce = announcer(part("live"));
  const setDisplay = display(root, form, announce);
  const address = form.getAttribute("action").split("#")[0];
  const inPage = root.getRootNode() === document;
  const title = document.title.replace("Erreur – ", "");
  const KEY = `assistant-conversation${base && `@${base}`}`;
  let busy = false;
  let clicked = null;

  function entitle(state) {
    if (inPage) document.title = state ? `${state} – ${title}` : title;
  }

  function keep(token) {
    field("conversation").value = token;
    memory.set(KEY, token);
    erase.hidden = part("keep").hidden = !token;
  }

  // A line that ends without a stop gets one, or two items of a list would be said in one breath.
  const punctuated = (all) => all.map((line, i) => (i < all.length - 1 && /[\p{L}\p{N}€%)»]$/u.test(line) ? `${line}.` : line)).join(" ");

  function spoken(item) {
    const said = [...item.querySelectorAll(".bubble")].map((one) => punctuated(lines(one, true)));
    const choices = [...item.querySelectorAll(".choices button")].map((one) => one.textContent.trim());
    const links = item.querySelectorAll(".bubble a").length;
    const hint = [
      links && (links > 1 ? `${links} liens dans la réponse.` : "Un lien dans la réponse."),
      choices.length && `${choices.length > 1 ? `${choices.length} choix sont proposés` : "Un choix est proposé"} : ${choices.join(" ; ")}.`,
      (links || choices.length) && compose.contains(root.getRootNode().activeElement) && "Maj+Tab pour y aller.",
    ].filter(Boolean).join(" ");
    return hint ? [...said, hint] : said;
  }

  // What was offered before can still be read, and says which one was pressed.
  function settle(pressed) {
    for (const extra of log.querySelectorAll(".examples, .simpler")) if (!extra.contains(pressed)) extra.remove();
    for (const button of log.querySelectorAll(".choices button:not([aria-disabled]), .simpler:not([aria-disabled])")) {
      button.setAttribute("aria-disabled", "true");
      if (button === pressed) {
        button.classList.add("chosen");
        button.append(" (choisi)");
      }
    }
  }

  function clearProblem() {
    problem.replaceChildren();
    text.removeAttribute("aria-invalid");
    entitle("");
  }

  // Where the focus goes when the button pressed goes away; on a phone, not to the field: its keyboard would open.
  function rest() {
    (matchMedia("(pointer: coarse)").matches ? log : text).focus({ preventScroll: true });
  }

  function fail(words, again) {
    problem.replaceChildren(element("p", "", words));
    if (again) {
      const retry = element("button", "quiet", "Réessayer");
      retry.type = "button";
      retry.addEventListener("click", () => {
        rest();
        again();
      });
      problem.append(retry);
    }
    entitle("Erreur");
  }

  // Posts the form; a form that stayed open too long gets a new token with its refusal, and is sent again once.
  async function post(path, data, kind) {
    for (let tries = 0; ; tries++) {
      const control = new AbortController();
      const timer = setTimeout(() => control.abort(), TOO_LONG);
      try {
        const response = await fetch(base + path, {
          method: "POST", body: new URLSearchParams(data), headers: { "X-Fragment": kind }, signal: control.signal,
        });
        const answer = fragment(await response.text());
        const fresh = answer?.dataset.formToken;
        if (!fresh || tries) return { ok: response.ok, answer };
        field("form_token").value = fresh;
        data.set("form_token", fresh);
      } finally {
        clearTimeout(timer);
      }
    }
  }

  const calm = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");

  function isSeen(item) {
    const { top, bottom } = item.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }

  // The person may have scrolled up meanwhile: the answer is offered, not forced upon them.
  function show(turn, follow) {
    if (follow) {
      turn[0].scrollIntoView({ block: "start", behavior: calm() });
      return;
    }
    more.hidden = false;
    more.style.bottom = getComputedStyle(compose).position === "sticky" ? `${compose.offsetHeight + 8}px` : "1em";
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((one) => one.isIntersecting) || more.matches(":focus")) return;
      more.hidden = true;
      seen.disconnect();
    });
    seen.observe(turn.at(-1));
    more.onclick = () => {
      seen.disconnect();
      turn.at(-1).tabIndex = -1;
      turn.at(-1).focus({ preventScroll: true });
      turn[0].scrollIntoView({ block: "start", behavior: calm() });
      more.hidden = true;
    };
  }

  function arrived(answer, pressed, pending) {
    const turn = [...answer.children];
    const follow = pending.some(isSeen);
    settle(pressed);
    equip(answer, announce);
    const { conversation, variant, erased } = answer.dataset;
    if (erased) for (const old of log.querySelectorAll("li:not(.welcome)")) if (old.parentNode === log) old.remove();
    for (const one of pending) one.remove();
    log.append(...turn);
    keep(conversation);
    setDisplay("variant", variant);
    show(turn, follow);
    if (inPage && document.hidden) entitle("Nouvelle réponse");
    announce(...spoken(turn.at(-1)));
  }

  async function send(data, pressed) {
    const said = data.get("choice") || data.get("text");
    busy = true;
    stop();
    clearProblem();
    more.hidden = true;
    sendButton.setAttribute("aria-disabled", "true");
    const you = element("p", "", element("span", "who", "Vous"), ` ${said}`);
    you.dir = "auto";
    const pending = [element("li", "you pending", you), element("li", "assistant waiting", element("span", "dots"))];
    log.append(...pending);
    // At once: an answer that comes quickly must find it in sight.
    pending[1].scrollIntoView({ block: "nearest", behavior: "instant" });
    const waiting = setTimeout(() => announce("L'assistant prépare sa réponse."), WAITING);
    try {
      await ready;
      data.set("conversation", field("conversation").value);
      const { ok, answer } = await post(address, data, "turn");
      if (ok && answer?.matches("ol[data-conversation]")) {
        if (!data.get("choice") && text.value === said) text.value = "";
        field("id").value = newId();
        arrived(answer, pressed, pending);
        measure();
      } else {
        fail(answer?.matches("p") ? answer.textContent.trim() : "L'envoi a échoué. Votre message est toujours là.", () => send(data, pressed));
      }
    } catch {
      fail("Votre message n'est pas parti : la connexion est coupée. Il est toujours là, réessayez quand elle revient.", () => send(data, pressed));
    } finally {
      clearTimeout(waiting);
      for (const one of pending) one.remove();
      sendButton.removeAttribute("aria-disabled");
      busy = false;
    }
  }

  const max = Number(text.dataset.max);
  let announced = Infinity;

  // How many characters are left, once few are; said once at each step, not at each key.
  function measure() {
    const left = max - [...text.value].length;
    count.textContent = left > 200 ? "" : left < 0 ? `${-left} caractères de trop : raccourcissez votre message.` : `Il reste ${left} caractères.`;
    const step = [0, 50, 200].find((one) => left <= one) ?? Infinity;
    if (step < announced) announce(count.textContent);
    announced = step;
    if (left >= 0 && text.value.trim()) text.removeAttribute("aria-invalid");
    return left;
  }

  function refuse(words) {
    fail(words);
    text.setAttribute("aria-invalid", "true");
    text.focus();
  }

  function submit(pressed) {
    if (pressed?.name === "affichage") return; // Enter on a choice of display, which applies by itself
    const data = new FormData(form);
    if (pressed?.name) data.set(pressed.name, pressed.value);
    if (pressed?.id === "download") return download(log, title);
    if (pressed?.name === "avis") {
      for (const name of ["text", "conversation"]) data.delete(name);
      return judge(pressed, async () => {
        const { ok, answer } = await post("/avis", data, "avis");
        return ok && answer;
      }, announce);
    }
    if (busy) return announce("Attendez un instant : la réponse arrive.");
    if (pressed?.name !== "choice") {
      const left = measure();
      if (!text.value.trim()) return refuse("Votre message est vide. Écrivez votre question en quelques mots.");
      if (left < 0) return refuse(`Votre message est trop long : ${max - left} caractères, j'en lis ${max} au plus. Rien n'est perdu : raccourcissez-le. En danger : 112, ou SMS au 114.`);
    }
    // The button that erases goes away with what it erases: the focus moves now, not when the answer comes.
    if (pressed === erase) log.focus({ preventScroll: true });
    send(data, pressed);
  }

  async function restore() {
    const token = memory.get(KEY);
    for (const old of [...log.children]) if (!old.matches(".welcome")) old.remove();
    keep(token || "");
    if (!token) return;
    try {
      const response = await fetch(`${base}/historique`, { headers: { Authorization: `Bearer ${token}` } });
      const past = fragment(await response.text());
      if (!response.ok || !past?.matches("ol")) return response.status === 401 && keep("");
      if (base) past.querySelector(".earlier button")?.remove();
      equip(past, announce);
      log.append(...past.children);
      log.querySelector("li.you:nth-last-child(2)")?.scrollIntoView({ block: "start", behavior: "instant" });
    } catch { /* offline: the page is still usable, and the conversation goes on */ }
  }

  function online() {
    offline.textContent = navigator.onLine ? "" : "Vous êtes hors ligne. Ce que vous écrivez reste ici : envoyez-le quand la connexion revient.";
    if (navigator.onLine) announce("La connexion est revenue.");
    if (!problem.firstChild) entitle(navigator.onLine ? "" : "Hors ligne");
  }

  // As the server wrote it: browsers put back in the fields what they held when the page was left.
  const { defaultValue } = field("conversation");
  field("id").value = field("id").defaultValue;
  field("form_token").value = field("form_token").defaultValue;
  if (defaultValue) keep(defaultValue);
  const ready = defaultValue ? Promise.resolve() : restore();
  equip(log, announce);

  // A page brought back whole must not show what was erased, or left, meanwhile.
  addEventListener("pageshow", ({ persisted }) => {
    const kept = memory.get(KEY);
    if (persisted && kept !== null && kept !== field("conversation").value) restore();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && document.title.startsWith("Nouvelle")) entitle(""); });
  addEventListener("online", online);
  addEventListener("offline", online);
  if (!navigator.onLine) online();
  if (inPage) {
    part("print").hidden = false;
    part("print").addEventListener("click", () => print(log));
  }
  text.addEventListener("input", measure);
  // Enter sends, Maj+Enter makes a new line; not in the middle of a composed character.
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    sendButton.click();
  });
  // Old browsers do not say which button was pressed.
  root.addEventListener("click", ({ target }) => { clicked = target.closest("button"); });
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    const pressed = event.submitter || clicked;
    // What the page does not show is in the file that the server writes.
    if (!base && log.querySelector(".earlier") && pressed?.getAttribute("formaction") === "/conversation.txt") return;
    event.preventDefault();
    if (pressed?.getAttribute("aria-disabled") === "true" && pressed !== sendButton) return;
    submit(pressed);
  });
}
