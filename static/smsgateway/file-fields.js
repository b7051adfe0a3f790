// Plain file fields. The theme's script writes the name of a chosen file into the text box of its own widget and fails, or
// writes into somebody else's box, where there is none; a field that is marked as listened to it leaves alone.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const field of document.querySelectorAll("input[type=file]")) {
    const labels = [...(field.labels ?? [])];
    field.hasChangeListener = !labels.some((label) => label.querySelector("input[type=text][disabled]"));
  }
});
