"use strict";
// "Paste a sample answer": its values as buttons; choosing one says what it is and fills in the form.
document.addEventListener("DOMContentLoaded", () => {
  const panel = document.querySelector("[data-answer-sample]");
  if (!panel) return;
  const { ask, element } = window.credentialTools;
  const status = panel.querySelector("[data-answer-status]");
  const tree = panel.querySelector("[data-answer-tree]");
  panel.hidden = false;

  const set = (input, value) => {
    if (!input) return false;
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };
  const fill = (name) => (row) => set(document.getElementById(`id_${name}`), row.path);

  // A rule that refuses every other value of this place.
  const addRule = (row) => {
    const button = document.querySelector('[data-add-row="rules"]');
    if (!button) return false;
    button.click();
    const rows = [...document.querySelectorAll('[name^="rules-"][name$="-path"]')]
      .filter((input) => !input.name.includes("__prefix__"));
    const prefix = rows.at(-1).name.replace(/-path$/, "");
    const column = (name) => document.getElementsByName(`${prefix}-${name}`)[0];
    set(column("statuses"), "2xx");
    set(column("path"), row.path);
    set(column("test"), "none_of");
    set(column("values"), row.value);
    set(column("outcome"), "failed");
    return true;
  };

  const meanings = [
    ["This is the message id", fill("message_id_path"), "Message id path filled in."],
    ["This value means success", addRule, "Response rule added: any other value here means failed."],
    ["This is the error code", fill("error_code_path"), "Error code path filled in."],
    ["This is the error text", fill("error_text_path"), "Error text path filled in."],
  ];

  const close = () => {
    tree.querySelector(".ct-means")?.remove();
    tree.querySelector("[aria-expanded=true]")?.setAttribute("aria-expanded", "false");
  };
  const open = (item, button, row) => {
    const was = button.getAttribute("aria-expanded") === "true";
    close();
    if (was) return;
    button.setAttribute("aria-expanded", "true");
    const choices = element("div", "", { class: "ct-means", role: "group", "aria-label": `What ${row.value} is` });
    for (const [label, act, done] of meanings) {
      const choice = element("button", label, { type: "button", class: "sg-button quiet" });
      choice.addEventListener("click", () => {
        status.textContent = act(row) ? `${done} ${row.path}` : "This page has no field for it.";
        close();
        button.focus();
      });
      choices.append(choice);
    }
    choices.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { close(); button.focus(); }
    });
    item.append(choices);
    choices.firstElementChild.focus();
  };

  const line = (row) => {
    const item = element("li");
    item.style.setProperty("--depth", row.depth);
    item.append(element("span", row.path && row.label ? `${row.label}: ` : row.label, { class: "name" }));
    if (row.path) {
      const button = element("button", row.value || "(empty)", { type: "button", class: "value", "aria-expanded": "false", title: row.path });
      button.addEventListener("click", () => open(item, button, row));
      item.append(button);
    }
    return item;
  };

  panel.querySelector("[data-read-answer]").addEventListener("click", async () => {
    const answer = await ask(panel.dataset.answerSample, { sample: panel.querySelector("textarea").value });
    const rows = answer.rows || [];
    status.textContent = answer.problem || `${rows.filter((row) => row.path).length} values. Choose one.`;
    tree.replaceChildren(...rows.map(line));
  });
});
