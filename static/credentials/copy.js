"use strict";
// Buttons with data-copy="<id>" copy that element's text and say so.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
      button.textContent = "Selected, press Ctrl+C";
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
