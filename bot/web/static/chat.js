// The chat: the new turn arrives without reloading, is announced, and the conversation stays in its tab. Everything works without
// this file. No dependency; nothing is kept but the conversation's token, in the tab's own storage.

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

function fragment(html) {
  return new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
}

// `root` holds the chat (a document's or a shadow tree's `.app`); `base` is the assistant's address, "" on its own pages.
export function mount(root, base = "") {
  const form = root.querySelector("#ask");
  const log = root.querySelector("#log");
  const live = root.querySelector("#live");
  const problem = root.querySelector("#problem");
  const text = root.querySelector("#text");
  const erase = root.querySelector("#erase");
  const field = (name) => form.elements.namedItem(name);
  const KEY = "assistant-conversation";
  let busy = false;

  const memory = {
    get() { try { return sessionStorage.getItem(KEY) || ""; } catch { return ""; } },
    set(token) { try { token ? sessionStorage.setItem(KEY, token) : sessionStorage.removeItem(KEY); } catch { /* storage refused */ } },
  };

  function keep(token) {
    field("conversation").value = token;
    memory.set(token);
    erase.hidden = !token;
  }

  // A separate live region: the transcript itself is never live, or all of it would be read again.
  function announce(words) {
    const note = document.createElement("p");
    note.textContent = words;
    live.append(note);
    setTimeout(() => note.remove(), 1000);
  }

  function spoken(item) {
    const copy = item.cloneNode(true);
    for (const extra of copy.querySelectorAll("details, .choices")) extra.remove();
    const choices = item.querySelectorAll(".choices button").length;
    const more = choices ? ` ${choices} choix sont proposés sous la réponse.` : "";
    return copy.textContent.replace(/\s+/g, " ").trim() + more;
  }

  function settle(chosen) {
    for (const button of log.querySelectorAll(".choices button:not([aria-disabled])")) {
      button.setAttribute("aria-disabled", "true");
      if (button.value === chosen) {
        button.classList.add("chosen");
        button.append(" (choisi)");
      }
    }
  }

  function fail(words) {
    problem.replaceChildren();
    const note = document.createElement("p");
    note.textContent = words;
    problem.append(note);
  }

  async function send(data, submitter) {
    busy = true;
    form.setAttribute("aria-busy", "true");
    problem.replaceChildren();
    const waiting = setTimeout(() => announce("L'assistant prépare sa réponse."), 1500);
    try {
      const response = await fetch(`${base}/`, { method: "POST", body: new URLSearchParams(data), headers: { "X-Fragment": "turn" } });
      const html = await response.text();
      if (!response.ok) {
        fail(fragment(html)?.textContent.trim() || "L'envoi a échoué. Votre message est toujours là : réessayez.");
        return;
      }
      const turn = fragment(html);
      settle(submitter?.name === "choice" ? submitter.value : "");
      const items = [...turn.children];
      log.append(...items);
      keep(turn.dataset.conversation);
      if (submitter?.name !== "choice") text.value = "";
      field("id").value = newId();
      items[0]?.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
      announce(spoken(items.at(-1)));
    } catch {
      fail("La connexion est coupée. Votre message est toujours là : réessayez quand elle revient.");
    } finally {
      clearTimeout(waiting);
      busy = false;
      form.removeAttribute("aria-busy");
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const submitter = event.submitter;
    if (busy || submitter?.getAttribute("aria-disabled") === "true") return;
    const data = new FormData(form);
    if (submitter?.name) data.append(submitter.name, submitter.value);
    send(data, submitter);
  });

  // Enter sends, Maj+Enter makes a new line; not in the middle of a composed character.
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  async function restore() {
    const token = memory.get();
    if (!token || field("conversation").value) return;
    const response = await fetch(`${base}/historique`, { headers: { Authorization: `Bearer ${token}` } });
    if (!response.ok) return memory.set("");
    const turns = fragment(await response.text());
    log.append(...turns.children);
    keep(token);
    for (const button of log.querySelectorAll("li:not(:last-child) .choices button")) button.setAttribute("aria-disabled", "true");
  }

  if (field("conversation").value) keep(field("conversation").value);
  else restore().catch(() => { /* offline: the page is still usable */ });
}
