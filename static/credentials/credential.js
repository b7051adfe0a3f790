"use strict";
// The API credentials form: shows the chosen auth type's fields, fills in the chosen vendor's values.
// Both tables come from the server (data attributes), which goes by them whatever this script does.
document.addEventListener("DOMContentLoaded", () => {
  const auth = document.getElementById("id_auth_type");
  const vendor = document.getElementById("id_vendor");
  if (!auth || !auth.dataset.authFields) return;
  const fieldsOf = JSON.parse(auth.dataset.authFields);
  const requiredOf = JSON.parse(auth.dataset.authRequired);
  const presets = JSON.parse(vendor.dataset.presets);
  const all = [...new Set(Object.values(fieldsOf).flat())];
  const input = (name) => document.getElementById(`id_${name}`);
  const savedType = auth.dataset.authSaved;
  const storedHints = {};

  const show = (name, visible) => {
    const line = input(name) && input(name).closest(".field-line");
    if (!line) return;
    line.hidden = !visible;
    const row = line.parentElement;
    row.hidden = [...row.children].every((child) => child.hidden);
  };

  const showAuth = () => {
    const fields = fieldsOf[auth.value] || [];
    for (const name of all) {
      const element = input(name);
      show(name, fields.includes(name));
      if (!element) continue;
      if (element.placeholder && !(name in storedHints)) storedHints[name] = element.placeholder;
      // A stored secret belongs to the auth type it was saved with.
      if (name in storedHints) element.placeholder = auth.value === savedType ? storedHints[name] : "";
      const label = document.querySelector(`label[for=id_${name}]`);
      if (label) label.dataset.required = (requiredOf[auth.value] || []).includes(name) ? "yes" : "no";
    }
    if (input("api_token")) input("api_token").rows = auth.value === "jwt" ? 6 : 2;
    if (auth.value === "api_key") show("key_prefix", input("key_location").value === "header");
  };

  const headerValue = (name) => {
    for (const row of document.querySelectorAll("[data-header-row][data-fixed]")) {
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

  // What a preset put there may be replaced by the next one; what a person typed stays.
  let filled = { ...presets.custom.values };
  const takePreset = () => {
    const preset = presets[vendor.value];
    const hint = document.getElementById("id_provider_app_id_helptext");
    if (hint && preset) hint.textContent = preset.hint;
    if (!preset || vendor.dataset.adding !== "yes") return;
    for (const [name, value] of Object.entries(preset.values)) {
      const element = input(name);
      const now = element ? element.value.replaceAll("\r\n", "\n").trim() : "";
      if (element && (now === "" || now === (filled[name] || "").trim())) set(element, value);
    }
    for (const [name, value] of Object.entries(preset.headers)) set(headerValue(name), value);
    filled = { ...preset.values };
    input("preset").value = vendor.value;
    showAuth();
  };

  auth.addEventListener("change", showAuth);
  if (input("key_location")) input("key_location").addEventListener("change", showAuth);
  vendor.addEventListener("change", takePreset);
  showAuth();
  if (input("preset").value === "") input("preset").value = vendor.value;
});
