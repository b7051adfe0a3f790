// The message template's page: languages as tabs, an editor in each, and what the server says beside it.
import { level, summary } from "./check.js";
import { createEditor, jumpTo, showProblems } from "./code.js";
import { decode } from "./decode.js";
import { make } from "./dom.js";
import { insertion } from "./insert.js";
import { createPicker } from "./picker.js";
import { createTabs } from "./tabs.js";

const PAUSE = 350;
const MOST_BYTES = 900_000; // the server says what is too long
const UNREACHABLE = "The check could not run; your text is kept.";

/** Turn the page's plain form into the editor. */
export function startMessageEditor(root) {
  const form = root.closest("form");
  const part = (name) => root.querySelector(`[data-${name}]`);
  const status = part("status");
  const picker = createPicker({ id: "me", onPick: insert });
  const views = new Map();
  let timer = 0;
  let running = null;
  let dirty = false;

  part("picker").append(picker.element);
  root.classList.add("me-live");
  root.querySelector("[data-blank]")?.remove();
  for (const list of root.querySelectorAll("[data-errors]")) list.dataset.shown = "";
  const tabs = createTabs(root, { onOpen: open, onChange: later });
  part("preview-button").remove(); // Enter in a field shall save, and the preview is always there
  warnBeforeLeaving();
  root.addEventListener("click", onClick);
  root.addEventListener("change", (event) => event.target.matches("[name=preview_profiles], [data-recheck]") && now());
  root.addEventListener("input", (event) => event.target.matches("[data-recheck]") && later());
  form.addEventListener("change", (event) => ["missing_policy"].includes(event.target.name) && now());
  form.addEventListener("input", (event) => event.target.name === "fallback_text" && later());
  root.querySelector("[data-recheck][type=search]")?.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(), now();
  });
  startFile();
  startProof();
  tabs.open(tabs.first());

  function view() {
    return views.get(tabs.current());
  }

  function open(panel) {
    if (!views.has(panel)) views.set(panel, editorOf(panel));
    now();
  }

  function editorOf(panel) {
    const field = panel.querySelector("textarea");
    const host = make("div", { class: "me-code" });
    field.after(host);
    field.hidden = true;
    return createEditor({
      parent: host,
      text: field.value,
      label: `Text, ${panel.dataset.language || "default"}`,
      isJson: false,
      spellcheck: true,
      onChange: (text) => {
        field.value = text;
        dirty = true;
        later();
      },
      onApply: now,
      items: picker.items,
    });
  }

  function insert(item) {
    const editor = view();
    const { from, to } = editor.state.selection.main;
    const change = insertion(editor.state.doc.toString(), from, to, item);
    editor.dispatch({
      changes: change,
      selection: { anchor: change.from + change.insert.length },
      scrollIntoView: true,
    });
    editor.focus();
  }

  function later() {
    clearTimeout(timer);
    status.classList.add("pe-waiting");
    timer = setTimeout(now, PAUSE);
  }

  async function now() {
    clearTimeout(timer);
    running?.abort();
    running = new AbortController();
    try {
      show(await post(root.dataset.checkUrl, (answer) => answer.json(), running.signal));
    } catch (error) {
      if (error.name === "AbortError") return;
      say({ failure: error.said ?? UNREACHABLE, problems: [] });
    }
  }

  async function post(url, read, signal) {
    const answer = await fetch(url, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json", "X-Requested-With": "fetch" },
      signal,
    });
    if (answer.redirected) {
      throw Object.assign(new Error(), { said: "Your session has ended. Log in again in another tab; your text is kept." });
    }
    if (!answer.ok && answer.status !== 422) throw Object.assign(new Error(), { said: `${UNREACHABLE} (HTTP ${answer.status})` });
    return read(answer);
  }

  function say(answer) {
    status.classList.remove("pe-waiting");
    status.textContent = summary(answer);
    status.dataset.level = level(answer);
  }

  function show(answer) {
    say(answer);
    const chosen = root.querySelector("[name=proof_sample]:checked")?.value;
    part("problems").replaceChildren(...answer.problems.map(problemItem));
    part("counter").innerHTML = answer.counter;
    part("preview").innerHTML = answer.preview;
    const again = root.querySelector(`[name=proof_sample][value="${CSS.escape(chosen ?? "")}"]`);
    if (again) again.checked = true;
    showPeople(answer.people);
    const all = root.querySelector("[data-replace-all]");
    if (all) all.hidden = root.querySelectorAll(".me-replace").length < 2;
    picker.fill(answer.picker);
    showProblems(view(), answer.problems);
  }

  function showPeople(html) {
    const people = part("people");
    if (!people || people.innerHTML === html) return;
    const focused = document.activeElement?.name === "preview_profiles" ? document.activeElement.value : "";
    people.innerHTML = html;
    people.querySelector(`[value="${CSS.escape(focused)}"]`)?.focus();
  }

  function problemItem(problem) {
    return make(
      "li",
      {},
      make(
        "button",
        { type: "button", "data-level": problem.level, onclick: () => jumpTo(view(), problem.line, problem.column) },
        make("b", {}, `Line ${problem.line}, column ${problem.column}`),
        make("span", {}, problem.message),
        problem.hint ? make("small", {}, problem.hint) : "",
      ),
    );
  }

  function onClick(event) {
    const one = event.target.closest(".me-replace");
    if (one) replace([one]);
    if (event.target.closest("[data-replace-all]")) replace([...root.querySelectorAll(".me-replace")]);
  }

  /** Replace every such character of the open text, as one step that Ctrl+Z takes back. */
  function replace(buttons) {
    const wanted = new Map(buttons.map((button) => [button.dataset.character, button.dataset.replacement]));
    const changes = [];
    let at = 0;
    for (const character of view().state.doc.toString()) {
      if (wanted.has(character)) changes.push({ from: at, to: at + character.length, insert: wanted.get(character) });
      at += character.length;
    }
    view().dispatch({ changes });
    view().focus();
  }

  function warnBeforeLeaving() {
    form.addEventListener("input", (event) => (dirty ||= !event.target.matches("[name^=preview_], [name^=proof_], [data-add-language]")));
    form.addEventListener("submit", () => (dirty = false));
    window.addEventListener("beforeunload", (event) => dirty && event.preventDefault());
  }

  function startFile() {
    const box = part("file");
    box.hidden = false;
    // While the event goes down: the admin's own listener expects a text field beside every file field.
    box.addEventListener("change", takeFile, { capture: true });
  }

  async function takeFile(event) {
    event.stopPropagation();
    const [file] = event.target.files;
    if (!file) return;
    const bytes = new Uint8Array(await file.slice(0, MOST_BYTES).arrayBuffer());
    root.querySelector("[name=preview_samples]").value = decode(bytes);
    event.target.value = "";
    now();
  }

  function startProof() {
    const button = part("proof-button");
    button?.setAttribute("type", "button");
    button?.addEventListener("click", async () => {
      const result = part("proof-result");
      button.disabled = true;
      result.textContent = "Sending…";
      try {
        result.innerHTML = await post(root.dataset.proofUrl, (answer) => answer.text());
      } catch (error) {
        result.textContent = error.said ?? "The answer did not come. Look under Messages before you send again.";
      }
      button.disabled = false;
    });
  }
}
