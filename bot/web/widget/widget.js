// The launcher, alone on another site's page until somebody opens it. bot/web/embed.py fills in the last line, and
// takes the comments out: with its style it must stay under 3 KB gzipped.
// No dependency, no global, no cookie; nothing of the page is read but this script's own attributes.
((site) => {
  const script = document.currentScript || document.querySelector('script[src*="/widget.js"]');
  const base = script.src.replace(/\/widget\.js.*/, "");
  if (document.querySelector(`assistant-widget[data-base="${base}"]`)) return;

  const option = (name) => (script.getAttribute("data-" + name) || "").trim().slice(0, 60);
  const name = option("nom") || site.name;
  let colour = option("couleur").toLowerCase().replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
  if (colour && !/^#[0-9a-f]{6}$/.test(colour)) {
    console.warn("[assistant] data-couleur : une couleur comme #1f5f5b");
    colour = "";
  }

  function luminance(colour) {
    const part = (at) => {
      const c = parseInt(colour.slice(at, at + 2), 16) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) + 0.05;
  }
  // White where it reads (WCAG: 4.5), else black, which then does.
  const inkOn = (colour) => (1.05 / luminance(colour) >= 4.5 ? "#ffffff" : "#000000");

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const key of Object.keys(attributes)) node.setAttribute(key, attributes[key]);
    node.append(...children);
    return node;
  }

  const host = make("assistant-widget", { lang: "fr", "data-base": base });
  const root = host.attachShadow({ mode: "open" });
  const close = make("button", { class: "bare" }, "Fermer");
  const bar = make("div", { class: "bar" }, make("h2", {}, name), make("a", { href: base + "/", class: "bare" }, "Page entière"), close);
  const status = make("p", { role: "status" });
  const chat = make("div", { class: "chat" });
  const panel = make("div", { id: "panel", role: "dialog", "aria-label": name, tabindex: -1, hidden: "" }, bar, status, chat);
  const words = option("bouton") || "Une question ?";
  const button = make("button", { class: "launcher", "aria-label": `${words} ${name}`, "aria-expanded": false, "aria-controls": "panel" }, words);
  const frame = make("aside", { class: option("position"), "aria-label": name }, button, panel);
  if (colour) for (const node of [button, bar]) {
    node.style.setProperty("--w-brand", colour);
    node.style.setProperty("--w-brand-ink", inkOn(colour));
  }

  // Constructed sheets are not subject to the page's style-src; a link is, for browsers that cannot construct one.
  function dress(tree, sheets) {
    try {
      return (tree.adoptedStyleSheets = sheets.map((text) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(text);
        return sheet;
      }));
    } catch (_) { /* an old browser */ }
  }
  if (!dress(root, [site.css])) root.append(make("link", { rel: "stylesheet", href: base + "/widget.css" }));
  root.append(frame);

  // Whether it was open, for this tab's next page of the site; without storage it is simply closed there.
  const KEY = "assistant-panneau@" + base;
  const stored = (use) => { try { return use(sessionStorage); } catch (_) { /* refused */ } };
  const covers = matchMedia("(max-width:30em),(max-height:30em)");
  let tries = 0, ready, opener = button;

  function state(open) {
    panel.hidden = !open;
    button.setAttribute("aria-expanded", open);
    stored((storage) => storage.setItem(KEY, open));
  }

  async function load() {
    status.textContent = "L'assistant arrive… S'il tarde, ouvrez la page entière.";
    try {
      // A failed import may be remembered by the browser: another address for another try.
      const { fill } = await import(`${base}/static/panel.js?${tries++}`);
      await fill({ panel, chat, base, colour, luminance, inkOn, dress, covers, state });
      status.textContent = "";
      ready = true;
    } catch (error) {
      const reason = error.french;
      console.error("[assistant]", reason || error, base + "/integration");
      const again = make("button", {}, "Réessayer");
      again.onclick = () => { panel.focus(); load(); };
      status.textContent = "";
      status.append(`${reason || "L'assistant ne s'affiche pas ici."} `, make("a", { href: base + "/" }, "Ouvrir sa page"),
        `. Par téléphone, ${site.who} : `, make("a", { href: "tel:" + site.phone.replace(/ /g, "") }, site.phone), ". En danger : 112, ou SMS au 114.", reason ? "" : again);
    }
  }

  function show(from) {
    state(true);
    if (from) (opener = from), panel.focus();
    if (!ready) load();
  }

  function hide() {
    state(false);
    (opener.isConnected ? opener : button).focus();
  }

  button.onclick = () => (panel.hidden ? show(button) : hide());
  close.onclick = hide;
  // The page's own shortcuts would see keys typed in an element that they do not know as a text field.
  for (const type of ["keydown", "keypress", "keyup"]) root.addEventListener(type, (event) => {
    if (panel.hidden) return;
    event.stopPropagation();
    if (type === "keydown" && event.key === "Escape" && !event.isComposing) hide();
  });
  // A plain link to the assistant's page, marked data-assistant, opens the panel when there is one.
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("[data-assistant]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link);
  });

  // Beside the body, not in it: a transform, zoom or filter on the body, or a body replaced by navigation, does not reach us.
  document.documentElement.append(host);
  const was = stored((storage) => storage.getItem(KEY));
  if (!covers.matches && (was ? was === "true" : script.hasAttribute("data-ouvert"))) show();
})(SITE);
