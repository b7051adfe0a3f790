// Searchable list of what can be inserted.
import { make } from "./dom.js";

/** The picker: `element` to place, `fill(groups)` when the server has named the groups. */
export function createPicker({ id, onPick }) {
  const search = make("input", {
    type: "search",
    id: `${id}-search`,
    class: "pe-search",
    placeholder: "Search",
    "aria-label": "Search variables, profile attributes and helper functions",
    autocomplete: "off",
    oninput: filter,
    onkeydown: (event) => event.key === "ArrowDown" && move(event, 0),
  });
  const list = make("div", { class: "pe-list", onkeydown: onListKey }, make("p", { class: "pe-quiet" }, "Loading…"));
  const element = make("section", { class: "pe-picker", "aria-label": "Insert" }, make("h3", {}, "Insert"), search, list);
  let shown = "";

  function fill(groups) {
    const text = JSON.stringify(groups);
    if (!groups || text === shown) return;
    shown = text;
    list.replaceChildren(...groups.filter((group) => group.items.length).map(groupOf));
    filter();
  }

  function groupOf(group) {
    return make("div", { class: "pe-group", role: "group", "aria-label": group.label }, make("h4", {}, group.label), ...group.items.map(itemOf));
  }

  function itemOf(item) {
    const words = [item.label, item.insert, item.help].join(" ").toLowerCase();
    return make(
      "button",
      { type: "button", class: "pe-item", "data-words": words, onclick: () => onPick(item.insert) },
      make("code", {}, item.insert.trim()),
      make("span", {}, item.help || item.label),
    );
  }

  function filter() {
    const wanted = search.value.trim().toLowerCase().split(/\s+/);
    for (const group of list.querySelectorAll(".pe-group")) {
      let any = false;
      for (const item of group.querySelectorAll(".pe-item")) {
        item.hidden = !wanted.every((word) => item.dataset.words.includes(word));
        any ||= !item.hidden;
      }
      group.hidden = !any;
    }
  }

  function onListKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const items = visible();
    move(event, items.indexOf(document.activeElement) + step);
  }

  function move(event, index) {
    event.preventDefault();
    (index < 0 ? search : visible()[index])?.focus();
  }

  function visible() {
    return [...list.querySelectorAll(".pe-item")].filter((item) => !item.hidden && !item.parentElement.hidden);
  }

  return { element, fill, items: () => JSON.parse(shown || "[]").flatMap((group) => group.items) };
}
