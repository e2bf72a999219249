// What the widget's panel holds: the same chat as the site's own page, in a shadow tree of its own, loaded when first opened.
import { announcer } from "./announce.js";
import { mount } from "./chat.js";
import { fragment } from "./html.js";
import { stop } from "./speech.js";

class Refused extends Error {
  constructor(french) {
    super(french);
    this.french = french;
  }
}

async function get(address) {
  const response = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" });
  if (response.status === 403) throw new Refused(fragment(await response.text())?.textContent.trim());
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.text();
}

// Our addresses, not the page's: what is relative in the fragment is relative to the assistant.
function rebase(app, base) {
  for (const name of ["href", "src", "action", "formaction"]) {
    for (const node of app.querySelectorAll(`[${name}^="/"]`)) node.setAttribute(name, base + node.getAttribute(name));
  }
}

function shade(colour, towards, part) {
  const mixed = [1, 3, 5].map((at) => {
    const [from, to] = [colour, towards].map((one) => parseInt(one.slice(at, at + 2), 16));
    return Math.round(from + (to - from) * part).toString(16).padStart(2, "0");
  });
  return `#${mixed.join("")}`;
}

// The site's colour, darkened or lightened as far as it takes to be read as text on our grounds, in light and in dark.
function paint(chat, { colour, luminance, inkOn }) {
  const contrast = (one, other) => {
    const pair = [luminance(one), luminance(other)];
    return Math.max(...pair) / Math.min(...pair);
  };
  const now = () => {
    chat.style.removeProperty("--brand");
    const style = getComputedStyle(chat);
    const grounds = ["--paper", "--card", "--mine"].map((name) => style.getPropertyValue(name).trim());
    const towards = inkOn(grounds[0]); // black in light, white in dark
    let readable = towards;
    for (let part = 1; part >= 0; part -= 0.05) {
      const tried = shade(colour, towards, part);
      if (grounds.some((ground) => contrast(tried, ground) < 4.5)) break;
      readable = tried;
    }
    chat.style.setProperty("--brand", readable);
    chat.style.setProperty("--brand-ink", inkOn(readable));
  };
  now();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", now);
}

// As on the site's own page: the bar, the notice and the examples are not to be gone through at each opening.
function skip(app) {
  const button = document.createElement("button");
  button.className = "skip";
  button.textContent = "Aller à la zone pour écrire";
  button.addEventListener("click", () => app.querySelector("#text").focus());
  return button;
}

export async function fill(widget) {
  const { panel, chat, base, colour, dress, covers, state } = widget;
  const files = ["/theme.css", "/static/style.css"].map((path) => base + path);
  const [html, ...sheets] = await Promise.all([`${base}/widget.html`, ...files].map(get));
  const tree = chat.shadowRoot || chat.attachShadow({ mode: "open" });
  const app = fragment(html);
  tree.replaceChildren(skip(app), app);
  if (!dress(tree, sheets)) {
    for (const href of files) {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = href;
      tree.prepend(link);
    }
  }
  // Where the panel covers the page, focus never goes on under it.
  panel.addEventListener("focusout", (event) => {
    const next = event.relatedTarget;
    if (next && !panel.contains(next) && covers.matches && !panel.hidden) state(false);
  });
  new MutationObserver(() => { if (panel.hidden) stop(); }).observe(panel, { attributeFilter: ["hidden"] });
  if (colour && tree.adoptedStyleSheets?.length) paint(chat, widget);
  mount(app, base);
  rebase(app, base);
  // The focus stays where the gesture put it, so that this has to be said; not at once, or the new region is not listened to yet.
  setTimeout(announcer(app.querySelector("#live")), 500, "L'assistant est prêt.");
}
