// Languages as tabs: arrow keys move, a new one is added, any but the default can go.
import { make } from "./dom.js";

/** Tabs over the root's panels; `onOpen(panel)` when one is shown, `onChange()` when their number changes. */
export function createTabs(root, { onOpen, onChange }) {
  const list = root.querySelector("[data-tabs]");
  const total = root.querySelector("[data-total]");
  const opened = root.querySelector("[data-open-language]");
  const typed = root.querySelector("[data-add-language]");
  const remove = root.querySelector("[data-remove]");
  const tabs = new Map();
  let current = null;

  for (const panel of root.querySelectorAll("[data-panel]")) if (!panel.closest("template")) addTab(panel);
  root.querySelector("[data-bar]").hidden = false;
  root.querySelector("[data-add]").addEventListener("click", add);
  typed.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(), add();
  });
  list.addEventListener("keydown", onKey);
  remove.addEventListener("click", () => drop(current));

  function addTab(panel) {
    const name = panel.dataset.language || "Default";
    const id = panel.querySelector("textarea").id;
    panel.id = `${id}-panel`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `${id}-tab`);
    const tab = make("button", { type: "button", role: "tab", id: `${id}-tab`, class: "me-tab", "aria-controls": panel.id, onclick: () => open(panel) }, name);
    tabs.set(panel, tab);
    list.append(tab);
  }

  function open(panel) {
    current = panel;
    opened.value = panel.dataset.language;
    remove.hidden = !panel.dataset.language;
    remove.textContent = `Delete ${panel.dataset.language}`;
    for (const [other, tab] of tabs) {
      other.hidden = other !== panel;
      tab.setAttribute("aria-selected", String(other === panel));
      tab.tabIndex = other === panel ? 0 : -1;
    }
    onOpen(panel);
  }

  function add() {
    const language = typed.value.trim();
    typed.setCustomValidity(problemOf(language));
    if (!typed.reportValidity()) return;
    typed.value = "";
    const html = root.querySelector("[data-panel-template]").innerHTML.replaceAll("__index__", total.value);
    total.value = Number(total.value) + 1;
    const panel = make("div");
    panel.innerHTML = html;
    const made = panel.firstElementChild;
    made.dataset.language = language;
    made.querySelector("[name$=-language]").value = language;
    [...tabs.keys()].at(-1).after(made);
    addTab(made);
    open(made);
  }

  function problemOf(language) {
    if (!/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(language)) return "Write a language tag such as de or pt-BR.";
    const there = [...tabs.keys()].some((panel) => panel.dataset.language.toLowerCase() === language.toLowerCase());
    return there ? "There is a text in this language." : "";
  }

  function drop(panel) {
    const text = panel.querySelector("textarea").value.trim();
    if (text && !window.confirm(`Delete the text in ${panel.dataset.language}? Earlier versions keep it.`)) return;
    tabs.get(panel).remove();
    tabs.delete(panel);
    panel.remove();
    open(first());
    onChange();
  }

  function onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const panels = [...tabs.keys()];
    const next = panels[(panels.indexOf(current) + step + panels.length) % panels.length];
    open(next);
    tabs.get(next).focus();
  }

  function first() {
    const panels = [...tabs.keys()];
    return panels.find((panel) => panel.dataset.language === opened.value) ?? panels[0];
  }

  return { open, first, current: () => current };
}
