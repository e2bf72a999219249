// What one may do with an answer or a conversation: listen, copy, download, print, say whether it helped.
import { onVoice, sayNumber, speak, stop } from "./speech.js";

const BLOCKS = /^(P|LI|UL|OL|DIV|DETAILS|SUMMARY)$/;
const NOT_TEXT = ".tools, .choices, .calls, svg";

// The text of a part of the page, as lines. `aloud`: to be heard, so no address, no source.
export function lines(part, aloud = false) {
  const skip = aloud ? `${NOT_TEXT}, details, .source, .map, .who` : NOT_TEXT;
  const read = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.replace(/\s+/g, " ");
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches(skip)) return "";
    const inside = [...node.childNodes].map(read).join("");
    const href = node.getAttribute("href") || "";
    if (aloud && /^(tel|sms):/.test(href)) return /\d/.test(node.textContent) ? inside.replace(/\d[\d\s]*/, sayNumber) : inside;
    if (!aloud && /^http/.test(href) && href !== inside) return `${inside} (${href})`;
    if (node.matches("li:not(.you, .assistant)") && !aloud) return `\n- ${inside.trim()}\n`;
    if (node.matches(".who")) return `${inside} : `;
    return BLOCKS.test(node.tagName) ? `\n${inside}\n` : inside;
  };
  return read(part).split("\n").map((line) => line.replace(/\s+/g, " ").trim()).filter((line) => line && line !== "-");
}

function button(label, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "tool";
  made.textContent = label;
  made.addEventListener("click", () => press(made));
  return made;
}

// Gives the answers inside `part` their buttons.
export function equip(part, announce) {
  for (const tools of part.querySelectorAll(".tools")) {
    const bubbles = [];
    for (let one = tools.previousElementSibling; one?.matches(".bubble, .choices"); one = one.previousElementSibling) {
      if (one.matches(".bubble")) bubbles.unshift(one);
    }
    if (navigator.clipboard) {
      tools.prepend(button("Copier", async (made) => {
        try {
          await navigator.clipboard.writeText(bubbles.flatMap((one) => lines(one)).join("\n"));
          announce("Réponse copiée.");
          made.textContent = "Copié";
          setTimeout(() => { made.textContent = "Copier"; }, 2000);
        } catch {
          announce("La copie n'a pas marché.");
        }
      }));
    }
    const listen = button("Écouter", () => {
      if (listen.textContent === "Arrêter") return stop();
      speak(bubbles.flatMap((one) => lines(one, true)), () => { listen.textContent = "Écouter"; });
      listen.textContent = "Arrêter";
    });
    onVoice(() => tools.prepend(listen));
  }
}

export function download(log, title) {
  const parts = [...log.children].map((one) => lines(one).join("\r\n"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", title, "\r\n\r\n", parts.join("\r\n\r\n")], { type: "text/plain;charset=utf-8" }));
  link.download = "conversation.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// Sources are folded on the screen and open on paper.
export function print(log) {
  const folded = [...log.querySelectorAll("details:not([open])")];
  for (const one of folded) one.open = true;
  window.print();
  for (const one of folded) one.open = false;
}

// `post` sends the opinion that `pressed` stands for; the buttons stay where the focus is.
export async function judge(pressed, post, announce) {
  const group = pressed.closest(".helped");
  const both = group.querySelectorAll("button");
  for (const one of both) one.setAttribute("aria-disabled", "true");
  const note = group.querySelector(".thanks") || document.createElement("p");
  note.className = "thanks";
  try {
    const thanks = await post();
    if (!thanks) throw new Error("refused");
    note.replaceChildren(...thanks.childNodes);
    pressed.classList.add("chosen");
    pressed.append(" (choisi)");
  } catch {
    note.textContent = "Votre avis n'a pas été envoyé.";
    for (const one of both) one.removeAttribute("aria-disabled");
  }
  group.append(note);
  announce(note.textContent.trim());
}
