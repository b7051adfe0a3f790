// Keyword lists as chips. The text field stays what is sent: without this script it is typed in, with commas.
"use strict";

(() => {
  const SEPARATORS = /[,;\n\r،，、]+/;
  const words = (text) => text.split(SEPARATORS).map((word) => word.trim()).filter(Boolean);
  const same = (one, other) => one.localeCompare(other, undefined, { sensitivity: "accent" }) === 0;

  const start = (field) => {
    if (field.dataset.ready || field.name.includes("__prefix__")) return;
    field.dataset.ready = "yes";
    const label = document.querySelector(`label[for="${field.id}"]`);
    const title = label ? label.textContent.replace("*", "").trim() : "Keywords";
    const standard = words(field.dataset.standard || "");
    let chips = words(field.value);

    const box = document.createElement("div");
    box.className = "wh-chips";
    const list = document.createElement("ul");
    list.setAttribute("aria-label", `${title}: words`);
    const entry = document.createElement("input");
    entry.type = "text";
    entry.id = `${field.id}-entry`;
    entry.className = "wh-chip-entry";
    entry.autocomplete = "off";
    entry.spellcheck = false;
    entry.setAttribute("autocapitalize", "characters");
    const help = field.getAttribute("aria-describedby");
    if (help) entry.setAttribute("aria-describedby", help);
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    said.className = "unseen";
    box.append(list, entry, said);
    field.after(box);
    // Hidden, still sent; the label belongs to where one types now.
    field.hidden = true;
    if (label) label.htmlFor = entry.id;

    const store = (spoken) => {
      field.value = chips.join(", ");
      field.dispatchEvent(new Event("change", { bubbles: true }));
      said.textContent = spoken;
      draw();
    };
    const remove = (index) => {
      const [gone] = chips.splice(index, 1);
      store(`${gone} removed`);
      const left = list.querySelectorAll("button");
      (left[Math.min(index, left.length - 1)] || entry).focus();
    };
    const add = (text) => {
      const fresh = [];
      for (const word of words(text)) {
        if (![...chips, ...fresh].some((known) => same(known, word))) fresh.push(word);
      }
      entry.value = "";
      if (fresh.length) {
        chips = [...chips, ...fresh];
        store(`${fresh.join(", ")} added`);
      }
    };

    const chip = (word, index) => {
      const item = document.createElement("li");
      item.className = "wh-chip";
      item.append(word);
      const bin = document.createElement("button");
      bin.type = "button";
      bin.textContent = "×";
      bin.setAttribute("aria-label", `Remove ${word}`);
      bin.disabled = field.disabled || field.readOnly;
      bin.addEventListener("click", () => remove(index));
      item.append(bin);
      return item;
    };
    const draw = () => {
      list.replaceChildren(...chips.map(chip));
      if (!chips.length && standard.length) {
        list.append(Object.assign(document.createElement("li"), {
          className: "wh-chip-none", textContent: `None: the standard words count (${standard.join(", ")})`,
        }));
      }
      entry.placeholder = chips.length ? "Add a word" : "Type a word, then Enter or comma";
    };

    entry.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        add(entry.value);
      } else if (event.key === "Backspace" && !entry.value && chips.length) {
        const gone = chips.pop();
        store(`${gone} removed`);
      } else if (event.key === "ArrowLeft" && !entry.value) {
        list.querySelector("li:last-of-type button")?.focus();
      }
    });
    entry.addEventListener("input", () => {
      if (SEPARATORS.test(entry.value)) add(entry.value);
    });
    entry.addEventListener("change", () => add(entry.value));
    list.addEventListener("keydown", (event) => {
      const buttons = [...list.querySelectorAll("button")];
      const at = buttons.indexOf(document.activeElement);
      if (event.key === "ArrowLeft") buttons[Math.max(at - 1, 0)]?.focus();
      if (event.key === "ArrowRight") (buttons[at + 1] || entry).focus();
      if (event.key === "Backspace" || event.key === "Delete") {
        event.preventDefault();
        if (at >= 0) remove(at);
      }
    });
    box.addEventListener("click", (event) => {
      if (event.target === box || event.target === list) entry.focus();
    });
    // Other scripts (language packs) add words through the field.
    field.addEventListener("wh:add", (event) => add(event.detail.join(",")));
    draw();
  };

  const startAll = () => document.querySelectorAll("input[data-keywords]").forEach(start);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
  else startAll();
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-add-row]")) setTimeout(startAll);
  });
})();
