// What the theme's scripts do not think of.
"use strict";

// Plain file fields. The theme writes the name of a chosen file into the text box of its own widget and fails, or writes
// into somebody else's box, where there is none; a field that is marked as listened to it leaves alone.
document.addEventListener("DOMContentLoaded", () => {
  for (const field of document.querySelectorAll("input[type=file]")) {
    const labels = [...(field.labels ?? [])];
    field.hasChangeListener = !labels.some((label) => label.querySelector("input[type=text][disabled]"));
  }
});

// Bars below tables. Until the icons' font is there, an icon is a word and tables are wider; the bar that appeared for that
// stayed, for nobody looked again when the table had become narrower.
window.addEventListener("load", () => {
  for (const box of document.querySelectorAll("[data-simplebar]")) {
    const table = box.querySelector("table");
    if (!table) continue;
    new ResizeObserver(() => window.SimpleBar?.instances.get(box)?.recalculate()).observe(table);
  }
});
