"use strict";
// "See before sending": asks for the request that the form as it stands makes of a sample message.
document.addEventListener("DOMContentLoaded", () => {
  const panel = document.querySelector("[data-request-preview]");
  if (!panel) return;
  const { ask, element, fields } = window.credentialTools;
  const status = panel.querySelector("[data-preview-status]");
  const place = panel.querySelector("[data-preview-requests]");
  const inputs = [...panel.querySelectorAll("[data-sample]")];

  const say = (name, text) => {
    for (const input of inputs) {
      const mine = input.dataset.sample === name;
      document.getElementById(`${input.id}-problem`).textContent = mine ? text : "";
      if (mine && text) {
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-describedby", `${input.id}-problem`);
        input.closest("details")?.setAttribute("open", "");
        input.focus();
      } else {
        input.removeAttribute("aria-invalid");
        input.removeAttribute("aria-describedby");
      }
    }
  };

  const copyButton = (text) => {
    const button = element("button", "Copy as cURL", { type: "button", class: "sg-button quiet" });
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        const shown = element("pre", text, { class: "sg-code", tabindex: "0" });
        button.replaceWith(shown);
        getSelection().selectAllChildren(shown);
        return;
      }
      setTimeout(() => { button.textContent = "Copy as cURL"; }, 2000);
    });
    return button;
  };

  const show = (one) => {
    const holder = element("div", "", { class: "ct-request" });
    if (one.parts > 1) holder.append(element("h3", `Part ${one.part} of ${one.parts}`));
    if (one.problem) {
      holder.append(element("p", one.problem, { class: "sg-notice bad" }));
      return holder;
    }
    const label = one.parts > 1 ? `Request of part ${one.part}` : "Request";
    holder.append(element("pre", one.text, { class: "sg-code", tabindex: "0", role: "group", "aria-label": label }));
    holder.append(copyButton(one.curl));
    return holder;
  };

  panel.querySelector("[data-preview]").addEventListener("click", async () => {
    const sample = Object.fromEntries(inputs.map((input) => [input.dataset.sample, input.value]));
    status.textContent = "…";
    const answer = await ask(panel.dataset.requestPreview, { fields: fields(), sample });
    place.replaceChildren();
    say(answer.field || "", answer.problem || "");
    if (answer.problem) {
      status.textContent = answer.field ? "" : answer.problem;
      return;
    }
    status.textContent = answer.requests.length > 1 ? `${answer.requests.length} requests.` : "One request.";
    place.append(...answer.requests.map(show));
  });
});
