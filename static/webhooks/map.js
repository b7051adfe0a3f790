// Mapping by clicking: each value opens a small menu that says what it is; and the list of samples while listening.
"use strict";

(() => {
  const EVERY = 2000;

  const startMap = (form) => {
    const choices = JSON.parse(form.dataset.choices);
    const store = form.elements.marks;
    const said = form.querySelector("[data-said]");
    const marks = JSON.parse(store.value);

    const draw = () => {
      store.value = JSON.stringify(marks);
      const labels = Object.fromEntries(choices);
      for (const badge of form.querySelectorAll("[data-mark-of]")) {
        const label = labels[marks[badge.dataset.markOf]] || "";
        badge.textContent = label;
        badge.hidden = !label;
      }
    };
    const close = () => {
      form.querySelector(".wh-menu")?.remove();
      form.querySelector(".wh-value[aria-expanded=true]")?.setAttribute("aria-expanded", "false");
    };
    const choose = (button, name, label) => {
      if (name) marks[button.dataset.place] = name;
      else delete marks[button.dataset.place];
      said.textContent = name ? `${button.textContent}: ${label}` : `${button.textContent}: ignored`;
      draw();
      close();
      button.focus();
    };
    const open = (button) => {
      const wasOpen = button.getAttribute("aria-expanded") === "true";
      close();
      if (wasOpen) return;
      button.setAttribute("aria-expanded", "true");
      const menu = document.createElement("div");
      menu.className = "wh-menu";
      menu.setAttribute("role", "group");
      menu.setAttribute("aria-label", `What ${button.textContent} is`);
      for (const [name, label] of [...choices, ["", "Nothing: ignore it"]]) {
        const item = document.createElement("button");
        item.type = "button";
        item.textContent = label;
        const taken = name && name !== "fixed" && Object.entries(marks).some(([place, mark]) => mark === name && place !== button.dataset.place);
        if (taken) item.append(Object.assign(document.createElement("small"), { textContent: " (marked elsewhere too)" }));
        if ((marks[button.dataset.place] || "") === name) item.setAttribute("aria-current", "true");
        item.addEventListener("click", () => choose(button, name, label));
        menu.append(item);
      }
      menu.addEventListener("keydown", (event) => {
        const items = [...menu.children];
        const at = items.indexOf(document.activeElement);
        if (event.key === "Escape") { close(); button.focus(); }
        else if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
        else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length].focus();
        else return;
        event.preventDefault();
      });
      button.closest("li").append(menu);
      (menu.querySelector("[aria-current]") || menu.firstElementChild).focus();
    };
    form.addEventListener("click", (event) => {
      const button = event.target.closest(".wh-value");
      if (button) open(button);
    });
    draw();
  };

  const listen = (status) => {
    const list = document.querySelector("[data-samples]");
    let shown = list.querySelectorAll(".wh-sample").length;
    const ask = async () => {
      try {
        const response = await fetch(status.dataset.listening + window.location.search, { headers: { Accept: "application/json" } });
        if (response.ok && !response.redirected) {
          const answer = await response.json();
          status.querySelector("[data-left]").textContent = answer.left;
          if (answer.count !== shown) {
            const first = shown === 0;
            shown = answer.count;
            list.innerHTML = answer.html;
            // Nothing is being worked on yet: show the first one at once.
            if (first && !document.querySelector("[data-map]")) list.querySelector(".wh-sample")?.click();
          }
          if (!answer.on) return;
        }
      } catch {
        // The next round asks again; the page works without.
      }
      setTimeout(ask, EVERY);
    };
    setTimeout(ask, EVERY);
  };

  const form = document.querySelector("[data-map]");
  if (form) startMap(form);
  const status = document.querySelector("[data-listening]");
  if (status) listen(status);
})();
