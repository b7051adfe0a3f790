"use strict";
// A pasted cURL that cannot be read: the cursor goes to the place of the problem.
document.addEventListener("DOMContentLoaded", () => {
  const area = document.querySelector("textarea[data-line]");
  if (!area) return;
  const before = area.value.split("\n").slice(0, Number(area.dataset.line) - 1);
  const place = before.reduce((sum, line) => sum + line.length + 1, 0) + Number(area.dataset.column) - 1;
  area.focus();
  area.setSelectionRange(place, place + 1);
});
