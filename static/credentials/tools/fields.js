"use strict";
// What the tools on the credential's page share: the form as it stands without its secrets, and asking the server.
window.credentialTools = {
  form() {
    return document.getElementById("apicredential_form");
  },
  fields() {
    const found = {};
    const form = window.credentialTools.form();
    for (const element of form ? form.elements : []) {
      const skipped = !element.name || element.name === "csrfmiddlewaretoken"
        || ["file", "password", "submit", "button"].includes(element.type) || element.autocomplete === "new-password"
        || (["checkbox", "radio"].includes(element.type) && !element.checked);
      if (!skipped) found[element.name] = element.value;
    }
    return found;
  },
  async ask(url, content) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]");
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token ? token.value : "", Accept: "application/json" },
        body: JSON.stringify(content),
      });
      if (answer.redirected) return { problem: "Your session has ended. Log in again in another tab; the form is kept." };
      if (!answer.ok) return { problem: `This did not work (HTTP ${answer.status}). The form is kept.` };
      return await answer.json();
    } catch {
      return { problem: "The gateway was not reached. The form is kept." };
    }
  },
  element(name, text, attributes = {}) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  },
};
