// "Écouter": the browser's own French voice, and only one of this machine, so that no word leaves it.

const synth = window.speechSynthesis;

function localVoice() {
  return synth?.getVoices().find((one) => one.localService && /^fr(?![a-z])/i.test(one.lang));
}

// Calls `found` once there is a voice: browsers list theirs late.
export function onVoice(found) {
  if (localVoice()) return found();
  const look = () => {
    if (!localVoice()) return;
    synth.removeEventListener("voiceschanged", look);
    found();
  };
  synth?.addEventListener?.("voiceschanged", look);
}

// A number digit pair by digit pair, as it is said and written down in French: "04, 67, …"; "116, 006".
export function sayNumber(written) {
  const digits = written.replace(/\D/g, "");
  if (digits.length === 6) return digits.replace(/\d{3}(?=\d)/g, "$&, ");
  return digits.length < 4 || digits.length % 2 ? written : digits.replace(/\d\d(?=\d)/g, "$&, ");
}

let ending = null;

export function stop() {
  synth?.cancel();
  ending?.();
  ending = null;
}

// Reads the lines one after the other; `ended` is called at the end, or when it is stopped.
export function speak(lines, ended) {
  stop();
  ending = ended;
  const voice = localVoice();
  lines.forEach((line, i) => {
    const words = new SpeechSynthesisUtterance(line.replace(/(\d)\s*h\b/g, "$1 heures").replace(/(\d)\s*km\b/g, "$1 kilomètres"));
    words.voice = voice;
    words.lang = voice.lang;
    words.rate = 0.95;
    if (i === lines.length - 1) words.onend = () => { if (ending === ended) stop(); };
    synth.speak(words);
  });
}

window.addEventListener("pagehide", stop);
