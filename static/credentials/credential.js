"use strict";
// The API credentials form: shows the fields of the chosen auth type and choices, and on a new credential the chosen
// vendor's form. The tables come from the server (data attributes), which goes by them whatever this script does.
document.addEventListener("DOMContentLoaded", () => {
  const vendor = document.getElementById("id_vendor");
  const input = (name) => document.getElementById(`id_${name}`);
  if (!vendor || !input("auth_type") || !input("auth_type").dataset.authFields) return;
  const storedHints = {};

  const show = (name, visible) => {
    const line = input(name) && input(name).closest(".field-line");
    if (!line) return;
    line.hidden = !visible;
    const row = line.parentElement;
    row.hidden = [...row.children].every((child) => child.hidden);
  };

  const showFields = () => {
    const auth = input("auth_type");
    const fieldsOf = JSON.parse(auth.dataset.authFields);
    const required = JSON.parse(auth.dataset.authRequired)[auth.value] || [];
    const fields = fieldsOf[auth.value] || [];
    for (const name of new Set(Object.values(fieldsOf).flat())) {
      const element = input(name);
      show(name, fields.includes(name));
      if (!element) continue;
      if (element.placeholder && !(name in storedHints)) storedHints[name] = element.placeholder;
      // A stored secret belongs to the auth type it was saved with.
      const stored = storedHints[name] || "";
      if (stored.startsWith("Stored")) element.placeholder = auth.value === auth.dataset.authSaved ? stored : "";
      const label = document.querySelector(`label[for=id_${name}]`);
      if (label) label.dataset.required = required.includes(name) ? "yes" : "no";
    }
    const ofSomeType = Object.values(fieldsOf).flat();
    for (const [name, [decider, values]] of Object.entries(JSON.parse(auth.dataset.conditions))) {
      const counts = fields.includes(name) || !ofSomeType.includes(name);
      if (counts) show(name, values.includes(input(decider).value));
    }
    if (input("api_token")) input("api_token").rows = auth.value === "jwt" ? 6 : 2;
    input("body_kind").form.dataset.bodyKind = input("body_kind").value;
  };

  const headerValue = (name) => {
    for (const row of document.querySelectorAll("#headers-rows [data-fixed]")) {
      if (row.querySelector("input[name$=-name]").value === name) return row.querySelector("input[name$=-value]");
    }
    return null;
  };

  const set = (element, value) => {
    if (!element || element.value === value) return;
    element.value = value;
    element.dispatchEvent(new Event("input", { bubbles: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  };

  // A standard Content-Type follows the kind of the body; one of the operator's own stays.
  const followBody = () => {
    const types = JSON.parse(input("body_kind").dataset.bodyTypes);
    const header = headerValue("Content-Type");
    const wanted = types[input("body_kind").value];
    const now = header ? header.value.split(";")[0].trim().toLowerCase() : "";
    if (wanted && now !== wanted && Object.values(types).includes(now)) set(header, wanted);
  };

  const offered = (element) => {
    if (element.tagName !== "SELECT") return element.defaultValue;
    const chosen = [...element.options].find((option) => option.defaultSelected) || element.options[0];
    return chosen ? chosen.value : "";
  };
  const isTyped = (element) => element.type === "checkbox"
    ? element.checked !== element.defaultChecked
    : element.type !== "file" && element.value !== offered(element);
  const named = (root) => [...root.querySelectorAll("[name]")].filter((element) => element.type !== "hidden");

  // The server's form for the vendor takes the place of this one; what a person typed stays, in whole groups of rows.
  const takeForm = (page) => {
    const old = document.getElementById("credential-body");
    const fresh = document.adoptNode(page.getElementById("credential-body"));
    for (const group of old.querySelectorAll("[data-group]")) {
      const same = fresh.querySelector(`[data-group="${group.dataset.group}"]`);
      const fixed = group.dataset.group === "headers" ? "[data-fixed] *" : "";
      const typed = named(group).filter((element) => !(fixed && element.matches(fixed)));
      if (same && group.dataset.group !== "variables" && typed.some((e) => isTyped(e) || !e.defaultValue && e.value)) {
        same.replaceWith(group);
      }
    }
    const editor = old.querySelector("[data-payload-editor]");
    const freshEditor = fresh.querySelector("[data-payload-editor]");
    const payload = input("payload");
    const wanted = freshEditor.querySelector("textarea").defaultValue;
    const keepsPayload = isTyped(payload);
    freshEditor.replaceWith(editor);
    for (const element of named(old)) {
      const twin = fresh.querySelector(`[name="${element.name}"]`);
      if (!twin || twin === element || !isTyped(element) || /-\d+-/.test(element.name)) continue;
      twin.value = element.value;
    }
    old.replaceWith(fresh);
    if (!keepsPayload) {
      payload.defaultValue = wanted;
      payload.value = wanted;
      payload.dispatchEvent(new Event("input", { bubbles: true }));
    }
    CredentialRows.start(fresh);
    showFields();
    followBody();
  };

  let asked = 0;
  let shown = vendor.value;
  const takeVendor = async () => {
    if (vendor.dataset.adding !== "yes" || vendor.value === shown) return;
    const mine = ++asked;
    shown = vendor.value;
    const answer = await fetch(`?preset=${encodeURIComponent(vendor.value)}`, { credentials: "same-origin" });
    if (!answer.ok) shown = "";
    if (!answer.ok || mine !== asked) return;
    takeForm(new DOMParser().parseFromString(await answer.text(), "text/html"));
  };

  document.addEventListener("change", (event) => {
    if (event.target === vendor) takeVendor();
    if (event.target.id === "id_body_kind") followBody();
    if (["id_auth_type", "id_key_location", "id_mac_layout", "id_body_kind"].includes(event.target.id)) showFields();
  });
  document.addEventListener("input", (event) => {
    const fold = event.target.closest("details.cr-fold:not(.cr-request)");
    const line = fold && fold.querySelector(":scope > summary .cr-line");
    if (line) line.textContent = "Changed, not saved yet";
  });
  showFields();
});
