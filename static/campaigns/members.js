// The members of an audience: counts come after the page, a box chooses all, taking people off asks first.
"use strict";

(() => {
  const element = (tag, name, text) =>
    Object.assign(document.createElement(tag), { className: name, textContent: text });

  const count = async (box) => {
    try {
      const response = await fetch(box.dataset.consentUrl, { headers: { Accept: "application/json" } });
      if (!response.ok || response.redirected) throw new Error(response.statusText);
      const answer = await response.json();
      const list = element("ul", "au-parts", "");
      for (const part of answer.parts) {
        const item = element("li", "", "");
        item.append(element("span", `sg-badge ${part.tone}`, part.label), ` ${part.text}`);
        list.append(item);
      }
      box.replaceChildren(element("p", "au-count", answer.count), list);
    } catch {
      box.replaceChildren(element("p", "sg-quiet", "They could not be counted now. Load the page again."));
    }
  };

  document.querySelectorAll("[data-consent-url]").forEach(count);
  document.querySelectorAll("[data-choose-all]").forEach((box) => {
    box.addEventListener("change", () => {
      box.form.querySelectorAll("[name=member]").forEach((one) => { one.checked = box.checked; });
    });
  });
  document.querySelectorAll("form[data-confirm]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      const chosen = form.querySelectorAll("[name=member]:checked").length;
      if (chosen && !window.confirm(form.dataset.confirm)) event.preventDefault();
    });
  });
})();
