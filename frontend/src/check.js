// Asks the server about a text: problems, preview, what can be picked.

const UNREACHABLE = "The check could not run; your text is kept.";

/** Values of the form around `field`, without secrets, files and the token. */
function otherValues(field) {
  const values = {};
  for (const element of field.form?.elements ?? []) {
    const skip = !element.name || element === field || ["file", "password", "submit", "button"].includes(element.type);
    if (skip || element.autocomplete === "new-password" || element.name === "csrfmiddlewaretoken") continue;
    if (["checkbox", "radio"].includes(element.type) && !element.checked) continue;
    values[element.name] = element.value;
  }
  return values;
}

/** POST the text to the field's check address; resolves to {problems, preview, picker}. Never rejects but on abort. */
export async function check(field, source, signal) {
  const token = field.form?.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  try {
    const response = await fetch(field.dataset.checkUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" },
      body: JSON.stringify({ source, fields: otherValues(field) }),
      signal,
    });
    if (response.redirected) return failure("Your session has ended. Log in again in another tab; your text is kept.");
    if (!response.ok) return failure(`${UNREACHABLE} (HTTP ${response.status})`);
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return failure(UNREACHABLE);
  }
}

function failure(message) {
  return { problems: [], preview: "", picker: null, failure: message };
}

/** Calls `check` at most once per pause in typing and drops answers that come too late. */
export function debouncedCheck(field, onStart, onAnswer, pause = 350) {
  let timer = 0;
  let running = null;
  const run = async (source) => {
    running?.abort();
    running = new AbortController();
    try {
      onAnswer(await check(field, source, running.signal));
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };
  return {
    later(source) {
      clearTimeout(timer);
      onStart();
      timer = setTimeout(() => run(source), pause);
    },
    now(source) {
      clearTimeout(timer);
      onStart();
      return run(source);
    },
    stop() {
      clearTimeout(timer);
      running?.abort();
    },
  };
}

/** "No problems found", "1 error, 2 warnings", or why the check could not run. */
export function summary(answer) {
  if (answer.failure) return answer.failure;
  const warnings = answer.problems.filter((problem) => problem.level === "warning").length;
  const errors = answer.problems.length - warnings;
  const parts = [count(errors, "error"), count(warnings, "warning")].filter(Boolean);
  return parts.join(", ") || "No problems found";
}

/** "error", "warning" or "ok": decides the colour of the summary. */
export function level(answer) {
  if (answer.failure) return "warning";
  if (answer.problems.some((problem) => problem.level !== "warning")) return "error";
  return answer.problems.length ? "warning" : "ok";
}

function count(number, word) {
  return number ? `${number} ${word}${number === 1 ? "" : "s"}` : "";
}
