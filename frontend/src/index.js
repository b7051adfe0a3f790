// Turns every payload field of the page into one with a check line and a button for the editor, and starts the
// message editor where the page has one.
import { debouncedCheck, level, summary } from "./check.js";
import { openDialog } from "./dialog.js";
import { startMessageEditor } from "./message-editor.js";
import "./payload-editor.css";

function start(box) {
  const field = box.querySelector("textarea");
  const button = box.querySelector("button");
  const status = box.querySelector("[role=status]");
  if (!field || box.dataset.ready) return;
  box.dataset.ready = "1";

  const show = (answer) => {
    status.textContent = [summary(answer) + firstPlace(answer), answer.note].filter(Boolean).join(" · ");
    status.dataset.level = level(answer);
  };
  const checker = debouncedCheck(field, () => {}, show, 600);
  const title = document.querySelector(`label[for="${field.id}"]`)?.textContent.replace("*", "").trim() ?? "Payload";
  field.addEventListener("input", () => checker.later(field.value));
  button.addEventListener("click", () => openDialog(field, { title, onApplied: show }));
  button.hidden = false;
  if (field.value.trim()) checker.now(field.value);
}

function firstPlace(answer) {
  const problem = answer.problems[0];
  return problem ? `. Line ${problem.line}, column ${problem.column}: ${problem.message}` : "";
}

const startAll = (root) => {
  root.querySelectorAll("[data-payload-editor]").forEach(start);
  root.querySelectorAll("[data-message-editor]").forEach(startMessageEditor);
};
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => startAll(document));
else startAll(document);
document.addEventListener("formset:added", (event) => startAll(event.target));
