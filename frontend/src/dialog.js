// The payload editor dialog. A <dialog> opened with showModal() keeps the focus inside and closes with Esc.
import { debouncedCheck, level, summary } from "./check.js";
import { createEditor, jumpTo, showProblems } from "./code.js";
import { make } from "./dom.js";
import { formatJson } from "./format.js";
import { insertion } from "./insert.js";
import { createPicker } from "./picker.js";

const UNAPPLIED = "There are changes that are not applied. Press Esc again to discard them.";

/** Open the dialog for a textarea; `onApplied(answer)` hears the last answer of the check. */
export function openDialog(field, { title, onApplied }) {
  const id = `${field.id}-editor`;
  const original = field.value;
  let warned = false;
  let lastAnswer = null;
  const isMessage = field.dataset.language === "text";

  const picker = createPicker({ id, onPick: insert });
  const status = make("p", { class: "pe-status", role: "status" });
  const problems = make("ol", { class: "pe-problems" });
  const preview = make("pre", { class: "pe-preview", tabindex: "0", role: "region", "aria-label": "Preview" });
  const note = make("p", { class: "pe-note", role: "status" });
  const host = make("div", { class: "pe-code" });
  const dialog = make(
    "dialog",
    { class: "pe-dialog", id, "aria-labelledby": `${id}-title`, oncancel: onEscape, onclose: tearDown },
    make(
      "header",
      { class: "pe-header" },
      make("h2", { id: `${id}-title` }, isMessage ? "Message editor" : "Payload editor", make("small", {}, title)),
      make("button", { type: "button", class: "pe-close", "aria-label": "Close without applying", onclick: () => dialog.close() }, "×"),
    ),
    make(
      "div",
      { class: "pe-body" },
      make(
        "div",
        { class: "pe-main" },
        make("section", { class: "pe-text", "aria-label": isMessage ? "Message" : "Payload" }, host),
        make("section", { class: "pe-check", "aria-label": "Problems" }, make("h3", {}, "Problems"), status, problems),
      ),
      make(
        "aside",
        { class: "pe-side", "aria-label": isMessage ? "Help with this message" : "Help with this payload" },
        picker.element,
        make("section", { class: "pe-sample" }, make("h3", {}, isMessage ? "Preview" : "Preview for a sample message"), preview),
      ),
    ),
    make(
      "footer",
      { class: "pe-footer" },
      field.dataset.language === "json" ? make("button", { type: "button", class: "pe-button", onclick: format }, "Format JSON") : "",
      note,
      make("button", { type: "button", class: "pe-button", onclick: () => dialog.close() }, "Cancel"),
      make("button", { type: "button", class: "pe-button pe-primary", title: "Ctrl+Enter", onclick: apply }, "Apply"),
    ),
  );

  const checker = debouncedCheck(field, () => status.classList.add("pe-waiting"), show);
  document.body.append(dialog);
  dialog.showModal();
  const view = createEditor({
    parent: host,
    text: original,
    label: title,
    isJson: field.dataset.language === "json",
    onChange: (text) => {
      warned = false;
      note.textContent = "";
      checker.later(text);
    },
    onApply: apply,
    items: picker.items,
  });
  view.focus();
  checker.now(original);

  function text() {
    return view.state.doc.toString();
  }

  function show(answer) {
    lastAnswer = { answer, source: text() };
    status.classList.remove("pe-waiting");
    status.textContent = [summary(answer), answer.note].filter(Boolean).join(" · ");
    status.dataset.level = level(answer);
    problems.replaceChildren(...answer.problems.map(problemItem));
    preview.textContent = answer.preview || `The preview appears when the ${isMessage ? "message" : "payload"} has no errors.`;
    picker.fill(answer.picker);
    showProblems(view, answer.problems);
  }

  function problemItem(problem) {
    const place = `Line ${problem.line}, column ${problem.column}`;
    return make(
      "li",
      {},
      make(
        "button",
        { type: "button", "data-level": problem.level ?? "error", onclick: () => jumpTo(view, problem.line, problem.column) },
        make("b", {}, place),
        make("span", {}, problem.message),
        problem.hint ? make("small", {}, problem.hint) : "",
      ),
    );
  }

  function insert(item) {
    const { from, to } = view.state.selection.main;
    const change = insertion(text(), from, to, item);
    view.dispatch({ changes: change, selection: { anchor: change.from + change.insert.length }, scrollIntoView: true });
    view.focus();
  }

  function format() {
    try {
      const formatted = formatJson(text());
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: formatted } });
      note.textContent = "Formatted.";
    } catch {
      note.textContent = "Only valid JSON can be formatted: solve the problems first.";
    }
  }

  function apply() {
    field.value = text();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    if (lastAnswer?.source === field.value) onApplied(lastAnswer.answer);
    dialog.close();
  }

  function onEscape(event) {
    if (warned || text() === original) return;
    event.preventDefault();
    warned = true;
    note.textContent = UNAPPLIED;
  }

  function tearDown() {
    checker.stop();
    view.destroy();
    dialog.remove();
  }
}
