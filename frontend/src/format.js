// Format JSON: only the white space between tokens changes, so long numbers and escapes stay as typed.

const OPENING = "{[";
const CLOSING = "}]";

/** The same JSON with one member per line; throws SyntaxError when the text is no JSON. */
export function formatJson(text, indent = "  ") {
  JSON.parse(text);
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g) ?? [];
  let depth = 0;
  let out = "";
  tokens.forEach((token, index) => {
    const empty = OPENING.includes(tokens[index - 1] ?? " ") && CLOSING.includes(token);
    if (CLOSING.includes(token)) depth -= 1;
    if (needsNewLine(tokens[index - 1], token) && !empty) out += "\n" + indent.repeat(depth);
    out += token === ":" ? ": " : token;
    if (OPENING.includes(token)) depth += 1;
  });
  return out;
}

function needsNewLine(previous, token) {
  if (previous === undefined) return false;
  return OPENING.includes(previous) || previous === "," || CLOSING.includes(token);
}
