// Under each reply: how many SMS it takes, what makes it Unicode, and how it reads to a person.
"use strict";

(() => {
  const PAUSE = 350;

  const values = (form) => {
    const found = {};
    for (const name of ["brand", "help_contact", "opt_in_keywords", "opt_out_keywords", "help_keywords"]) {
      const field = form.elements[name];
      if (field) found[name] = field.value;
    }
    return found;
  };

  const element = (tag, className, text) =>
    Object.assign(document.createElement(tag), { className, textContent: text });

  const start = (box) => {
    const field = box.querySelector("textarea");
    if (!field || box.dataset.ready || field.name.includes("__prefix__")) return;
    box.dataset.ready = "yes";
    const shown = box.querySelector("[data-count]");
    shown.setAttribute("aria-live", "polite");
    let timer = 0;
    let running = null;

    const show = (answer) => {
      const parts = [];
      if (answer.problem) {
        parts.push(element("p", "wh-count-problem", answer.problem));
      } else if (answer.line) {
        const line = element("p", "wh-count-line", field.value.trim() ? answer.line : `Standard message: ${answer.line}`);
        if (answer.culprits.length) {
          const names = answer.culprits.map((one) => `${one.character} (${one.name})`).join(", ");
          line.append(element("span", "wh-culprits", ` Unicode because of ${names}`));
        }
        parts.push(line);
        const look = element("details", "wh-look", "");
        look.open = shown.querySelector("details")?.open || false;
        look.append(element("summary", "", "How it reads"), element("p", "wh-bubble", answer.text));
        parts.push(look);
      }
      shown.replaceChildren(...parts);
    };
    const ask = async () => {
      running?.abort();
      running = new AbortController();
      try {
        const response = await fetch(field.dataset.checkUrl, {
          method: "POST",
          headers: {
            "Content-Type": "application/json",
            "X-CSRFToken": field.form.querySelector("[name=csrfmiddlewaretoken]")?.value || "",
          },
          body: JSON.stringify({ source: field.value, field: field.name, fields: values(field.form) }),
          signal: running.signal,
        });
        if (response.ok && !response.redirected) show(await response.json());
      } catch (error) {
        if (error.name !== "AbortError") shown.textContent = "The count could not be fetched; your text is kept.";
      }
    };
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    };
    field.addEventListener("input", later);
    field.form.addEventListener("change", (event) => {
      if (["brand", "help_contact"].includes(event.target.name)) later();
    });
    // Folded sections ask when they are opened.
    const fold = box.closest("details.cr-fold");
    if (fold && !fold.open) fold.addEventListener("toggle", ask, { once: true });
    else ask();
  };

  const startAll = () => document.querySelectorAll("[data-message]").forEach(start);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
  else startAll();
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-add-row]")) setTimeout(startAll);
  });
})();
