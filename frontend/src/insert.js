// Where a picked item goes.

const PLACEHOLDER = /\{\{[^{}]*\}\}/g;

/** What an item means: `bare` without braces, `filter` "| upcase" when it is a helper function, else "". */
export function meaning(item) {
  const bare = item.replace(/^\s*\{\{\s*|\s*\}\}\s*$/g, "").trim();
  const pipe = bare.indexOf("|");
  return { bare, filter: pipe < 0 ? "" : bare.slice(pipe) };
}

/** The placeholder that covers or ends at `position`, or null. */
function placeholderAt(text, position) {
  for (const match of text.matchAll(PLACEHOLDER)) {
    const from = match.index;
    const to = from + match[0].length;
    if (from < position && position <= to) return { from, to };
  }
  return null;
}

/**
 * Change that inserts `item` at the selection: {from, to, insert}.
 * A helper function joins the placeholder at the cursor; a variable put inside one loses its braces; a tag goes behind it.
 */
export function insertion(text, from, to, item) {
  const around = from === to ? placeholderAt(text, from) : null;
  const { bare, filter } = meaning(item);
  if (item.startsWith("{%")) return { from: around?.to ?? from, to: around?.to ?? to, insert: item };
  if (around && filter && text.slice(around.from + 2, around.to - 2).trim()) {
    const end = text.slice(0, around.to - 2).trimEnd().length;
    return { from: end, to: around.to - 2, insert: ` ${filter} ` };
  }
  if (around && around.to !== from) return { from, to, insert: bare };
  return { from, to, insert: item };
}
