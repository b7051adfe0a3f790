import { call, copyButton, element, tell, time } from "./common.js";

const find = (id) => document.getElementById(id);

function value(label, text) {
  return element("div", {}, element("dt", {}, label), element("dd", { class: "mono" }, text),
    element("dd", {}, copyButton(text, label)));
}

function field(label, id, control) {
  control.id = id;
  return element("div", {}, element("label", { for: id }, label), control);
}

function card(account) {
  const values = element("dl", { class: "values" }, value("Provider URL", location.origin + account.path));
  if (account.tokenPath) values.append(value("OAuth URL", location.origin + account.tokenPath));
  for (const secret of account.secrets) values.append(value(secret.label, secret.value));
  const url = element("input", { name: "callbackUrl", inputmode: "url", placeholder: "https://gateway.example.com/hooks/…", spellcheck: "false" });
  url.value = account.callbackUrl;
  const form = element("form", { autocomplete: "off" });
  const controls = {};
  if (account.kind === "apikey") {
    controls.in = element("select", {}, element("option", { value: "header" }, "Header"), element("option", { value: "query" }, "Query parameter"), element("option", { value: "body" }, "Body field"));
    controls.name = element("input", { spellcheck: "false" });
    controls.prefix = element("input", { spellcheck: "false" });
    for (const [name, control] of Object.entries(controls)) control.value = account[name];
    const prefix = field("Prefix", "apikey-prefix", controls.prefix);
    const show = () => { prefix.hidden = controls.in.value !== "header"; };
    controls.in.addEventListener("change", show);
    show();
    form.append(element("div", { class: "fields" },
      field("Key expected in", "apikey-in", controls.in), field("Name", "apikey-name", controls.name), prefix));
  }
  const outcome = element("p", { class: "outcome", role: "status" });
  form.append(field("Callback URL for reports and replies", `${account.kind}-url`, url),
    element("div", { class: "row" }, element("button", { type: "submit", "aria-label": `Save ${account.label} account` }, "Save"), outcome));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const changes = { callbackUrl: url.value };
    for (const [name, control] of Object.entries(controls)) changes[name] = control.value;
    try {
      await call("/_accounts", "POST", { [account.kind]: changes });
      tell(outcome, "Saved.");
    } catch (error) {
      tell(outcome, error.message, true);
    }
  });
  return element("section", { class: "card", "aria-labelledby": `${account.kind}-title` },
    element("h2", { id: `${account.kind}-title` }, account.label), values, form);
}

async function counts() {
  try {
    const now = await call("/_requests");
    const refused = Object.values(now.refused).reduce((sum, each) => sum + each, 0);
    find("counts").textContent = `${now.accepted} messages accepted, ${refused} requests refused, `
      + `${now.reports_answered || 0} reports taken by the gateway, ${now.reports_failed || 0} failed posts.`;
    const rows = now.recentRefusals.slice(-20).reverse();
    find("refusals").replaceChildren(...rows.map((row) => element("tr", {},
      element("td", { class: "keep" }, time(row.at)), element("td", { class: "keep mono" }, row.path),
      element("td", { class: "keep" }, row.status ? String(row.status) : "none"), element("td", {}, row.message))));
    if (!rows.length) find("refusals").append(element("tr", {}, element("td", { colspan: "4", class: "muted" }, "Nothing was refused.")));
  } catch {
    find("counts").textContent = "The simulator does not answer.";
  }
}

const { accounts } = await call("/_accounts");
find("accounts").append(...accounts.map(card));
counts();
setInterval(counts, 3000);
