// The buttons "Copier": shown when this script runs and the browser lets a page copy.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  button.hidden = false;
  button.after(said);
  button.addEventListener("click", async () => {
    said.textContent = "";
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      said.textContent = " Copié.";
    } catch {
      said.textContent = " La copie est refusée par le navigateur : sélectionnez les lignes.";
    }
  });
}
