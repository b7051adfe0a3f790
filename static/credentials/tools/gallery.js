"use strict";
// The gallery of presets: cards that lack one of the typed words go, while typing.
document.addEventListener("DOMContentLoaded", () => {
  const input = document.querySelector("[data-filter]");
  if (!input) return;
  const cards = [...document.querySelectorAll(`#${input.dataset.filter} > li`)];
  const status = document.querySelector("[data-found]");
  const heading = document.querySelector("[data-nothing] h2");
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const card of cards) card.hidden = !words.every((word) => card.dataset.words.includes(word));
    const found = cards.filter((card) => !card.hidden).length;
    status.textContent = `${found} of ${cards.length} presets`;
    heading.textContent = found ? "Your provider is not here?" : "No preset fits";
  };
  input.addEventListener("input", apply);
  apply();
});
