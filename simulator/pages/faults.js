import { call, copyButton, element, tell } from "./common.js";

const find = (id) => document.getElementById(id);
let table = [];

function describe(rule) {
  const left = rule.times === null ? "always" : rule.times ? `${rule.times} more` : "used up";
  const fault = table.find((row) => JSON.stringify(row.action) === JSON.stringify(rule.action));
  const where = rule.match.to === "*" ? "Any number" : rule.match.to;
  return element("li", {},
    element("strong", {}, rule.match.path ? `${where}, ${rule.match.path}` : where),
    fault ? element("span", {}, fault.title) : element("code", {}, JSON.stringify(rule.action)),
    element("span", { class: "muted" }, `${left}, acted ${rule.hits} ${rule.hits === 1 ? "time" : "times"}`));
}

async function draw() {
  const now = await call("/_script");
  if (!table.length) {
    table = now.table;
    find("table").append(...table.map((row) => element("tr", {},
      element("td", { class: "keep mono" }, row.suffix),
      element("td", {}, element("strong", {}, row.title), element("br"), element("span", { class: "muted" }, row.text)),
      element("td", { class: "keep" }, element("span", { class: "with-copy" },
        element("span", { class: "mono" }, row.sample), copyButton(row.sample, `number ${row.sample}`))))));
    find("rule-fault").append(...table.map((row) => element("option", { value: row.suffix }, row.title)));
  }
  find("no-rules").hidden = now.rules.length > 0;
  find("rules").hidden = now.rules.length === 0;
  find("rules").replaceChildren(...now.rules.map(describe));
}

find("rule").addEventListener("submit", async (event) => {
  event.preventDefault();
  const times = find("rule-times").value;
  const { action } = table.find((row) => row.suffix === find("rule-fault").value);
  try {
    await call("/_script", "POST", [{ match: { to: find("rule-to").value.trim() || "*" }, times: times ? Number(times) : null, action }]);
    tell(find("outcome"), "Rule added.");
  } catch (error) {
    tell(find("outcome"), error.message, true);
  }
  draw();
});
find("clear").addEventListener("click", async () => {
  await call("/_script", "DELETE");
  tell(find("outcome"), "All rules removed.");
  draw();
});
await draw();
setInterval(() => draw().catch(() => tell(find("outcome"), "The simulator does not answer.", true)), 2000);
