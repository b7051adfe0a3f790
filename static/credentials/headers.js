"use strict";
// Header rows: "Add new parameter" copies the template, the bin marks a row for deletion and hides it.
document.addEventListener("DOMContentLoaded", () => {
  const prepare = (row) => {
    const box = row.querySelector("input[name$=-DELETE]");
    const bin = row.querySelector("[data-delete-row]");
    if (!box || !bin) return;
    row.querySelector(".cr-delete").hidden = true;
    bin.hidden = false;
    bin.addEventListener("click", () => {
      const next = row.nextElementSibling || row.previousElementSibling;
      box.checked = true;
      row.hidden = true;
      (next && next.querySelector("input:not([type=hidden]):not(:disabled)") || bin).focus();
    });
  };
  document.querySelectorAll("[data-header-row]").forEach(prepare);
  for (const button of document.querySelectorAll("[data-add-row]")) {
    const prefix = button.dataset.addRow;
    const total = document.getElementById(`id_${prefix}-TOTAL_FORMS`);
    button.addEventListener("click", () => {
      const holder = document.createElement("ul");
      holder.innerHTML = document.getElementById(`${prefix}-template`).innerHTML
        .replaceAll("__prefix__", total.value);
      const row = holder.firstElementChild;
      document.getElementById(`${prefix}-rows`).append(row);
      total.value = Number(total.value) + 1;
      prepare(row);
      row.querySelector("input:not([type=hidden])").focus();
    });
  }
});
