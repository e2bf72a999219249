// "Données personnelles": offers to erase the conversation of this tab, and forgets its token once the server has erased it.
// Without this file the page says how to erase from the conversation itself.

const PREFIX = "assistant-";
const KEY = `${PREFIX}conversation`;

try {
  if (document.querySelector("[data-erased]")) {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }
  const token = sessionStorage.getItem(KEY);
  if (token) {
    const form = document.querySelector("#forget");
    form.elements.namedItem("conversation").value = token;
    form.hidden = false;
    document.querySelector("#how").hidden = true;
  }
} catch { /* storage refused: there is no token to find */ }
