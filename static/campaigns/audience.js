// The builder of an audience's filter: groups and conditions above the JSON, which stays what is sent.
// Without this script the JSON is written by hand.
"use strict";

(() => {
  const PAUSE = 400;
  const KINDS = [["all", "all"], ["any", "any"], ["none", "none"]];
  const ATTRIBUTES = "attributes";
  const OTHER = "attributes.…";
  const ROW_OPTIONS = ["channel", "link", "campaign", "purpose"];
  const ANYTHING = { channel: "any channel", link: "any link", campaign: "any campaign", purpose: "any purpose" };
  const INPUT = { number: "number", date: "date", days: "number" };
  let counter = 0;

  const make = (tag, name = "", more = {}) => Object.assign(document.createElement(tag), { className: name, ...more });
  const icon = (name) => {
    const sign = make("span", "material-symbols-outlined", { textContent: name });
    sign.setAttribute("aria-hidden", "true");
    return sign;
  };
  const choose = (label, choices, value) => {
    const select = make("select", "au-select");
    select.setAttribute("aria-label", label);
    for (const [key, text] of choices) select.append(new Option(text, key, false, key === value));
    return select;
  };

  // --- From JSON to rows and back: a group is {kind, children}, a row is the condition itself ------------------
  const isGroup = (node) => Boolean(node) && typeof node === "object" && ("all" in node || "any" in node || "not" in node);
  const grouped = (node) => {
    if (!isGroup(node)) return { ...node };
    if ("not" in node) {
      const inner = grouped(node.not);
      if (inner.kind === "any") return { ...inner, kind: "none" };
      return { kind: "none", children: [inner] };
    }
    const kind = "any" in node ? "any" : "all";
    if (!Array.isArray(node[kind])) throw new Error("no list");
    return { kind, children: node[kind].map(grouped) };
  };
  const read = (text) => {
    const source = text.trim() ? JSON.parse(text) : {};
    const { version: _, ...body } = source;
    if (!Object.keys(body).length) return { kind: "all", children: [] };
    const node = grouped(body);
    return node.kind ? node : { kind: "all", children: [node] };
  };

  class Builder {
    constructor(field) {
      this.field = field;
      this.paths = new Map();
      this.left = new WeakSet();
      this.root = make("div", "au-builder");
      this.live = make("div", "au-live");
      this.live.setAttribute("aria-live", "polite");
      this.live.setAttribute("aria-label", "Who is found");
      this.live.setAttribute("role", "region");
      const wrap = make("div", "au-wrap");
      wrap.append(this.root, this.live);
      const source = make("details", "sg-details au-source");
      source.append(make("summary", "", { textContent: "As JSON" }));
      field.closest(".field-line")?.classList.add("au-field");
      const help = field.nextElementSibling;
      field.before(wrap, source);
      source.append(field);
      if (help) source.append(help);
      this.source = source;
      field.addEventListener("input", () => this.fromText());
    }

    async start() {
      const response = await fetch(this.field.dataset.vocabularyUrl, { headers: { Accept: "application/json" } });
      if (!response.ok || response.redirected) throw new Error("no vocabulary");
      this.words = await response.json();
      this.fromText();
    }

    fromText() {
      try {
        this.tree = read(this.field.value);
        this.draw();
      } catch {
        this.root.replaceChildren(make("p", "sg-notice", {
          textContent: "The JSON below cannot be shown as conditions. Put it right, or empty it to start anew.",
        }));
        this.source.open = true;
      }
      this.later();
    }

    // The tree as JSON; notes the path of every row and group, so that problems find their place.
    store() {
      this.paths.clear();
      const write = (node, path) => {
        this.paths.set(node, path);
        if (!node.kind) return node;
        if (node.kind === "none") {
          const at = path ? `${path}.not.any` : "not.any";
          return { not: { any: node.children.map((child, index) => write(child, `${at}[${index}]`)) } };
        }
        const at = path ? `${path}.${node.kind}` : node.kind;
        return { [node.kind]: node.children.map((child, index) => write(child, `${at}[${index}]`)) };
      };
      const body = write(this.tree, "");
      const empty = !this.tree.children.length;
      this.field.value = empty ? "{}" : JSON.stringify({ version: 1, ...body }, null, 2);
      this.later();
    }

    changed(focus) {
      this.store();
      this.draw();
      if (focus) this.root.querySelector(`[data-node="${this.keys.get(focus)}"] select`)?.focus();
    }

    draw() {
      this.keys = new Map();
      this.root.replaceChildren(this.group(this.tree, null));
      if (!this.paths.size) {
        const value = this.field.value;
        this.store();
        this.field.value = value;
      }
    }

    marked(node, box) {
      const key = String(counter += 1);
      this.keys.set(node, key);
      box.dataset.node = key;
      return box;
    }

    group(node, parent) {
      const box = this.marked(node, make("fieldset", "au-group"));
      box.append(make("legend", "unseen", { textContent: parent ? "Group of conditions" : "Conditions" }));
      const head = make("div", "au-head");
      const kind = choose("How many have to hold", KINDS, node.kind);
      kind.addEventListener("change", () => { node.kind = kind.value; this.store(); });
      head.append(make("span", "", { textContent: parent ? "" : "People for whom" }), kind,
        make("span", "", { textContent: "of these hold" }));
      if (parent) head.append(this.bin(node, parent, "Remove the group"));
      const list = make("ul", "au-rows");
      for (const child of node.children) {
        const item = make("li");
        item.append(child.kind ? this.group(child, node) : this.row(child, node));
        list.append(item);
      }
      if (!node.children.length) {
        list.append(make("li", "sg-quiet", { textContent: parent ? "Empty." : "No condition: everybody with a profile." }));
      }
      const foot = make("div", "au-tools");
      foot.append(this.adder("Add condition", () => this.fresh(), node), this.adder("Add group", () => ({
        kind: node.kind === "any" ? "all" : "any", children: [this.fresh()],
      }), node));
      box.append(head, list, foot, this.slip());
      return box;
    }

    fresh() {
      const first = this.words.attributes.find((one) => one.values.length) || this.words.attributes[0];
      return { field: first ? `${ATTRIBUTES}.${first.name}` : "language", op: "is", value: "" };
    }

    adder(text, child, node) {
      const button = make("button", "sg-button quiet au-small", { type: "button" });
      button.append(icon("add"), text);
      button.addEventListener("click", () => {
        const made = child();
        node.children.push(made);
        this.changed(made.kind ? made.children[0] : made);
      });
      return button;
    }

    bin(node, parent, label) {
      const button = make("button", "row-bin", { type: "button", title: label });
      button.setAttribute("aria-label", label);
      button.append(icon("delete"));
      button.addEventListener("click", () => {
        const index = parent.children.indexOf(node);
        parent.children.splice(index, 1);
        this.changed(parent.children[Math.min(index, parent.children.length - 1)] || parent);
      });
      return button;
    }

    slip() {
      const line = make("p", "au-slip");
      line.hidden = true;
      return line;
    }

    about(node) {
      const key = String(node.field || "").startsWith(`${ATTRIBUTES}.`) ? ATTRIBUTES : node.field;
      return this.words.fields[key] || this.words.fields[ATTRIBUTES];
    }

    row(node, parent) {
      const box = this.marked(node, make("div", "au-row"));
      box.append(this.fieldPicker(node));
      if (node.other || this.isOther(node)) box.append(this.nameInput(node));
      const about = this.about(node);
      if (!about.operators.includes(node.op)) node.op = about.operators[0];
      const op = choose("How", about.operators.map((key) => [key, this.words.operators[key].label]), node.op);
      op.addEventListener("change", () => {
        if (this.words.operators[op.value].takes !== this.words.operators[node.op].takes) delete node.value;
        node.op = op.value;
        this.changed(node);
      });
      box.append(op, ...this.value(node, about), ...this.options(node, about),
        this.bin(node, parent, "Remove the condition"), this.slip());
      return box;
    }

    isOther(node) {
      const name = String(node.field || "");
      return name.startsWith(`${ATTRIBUTES}.`)
        && !this.words.attributes.some((one) => `${ATTRIBUTES}.${one.name}` === name);
    }

    fieldPicker(node) {
      const select = choose("What", [], "");
      const attributes = make("optgroup", "", { label: "Attributes" });
      for (const one of this.words.attributes) attributes.append(new Option(one.name, `${ATTRIBUTES}.${one.name}`));
      attributes.append(new Option("Another attribute …", OTHER));
      const others = make("optgroup", "", { label: "Profile, consent and past" });
      for (const [key, about] of Object.entries(this.words.fields)) {
        if (key !== ATTRIBUTES) others.append(new Option(about.label, key));
      }
      select.append(attributes, others);
      select.value = node.other || this.isOther(node) ? OTHER : node.field;
      select.addEventListener("change", () => {
        for (const key of Object.keys(node)) delete node[key];
        const other = select.value === OTHER;
        node.field = other ? `${ATTRIBUTES}.` : select.value;
        Object.defineProperty(node, "other", { value: other, enumerable: false, configurable: true });
        node.op = this.about(node).operators[0];
        this.changed(node);
      });
      return select;
    }

    nameInput(node) {
      const input = make("input", "au-input", { type: "text", placeholder: "address.city", spellcheck: false });
      input.setAttribute("aria-label", "Name of the attribute");
      input.value = String(node.field).slice(ATTRIBUTES.length + 1);
      input.addEventListener("input", () => { node.field = `${ATTRIBUTES}.${input.value.trim()}`; this.store(); });
      return input;
    }

    value(node, about) {
      const takes = this.words.operators[node.op].takes;
      if (takes === "nothing") return [];
      if (about.choices.length) {
        if (!about.choices.some((one) => one.value === node.value)) { node.value = about.choices[0].value; this.store(); }
        const select = choose("Value", about.choices.map((one) => [one.value, one.label]), node.value);
        select.addEventListener("change", () => { node.value = select.value; this.store(); });
        return [select];
      }
      const input = make("input", "au-input", { type: INPUT[takes] || "text", spellcheck: false, autocomplete: "off" });
      input.setAttribute("aria-label", takes === "days" ? "Number of days" : "Value");
      if (takes === "number") input.step = "any";
      if (takes === "days") Object.assign(input, { min: 1, max: 3650 });
      if (takes === "texts") input.placeholder = "Berlin, Paris";
      if (node.field === "country") input.placeholder = takes === "texts" ? "DE, AT" : "DE";
      input.value = Array.isArray(node.value) ? node.value.join(", ") : node.value ?? "";
      input.addEventListener("input", () => {
        node.value = takes === "texts" ? input.value.split(",").map((one) => one.trim()).filter(Boolean) : input.value;
        this.store();
      });
      const leave = () => { this.left.add(node); input.dataset.left = "yes"; };
      if (this.left.has(node)) leave();
      input.addEventListener("blur", () => { leave(); this.later(); });
      return [input, ...this.suggestions(node, input)];
    }

    suggestions(node, input) {
      const seen = this.words.attributes.find((one) => `${ATTRIBUTES}.${one.name}` === node.field);
      if (!seen || !seen.values.length || input.type !== "text") return [];
      const list = make("datalist", "", { id: `au-values-${counter += 1}` });
      for (const value of seen.values) list.append(new Option(value));
      input.setAttribute("list", list.id);
      return [list];
    }

    options(node, about) {
      return about.options.flatMap((name) => {
        if (name === "days") return [this.days(node)];
        const rows = ROW_OPTIONS.includes(name) ? this.words.rows[name] : null;
        if (!rows || !rows.length) return [];
        const known = rows.map((one) => [one.value, one.label]);
        if (node[name] && !known.some(([key]) => key === node[name])) known.push([node[name], node[name]]);
        const select = choose(this.words.options[name], [["", ANYTHING[name]], ...known], node[name] || "");
        select.addEventListener("change", () => {
          if (select.value) node[name] = select.value; else delete node[name];
          this.store();
        });
        return [select];
      });
    }

    days(node) {
      const label = make("label", "au-days", { textContent: "in the last " });
      const input = make("input", "au-input", { type: "number", min: 1, max: 3650, placeholder: "all" });
      input.value = node.days ?? "";
      input.addEventListener("input", () => {
        if (input.value) node.days = Number(input.value); else delete node.days;
        this.store();
      });
      label.append(input, " days");
      return label;
    }

    // --- Who is found --------------------------------------------------------------------------------------
    later() {
      clearTimeout(this.timer);
      this.live.setAttribute("aria-busy", "true");
      this.timer = setTimeout(() => this.ask(), PAUSE);
    }

    async ask() {
      this.running?.abort();
      this.running = new AbortController();
      try {
        const response = await fetch(this.field.dataset.checkUrl, {
          method: "POST",
          headers: {
            "Content-Type": "application/json",
            "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]")?.value || "",
          },
          body: JSON.stringify({ source: this.field.value }),
          signal: this.running.signal,
        });
        if (response.redirected) throw new Error("Your session has ended. Log in again in another tab.");
        if (!response.ok) throw new Error("The count could not be fetched; your filter is kept.");
        this.show(await response.json());
      } catch (error) {
        if (error.name === "AbortError") return;
        this.live.replaceChildren(make("p", "sg-quiet", { textContent: error.message }));
      }
      this.live.removeAttribute("aria-busy");
    }

    show(answer) {
      const rest = answer.problems.filter((problem) => !this.place(problem));
      this.root.querySelectorAll(".au-slip").forEach((line) => { line.hidden = true; line.textContent = ""; });
      for (const problem of answer.problems) {
        const line = this.place(problem);
        if (!line || this.awaits(line)) continue;
        line.hidden = false;
        line.classList.toggle("warn", problem.level === "warning");
        line.textContent = problem.message;
      }
      const parts = rest.map((problem) => make("p", "au-slip", { textContent: problem.message }));
      if (answer.count) {
        parts.push(make("p", "au-count", { textContent: answer.count.text }));
        parts.push(make("p", "au-words", { textContent: answer.words }), this.people(answer));
      } else if (!rest.length) {
        parts.push(make("p", "sg-quiet", { textContent: "Counted as soon as the conditions are complete." }));
      }
      this.live.replaceChildren(...parts);
    }

    // Nobody has been at the value yet: that it is blank is no fault so far.
    awaits(line) {
      const input = line.parentElement.querySelector(":scope > input[aria-label]:not([aria-label='Name of the attribute'])");
      return Boolean(input) && !input.value && !input.dataset.left;
    }

    people(answer) {
      if (!answer.sample.length) {
        return make("p", "sg-quiet", { textContent: answer.count.number ? "" : "Nobody so far." });
      }
      const list = make("ul", "au-sample");
      list.setAttribute("aria-label", "Some of them");
      for (const person of answer.sample) {
        const item = make("li");
        item.append(make("strong", "", { textContent: person.number }),
          make("span", "sg-quiet", { textContent: [person.external_id, person.about].filter(Boolean).join(" · ") }));
        list.append(item);
      }
      return list;
    }

    // The line below the row or group that a problem is about.
    place(problem) {
      let best = null;
      for (const [node, path] of this.paths) {
        const own = node.field && problem.level === "warning" ? node.field === problem.path : false;
        const within = path && (problem.path === path || problem.path.startsWith(`${path}.`));
        if (own || (within && (!best || path.length > this.paths.get(best).length))) best = node;
        if (own) break;
      }
      const box = best && this.root.querySelector(`[data-node="${this.keys.get(best)}"]`);
      return box ? [...box.children].find((child) => child.classList.contains("au-slip")) : null;
    }
  }

  const start = (field) => {
    const builder = new Builder(field);
    builder.start().catch(() => {
      builder.source.open = true;
      builder.live.replaceChildren(make("p", "sg-quiet", { textContent: "The builder could not be loaded; write the JSON." }));
    });
    // A list has no filter.
    const kind = document.querySelector("[name=kind]");
    const line = field.closest(".form-row") || field.parentElement;
    const follow = () => { line.hidden = Boolean(kind) && kind.value === "static"; };
    kind?.addEventListener("change", follow);
    follow();
  };

  const startAll = () => document.querySelectorAll("[data-audience-filter]").forEach(start);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
  else startAll();
})();
