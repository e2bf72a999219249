// The launcher, alone on another site's page until somebody opens it. SITE is filled in by bot/web/embed.py.
// No dependency, no global, no cookie; nothing of the page is read but this script's own attributes.
((site) => {
  const TAG = "assistant-widget";
  const script = document.currentScript || document.querySelector('script[src*="/widget.js"]');
  const base = script.src.replace(/\/widget\.js.*$/, "");
  for (const other of document.querySelectorAll(TAG)) if (other.dataset.base === base) return;

  const warn = (words) => console.warn(`[assistant] ${words}`);
  const option = (name) => (script.getAttribute(`data-${name}`) || "").trim().slice(0, 60);
  const name = option("nom") || site.name;
  const position = option("position") || "droite";
  if (position !== "droite" && position !== "gauche") warn(`data-position="${position}" : écrivez droite ou gauche.`);

  function luminance(colour) {
    const part = (from) => {
      const c = parseInt(colour.slice(from, from + 2), 16) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
  }
  const contrast = (one, other) => {
    const pair = [luminance(one), luminance(other)];
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  };
  const inkOn = (colour) => (contrast(colour, "#ffffff") >= 4.5 ? "#ffffff" : "#000000");
  let colour = option("couleur").toLowerCase();
  if (/^#[0-9a-f]{3}$/.test(colour)) colour = colour.replace(/[0-9a-f]/g, "$&$&");
  if (colour && !/^#[0-9a-f]{6}$/.test(colour)) {
    warn(`data-couleur="${colour}" : ignoré, écrivez une couleur comme #1f5f5b.`);
    colour = "";
  }

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const key of Object.keys(attributes)) node.setAttribute(key, attributes[key]);
    for (const child of children) node.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
    return node;
  }

  const host = make(TAG, { lang: "fr", "data-base": base });
  const root = host.attachShadow({ mode: "open" });
  const close = make("button", { type: "button", class: "bar-button" }, "Fermer");
  const bar = make("div", { class: "bar" }, make("strong", {}, name),
    make("a", { href: `${base}/`, class: "bar-button" }, "Ouvrir sa page"), close);
  const status = make("p", { role: "status", class: "status" });
  const chat = make("div", { class: "chat" });
  const panel = make("div", { id: "panel", role: "dialog", "aria-label": name, tabindex: "-1", hidden: "" }, bar, status, chat);
  const button = make("button", { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "panel" },
    option("bouton") || "Une question ?", make("span", { class: "unseen" }, ` ${name}`));
  const frame = make("aside", { class: `frame ${position === "gauche" ? "left" : "right"}`, "aria-label": name }, button, panel);
  if (colour) {
    frame.style.setProperty("--w-brand", colour);
    frame.style.setProperty("--w-brand-ink", inkOn(colour));
  }

  // Constructed sheets are not subject to the page's style-src; a link is, for browsers that cannot construct one.
  function dress(tree, sheets) {
    try {
      tree.adoptedStyleSheets = sheets.map((text) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(text);
        return sheet;
      });
      return true;
    } catch (_) {
      return false;
    }
  }
  if (!dress(root, [site.css])) root.appendChild(make("link", { rel: "stylesheet", href: `${base}/widget.css` }));
  root.appendChild(frame);

  // Whether it was open, for this tab's next page of the site; without storage it is simply closed there.
  const KEY = `assistant-panneau@${base}`;
  function remember(state) { try { sessionStorage.setItem(KEY, state); } catch (_) { /* refused */ } }
  function remembered() { try { return sessionStorage.getItem(KEY); } catch (_) { return null; } }

  const covers = matchMedia("(max-width: 30em), (max-height: 30em)");
  let attempt = 0, ready = false, opener = button;

  function fail(error) {
    const reason = error && error.french;
    console.error(`[assistant] ${reason || "L'assistant ne peut pas être chargé (serveur injoignable, ou refusé par la politique de sécurité du site)."} ${base}/integration`);
    const again = make("button", { type: "button", class: "again" }, "Réessayer");
    again.addEventListener("click", () => { panel.focus(); load(); });
    chat.hidden = true;
    status.textContent = "";
    status.appendChild(make("span", {}, `${reason || "L'assistant n'a pas pu s'afficher ici."} `));
    status.appendChild(make("a", { href: `${base}/` }, "Ouvrir la page de l'assistant"));
    status.appendChild(make("span", {}, `. Par téléphone, ${site.who} : `));
    status.appendChild(make("a", { href: `tel:${site.phone.replace(/ /g, "")}` }, site.phone));
    status.appendChild(make("span", {}, ". En danger : 112, ou SMS au 114."));
    if (!reason) status.appendChild(again);
  }

  async function load() {
    status.textContent = "L'assistant arrive…";
    try {
      // A failed import may be remembered by the browser: another address for another try.
      const { fill } = await import(`${base}/static/panel.js${attempt++ ? `?${attempt}` : ""}`);
      await fill({ chat, base, colour, contrast, inkOn, dress });
      chat.hidden = false;
      status.textContent = "";
      ready = true;
    } catch (error) {
      fail(error);
    }
  }

  function show(from) {
    opener = from || button;
    panel.hidden = false;
    frame.classList.add("open");
    button.setAttribute("aria-expanded", "true");
    remember("ouvert");
    if (from) panel.focus();
    if (!ready) load();
  }

  function hide(back) {
    panel.hidden = true;
    frame.classList.remove("open");
    button.setAttribute("aria-expanded", "false");
    remember("ferme");
    if (back) (opener.isConnected ? opener : button).focus();
  }

  button.addEventListener("click", () => (panel.hidden ? show(button) : hide(true)));
  close.addEventListener("click", () => hide(true));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && !panel.hidden) hide(true);
  });
  // The page's own shortcuts would see keys typed in an element that they do not know as a text field.
  for (const type of ["keydown", "keypress", "keyup"]) panel.addEventListener(type, (event) => {
    if (event.key === "Escape" && type === "keydown" && !event.isComposing) hide(true);
    event.stopPropagation();
  });
  // Where the panel covers the page, focus never goes on under it.
  panel.addEventListener("focusout", (event) => {
    const next = event.relatedTarget;
    if (next && !panel.contains(next) && covers.matches && !panel.hidden) hide(false);
  });
  // A plain link to the assistant's page, marked data-assistant, opens the panel when there is one.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("[data-assistant]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    show(link);
  });

  // Beside the body, not in it: a transform, zoom or filter on the body, or a body replaced by navigation, does not reach us.
  document.documentElement.appendChild(host);
  const state = remembered();
  if (!covers.matches && (state === "ouvert" || (!state && script.hasAttribute("data-ouvert")))) show();
})(SITE);
