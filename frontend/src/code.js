// CodeMirror as the payload editor needs it.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  MatchDecorator,
  ViewPlugin,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { meaning } from "./insert.js";

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--pe-name)" },
  { tag: tags.string, color: "var(--pe-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--pe-number)" },
  { tag: [tags.separator, tags.brace, tags.squareBracket], color: "var(--pe-quiet)" },
]);

const placeholders = new MatchDecorator({
  regexp: /\{\{[^{}]*\}\}|\{%[^{}]*%\}/g,
  decoration: Decoration.mark({ class: "pe-placeholder" }),
});
const placeholderColours = ViewPlugin.fromClass(
  class {
    constructor(view) {
      this.decorations = placeholders.createDeco(view);
    }
    update(update) {
      this.decorations = placeholders.updateDeco(update, this.decorations);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

/** Completion inside {{ … }} from the picker's items: functions after a pipe, else variables. */
function completions(items) {
  return (context) => {
    const open = context.matchBefore(/\{\{[^{}]*/);
    const word = context.matchBefore(/[\w.]*/);
    if (!open || !word || (word.from === word.to && !context.explicit)) return null;
    const afterPipe = /\|\s*[\w.]*$/.test(open.text);
    const options = items()
      .filter((item) => item.insert.startsWith("{{"))
      .map((item) => ({ ...meaning(item.insert), help: item.help || item.label }))
      .filter((item) => Boolean(item.filter) === afterPipe)
      .map((item) => ({ label: afterPipe ? item.filter.slice(1).trim() : item.bare, detail: item.help }));
    return { from: word.from, options, validFor: /^[\w.]*$/ };
  };
}

/** A new editor: `onChange(text)` after every change, `onApply` for Ctrl+Enter, `items()` for completion. */
export function createEditor({ parent, text, label, isJson, spellcheck = false, onChange, onApply, items }) {
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        // Tab leaves the editor on purpose: a keyboard user must be able to.
        keymap.of([{ key: "Mod-Enter", run: () => (onApply(), true) }]),
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        autocompletion({ override: [completions(items)], icons: false }),
        isJson ? json() : [],
        syntaxHighlighting(colours),
        placeholderColours,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: String(spellcheck) }),
        EditorView.updateListener.of((update) => update.docChanged && onChange(update.state.doc.toString())),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
      ],
    }),
  });
}

/** Position of a 1-based line and column, clamped to the text: a checker may count past its end, or say -1. */
export function offsetOf(doc, line, column) {
  const found = doc.line(Math.min(Math.max(line || 1, 1), doc.lines));
  return Math.min(found.from + Math.max((column || 1) - 1, 0), found.to);
}

/** Show the server's problems in the gutter and under the text. */
export function showProblems(view, problems) {
  const doc = view.state.doc;
  const diagnostics = problems.map((problem) => {
    const from = offsetOf(doc, problem.line, problem.column);
    const line = doc.lineAt(from);
    return {
      from,
      to: Math.min(from + 1, line.to),
      severity: problem.level === "warning" ? "warning" : "error",
      message: [problem.message, problem.hint].filter(Boolean).join("\n"),
    };
  });
  view.dispatch(setDiagnostics(view.state, diagnostics));
}

/** Put the cursor on a line and column and go there. */
export function jumpTo(view, line, column) {
  const anchor = offsetOf(view.state.doc, line, column);
  view.dispatch({ selection: { anchor }, scrollIntoView: true });
  view.focus();
}
