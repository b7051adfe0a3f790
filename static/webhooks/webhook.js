// The webhook form: credentials of the chosen vendor only, the vendor's samples, and copying the URL.
"use strict";

(() => {
  const keepMatching = (vendor, credentials) => {
    const all = Array.from(credentials.options);
    const show = () => {
      const chosen = credentials.value;
      const fitting = all.filter((option) => !option.value || option.dataset.vendor === vendor.value);
      credentials.replaceChildren(...fitting);
      credentials.value = fitting.some((option) => option.value === chosen) ? chosen : "";
    };
    vendor.addEventListener("change", show);
    show();
  };

  const swapSamples = (vendor) => {
    const samples = JSON.parse(vendor.dataset.samples || "{}");
    vendor.addEventListener("change", () => {
      for (const [name, text] of Object.entries(samples[vendor.value] || {})) {
        const field = document.querySelector(`textarea[name="${name}"]`);
        if (!field) continue;
        // Blank means the standard payload: it stays blank, and the grey example changes.
        field.placeholder = text;
        if (field.value && Object.values(samples).some((known) => known[name] === field.value)) {
          field.value = text;
          field.dispatchEvent(new Event("input", { bubbles: true }));
          field.dispatchEvent(new Event("change", { bubbles: true }));
        }
      }
    });
  };

  // Reports need no keywords: what is about messages of people goes.
  const showForKind = (kind) => {
    const show = () => {
      for (const section of document.querySelectorAll("[data-about-people]")) {
        section.hidden = kind.value === "feedback";
      }
    };
    kind.addEventListener("change", show);
    show();
  };

  // Each action of a custom keyword has its own fields.
  const CELLS = {
    reply: ["message"],
    tag: ["attribute", "value", "message"],
    forward: ["forward_url", "message"],
    add: ["target", "message"],
    remove: ["target", "message"],
    campaign: ["target", "message"],
  };
  const showForAction = (select) => {
    const row = select.closest("[data-row]");
    for (const name of ["attribute", "value", "forward_url", "target", "message"]) {
      const cell = row.querySelector(`[data-cell="${name}"]`);
      if (cell) cell.hidden = !CELLS[select.value].includes(name);
    }
    const label = row.querySelector('[data-cell="message"] label');
    if (label) label.textContent = select.value === "reply" ? "Reply message" : "Reply message (optional)";
    const target = row.querySelector('[data-cell="target"]');
    if (!target) return;
    const ofCampaign = select.value === "campaign";
    target.querySelector("label").textContent = ofCampaign ? "Campaign" : "Audience";
    target.querySelector("input")?.setAttribute("list", ofCampaign ? "wh-campaigns" : "wh-audiences");
  };
  // Names to choose from; whoever may not see them types one.
  const offerTargets = async () => {
    const group = document.querySelector("[data-targets]");
    if (!group?.dataset.targets) return;
    try {
      const response = await fetch(group.dataset.targets);
      if (!response.ok || response.redirected) return;
      for (const [kind, names] of Object.entries(await response.json())) {
        const list = Object.assign(document.createElement("datalist"), { id: `wh-${kind}` });
        list.append(...names.map((name) => Object.assign(document.createElement("option"), { value: name })));
        group.append(list);
      }
    } catch {
      // Suggestions are a convenience.
    }
  };
  const showAllActions = () => document.querySelectorAll("select[data-action]").forEach(showForAction);

  const copy = async (button) => {
    const field = document.getElementById(button.dataset.copy);
    const status = document.querySelector("[data-copied]");
    try {
      await navigator.clipboard.writeText(field.value);
      status.textContent = "Copied";
    } catch {
      field.focus();
      field.select();
      // Without https the clipboard API is missing; this old way still works there.
      status.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C to copy";
    }
  };

  const start = () => {
    const vendor = document.querySelector('select[name="vendor"]');
    const credentials = document.querySelector("select[data-credentials]");
    if (vendor && credentials) {
      keepMatching(vendor, credentials);
      swapSamples(vendor);
    }
    const kind = document.querySelector('select[name="kind"]');
    if (kind) showForKind(kind);
    showAllActions();
    offerTargets();
    document.addEventListener("change", (event) => {
      if (event.target.matches("select[data-action]")) showForAction(event.target);
    });
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-add-row]")) setTimeout(showAllActions);
    });
    for (const button of document.querySelectorAll("button[data-copy]")) {
      button.addEventListener("click", () => copy(button));
    }
  };

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
