import { call, element, tell, time } from "./common.js";

const find = (id) => document.getElementById(id);
const seen = new Map(); // number -> how many messages were received when it was last open
let number = chosen();
let version = "";
let drawn = "";
let first = true;

function chosen() {
  const asked = new URLSearchParams(location.search).get("number") || decodeURIComponent(location.hash.slice(1));
  return asked.replace(/^ /, "+").trim(); // a plus sign typed into a query arrives as a space
}

function open(next) {
  number = next;
  version = "";
  drawn = "";
  history.replaceState(null, "", next ? `#${next}` : location.pathname);
  tell(find("outcome"), "");
  find("reply-text").value = "";
  poll();
}

function drawList(handsets) {
  find("no-handsets").hidden = handsets.length > 0;
  find("handsets").hidden = handsets.length === 0;
  const focused = document.activeElement?.dataset?.number;
  find("handsets").replaceChildren(...handsets.map((handset) => {
    if (first || handset.number === number) seen.set(handset.number, handset.received);
    const fresh = handset.received - (seen.get(handset.number) ?? 0);
    const current = handset.number === number ? "true" : null;
    return element("li", {},
      element("button", { type: "button", "aria-current": current, "data-number": handset.number, onclick: () => open(handset.number) },
        element("span", { class: "line" },
          element("span", { class: "number" }, handset.number),
          element("span", { class: "time" }, time(handset.at))),
        element("span", { class: "line" },
          element("span", { class: "text" }, handset.text || "No messages yet"),
          fresh > 0 ? element("span", { class: "new" }, String(fresh), element("span", { class: "hidden" }, " new")) : null)));
  }));
  if (focused) document.querySelector(`[data-number="${CSS.escape(focused)}"]`)?.focus();
  first = false;
}

const sentence = (word) => word.charAt(0) + word.slice(1).toLowerCase();

function state(bubble) {
  const parts = [time(bubble.at)];
  if (bubble.direction === "sent") {
    parts.push(bubble.note || (bubble.answer ? `Gateway answered ${bubble.answer}` : "Sending"));
  } else {
    parts.push(bubble.report ? sentence(bubble.report) : "Accepted");
    if (bubble.note) parts.push(bubble.note);
    else if (bubble.answer) parts.push(`gateway answered ${bubble.answer}`);
  }
  const undelivered = bubble.report && !["DELIVERED", "SENT"].includes(bubble.report);
  const bad = undelivered || /again|gave up/.test(bubble.note) || bubble.answer >= 300;
  return element("div", { class: bad ? "state bad" : "state" }, parts.join(" · "));
}

function drawTalk(talk) {
  document.body.classList.toggle("talking", Boolean(number));
  find("reply").hidden = !number;
  find("talk-title").textContent = number || "Choose a handset";
  find("talk-sub").textContent = !talk ? ""
    : talk.replyUrl ? `${talk.account ? `${talk.account} account · r` : "R"}eplies go to ${new URL(talk.replyUrl).host}`
      : "No callback URL yet: set one on the Accounts page to be able to reply.";
  const bubbles = talk ? talk.bubbles : [];
  const next = JSON.stringify(bubbles);
  if (next === drawn && bubbles.length) return;
  const box = find("bubbles");
  const atEnd = drawn === "" || box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  drawn = next;
  if (!bubbles.length) {
    box.replaceChildren(element("p", { class: "nothing" }, number
      ? "Nothing here yet. Messages to this number appear as they arrive."
      : "Messages sent through the gateway appear on the left. Choose one to read it and to reply."));
    return;
  }
  const kept = new Map([...box.children].map((child) => [child.dataset.id, child]));
  box.querySelector(".nothing")?.remove();
  const ids = new Set(bubbles.map((bubble) => bubble.id));
  for (const [id, child] of kept) if (!ids.has(id)) child.remove();
  for (const bubble of bubbles) {
    const line = state(bubble);
    const known = kept.get(bubble.id);
    if (known) {
      if (known.lastChild.textContent !== line.textContent) known.lastChild.replaceWith(line);
    } else {
      box.append(element("div", { class: `bubble ${bubble.direction}`, "data-id": bubble.id },
        element("span", { class: "hidden" }, bubble.direction === "sent" ? "You: " : `From ${bubble.from || "unknown"}: `),
        element("div", { class: "text" }, bubble.text), line));
    }
  }
  if (atEnd) box.scrollTop = box.scrollHeight;
}

let polling = false;
async function poll() {
  if (polling) return;
  polling = true;
  const asked = number;
  try {
    const answer = await call(`/_handset?version=${version}&number=${encodeURIComponent(asked)}`);
    if (!answer.unchanged && asked === number) {
      version = answer.version;
      drawList(answer.handsets);
      drawTalk(answer.conversation);
    }
    if (find("outcome").textContent === gone) tell(find("outcome"), "");
  } catch {
    tell(find("outcome"), gone, true);
  }
  polling = false;
  if (asked !== number) poll();
}
const gone = "The simulator does not answer.";

async function send(text) {
  if (!text.trim() || !number) return;
  const field = find("reply-text");
  const from = number;
  tell(find("outcome"), "Sending");
  try {
    const answer = await call("/_handset/reply", "POST", { number: from, text });
    if (from === number) {
      const good = answer.status >= 200 && answer.status < 300;
      tell(find("outcome"), good ? `The gateway answered ${answer.status}.` : `${answer.note}.`, !good);
    }
  } catch (error) {
    field.value = field.value || text;
    tell(find("outcome"), error.message, true);
  }
  poll();
}

find("reply").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = find("reply-text").value;
  find("reply-text").value = "";
  send(text);
});
for (const button of document.querySelectorAll(".quick button")) {
  button.addEventListener("click", () => send(button.dataset.text));
}
find("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = find("add-number");
  try {
    const added = await call("/_handset", "POST", { number: field.value });
    field.value = "";
    field.setCustomValidity("");
    open(added.number);
  } catch (error) {
    field.setCustomValidity(error.message);
    field.reportValidity();
  }
});
find("add-number").addEventListener("input", (event) => event.target.setCustomValidity(""));
find("back").addEventListener("click", () => open(""));
window.addEventListener("hashchange", () => { if (chosen() !== number) open(chosen()); });
poll();
setInterval(poll, 1000);
