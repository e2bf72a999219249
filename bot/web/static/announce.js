// A separate live region: the transcript itself is never live, or all of it would be read again. What was said is removed all
// at once (one by one, some screen readers say the rest again), and not sooner than a second (Chrome and TalkBack lose it).
export function announcer(live) {
  let clearing = 0;
  let last = "";
  return (...sentences) => {
    for (const words of sentences) {
      const note = document.createElement("p");
      // An invisible character makes a repeat another text: it is said again.
      last = note.textContent = words === last ? `${words}\u2063` : words;
      live.append(note);
    }
    clearTimeout(clearing);
    clearing = setTimeout(() => live.replaceChildren(), 1000);
  };
}
