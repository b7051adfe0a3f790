// The section "Verification" of the webhook form: the fields of the chosen scheme, and where the provider shows them.
// The table comes from the server, which goes by it whatever this script does.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const scheme = document.getElementById("id_verify_scheme");
  if (!scheme || !scheme.dataset.schemes) return;
  const schemes = JSON.parse(scheme.dataset.schemes);
  const all = new Set(["verify_overlap", ...Object.values(schemes).flatMap((one) => one.fields)]);
  const grey = {};

  const help = document.querySelector("[data-where]");

  const show = (name, visible) => {
    const input = document.getElementById(`id_${name}`);
    const line = input && input.closest(".field-line");
    if (!line) return;
    line.hidden = !visible;
    const row = line.parentElement;
    row.hidden = [...row.children].every((child) => child.hidden);
  };

  const update = () => {
    const chosen = schemes[scheme.value];
    for (const name of all) {
      show(name, chosen.fields.includes(name));
      const input = document.getElementById(`id_${name}`);
      const label = document.querySelector(`label[for=id_${name}]`);
      if (label) label.dataset.required = chosen.required.includes(name) ? "yes" : "no";
      if (!input) continue;
      if (!(name in grey)) grey[name] = input.placeholder || "";
      input.placeholder = chosen.grey[name] || grey[name];
    }
    const label = document.querySelector("label[for=id_verify_secret]");
    if (label && chosen.secret) label.firstChild.textContent = chosen.secret;
    if (help) help.textContent = chosen.help;
  };

  scheme.addEventListener("change", update);
  update();
  const opened = () => {
    if (window.location.hash !== "#section-verification") return;
    const section = document.getElementById("section-verification");
    if (section) section.open = true;
  };
  window.addEventListener("hashchange", opened);
  opened();
});
