// How a person wants to read, and what is kept for as long as the tab: in its own storage, or nowhere when that is refused.

export const memory = {
  // null when the browser refuses its storage
  get(key) { try { return sessionStorage.getItem(key) || ""; } catch { return null; } },
  set(key, value) {
    try { value ? sessionStorage.setItem(key, value) : sessionStorage.removeItem(key); } catch { /* refused */ }
  },
};

const NAMES = ["variant", "taille", "contraste"];
const SAID = {
  "variant simple": "Les prochaines réponses seront en langage simple.",
  "variant standard": "Les prochaines réponses seront écrites comme d'habitude.",
};

// Returns a function that sets one preference, as when an answer was asked for in plainer words.
export function display(root, form, announce) {
  const KEY = `assistant-affichage-${root.dataset.mode}`;
  const body = root.closest("body"); // none in a shadow tree: another site's page is not ours to change
  const field = (name) => form.elements.namedItem(name);

  function apply() {
    for (const name of NAMES) {
      const { value } = field(name);
      root.setAttribute(`data-${name}`, value);
      if (name !== "variant") body?.setAttribute(`data-${name}`, value);
    }
  }

  function set(name, value) {
    if (value && field(name).value !== value) field(name).value = value;
    apply();
    memory.set(KEY, NAMES.map((one) => field(one).value).join(" "));
  }

  const kept = (memory.get(KEY) || "").split(" ");
  if (kept.length === NAMES.length) NAMES.forEach((name, i) => { field(name).value = kept[i]; });
  apply();
  const details = root.querySelector(".display");
  details.querySelector(".apply").hidden = true;
  details.addEventListener("change", ({ target }) => {
    set(target.name, target.value);
    const said = SAID[`${target.name} ${target.value}`];
    if (said) announce(said);
  });
  return set;
}
