"use strict";
// Rows of the API credentials form: add copies the template, the bin marks for deletion and hides, arrows move.
// The server goes by the fields alone; without this script rows are moved by their number.
const CredentialRows = {
  prepare(row) {
    const tools = row.querySelector(".cr-tools");
    const box = row.querySelector("input[name$=-DELETE]");
    const bin = row.querySelector("[data-delete-row]");
    const number = row.querySelector(".cr-position");
    if (!tools || row.dataset.ready) return;
    row.dataset.ready = "yes";
    if (number) number.hidden = true;
    for (const arrow of row.querySelectorAll("[data-move-row]")) {
      arrow.hidden = false;
      arrow.addEventListener("click", () => CredentialRows.move(row, Number(arrow.dataset.moveRow), arrow));
    }
    if (!box || !bin) return;
    row.querySelector(".cr-delete").hidden = true;
    bin.hidden = false;
    bin.addEventListener("click", () => {
      const next = row.nextElementSibling || row.previousElementSibling;
      box.checked = true;
      row.hidden = true;
      row.dispatchEvent(new Event("change", { bubbles: true }));
      (next && next.querySelector("input:not([type=hidden]):not(:disabled)") || bin).focus();
    });
  },
  move(row, step, arrow) {
    let other = row;
    do {
      other = step < 0 ? other.previousElementSibling : other.nextElementSibling;
    } while (other && other.hidden);
    if (!other) return;
    if (step < 0) other.before(row); else other.after(row);
    CredentialRows.number(row.parentElement);
    row.dispatchEvent(new Event("change", { bubbles: true }));
    arrow.focus();
  },
  number(list) {
    list.querySelectorAll(".cr-position").forEach((field, index) => { field.value = index; });
  },
  add(button) {
    const prefix = button.dataset.addRow;
    const total = document.getElementById(`id_${prefix}-TOTAL_FORMS`);
    const list = document.getElementById(`${prefix}-rows`);
    const holder = document.createElement("ul");
    holder.innerHTML = document.getElementById(`${prefix}-template`).innerHTML.replaceAll("__prefix__", total.value);
    const row = holder.firstElementChild;
    list.append(row);
    total.value = Number(total.value) + 1;
    CredentialRows.prepare(row);
    CredentialRows.number(list);
    row.querySelector("input:not([type=hidden])").focus();
  },
  start(root) {
    root.querySelectorAll("[data-row]").forEach(CredentialRows.prepare);
  },
};
document.addEventListener("DOMContentLoaded", () => {
  CredentialRows.start(document);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-row]");
    if (button) CredentialRows.add(button);
  });
});
