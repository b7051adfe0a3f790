// Small helpers shared by the pages. Text from messages only ever becomes a text node.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export async function call(path, method = "GET", data = undefined) {
  const answer = await fetch(path, {
    method,
    headers: data === undefined ? {} : { "Content-Type": "application/json" },
    body: data === undefined ? undefined : JSON.stringify(data),
    cache: "no-store",
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error ? body.error.message : `The simulator answered ${answer.status}.`);
  return body;
}

export function tell(place, text, bad = false) {
  place.textContent = text;
  place.classList.toggle("bad", bad);
}

export function time(iso) {
  return iso ? new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" }) : "";
}

export function copyButton(value, what) {
  const button = element("button", { type: "button", class: "small", "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    await copy(value);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1200);
  });
  return button;
}

async function copy(value) {
  if (navigator.clipboard) return navigator.clipboard.writeText(value);
  const box = element("textarea", { "aria-hidden": "true" }); // plain http off this machine has no clipboard object
  box.value = value;
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}
