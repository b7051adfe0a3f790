// Language packs: one click adds a language's keywords to the lists; its standard replies are offered then.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector("[data-packs]");
  if (!box) return;
  const packs = JSON.parse(box.dataset.packs);
  const said = box.querySelector("[data-packs-said]");
  const offer = box.querySelector("[data-packs-offer]");
  let chosen = null;
  box.hidden = false;

  const field = (name) => document.querySelector(`[name="${name}"]`);
  const count = (name) => field(name).value.split(",").filter((word) => word.trim()).length;
  const LISTS = ["opt_in_keywords", "opt_out_keywords", "help_keywords"];

  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pack]");
    if (!button) return;
    chosen = packs[button.dataset.pack];
    const before = LISTS.reduce((sum, name) => sum + count(name), 0);
    for (const name of LISTS) {
      field(name).dispatchEvent(new CustomEvent("wh:add", { detail: chosen.words[name] }));
    }
    const added = LISTS.reduce((sum, name) => sum + count(name), 0) - before;
    said.textContent = added ? `${added} words of ${chosen.label} added. They count once you submit.` : `All words of ${chosen.label} are in the lists already.`;
    offer.hidden = false;
    offer.querySelector("button").textContent = `Use the standard replies in ${chosen.label} too`;
  });
  offer.querySelector("button").addEventListener("click", () => {
    for (const [name, text] of Object.entries(chosen.replies)) {
      const reply = field(name);
      if (!reply) continue;
      reply.value = text;
      reply.dispatchEvent(new Event("input", { bubbles: true }));
      reply.dispatchEvent(new Event("change", { bubbles: true }));
    }
    said.textContent = `Replies in ${chosen.label} filled in. They count once you submit.`;
    offer.hidden = true;
  });
});
