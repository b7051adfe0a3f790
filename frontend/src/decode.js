// Spreadsheets write what they like: a file's bytes as text.

/** UTF-16 where it says so, UTF-8 where it is, else Windows-1252, which takes anything. */
export function decode(bytes) {
  const marked = { "255,254": "utf-16le", "254,255": "utf-16be" }[[...bytes.slice(0, 2)].join()];
  if (marked) return new TextDecoder(marked).decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
