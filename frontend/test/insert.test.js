import assert from "node:assert/strict";
import test from "node:test";
import { insertion } from "../src/insert.js";

// text with | for the cursor, picked item, text afterwards
const cases = [
  ['{"to": "¦"}', "{{toNumber}}", '{"to": "{{toNumber}}"}'],
  ['{"t": "{{message}}¦"}', "| upcase", '{"t": "{{message | upcase }}"}'],
  ['{"t": "{{ message¦ | strip }}"}', "| upcase", '{"t": "{{ message | strip | upcase }}"}'],
  ['{"t": "{{ ¦ }}"}', "{{profile.firstName}}", '{"t": "{{ profile.firstName }}"}'],
  ['{"t": "{{message}}¦"}', "{{ message | upcase }}", '{"t": "{{message | upcase }}"}'],
  ['{"t": "{{mes¦sage}}"}', "{{ toNumber | truncate: 160 }}", '{"t": "{{message | truncate: 160 }}"}'],
  ['{"t": "¦"}', "{{ message | upcase }}", '{"t": "{{ message | upcase }}"}'],
  ['{"t": "{{¦}}"}', "{{ message | upcase }}", '{"t": "{{message | upcase}}"}'],
  ['{"t": "{{a}}¦"}', "{{b}}", '{"t": "{{a}}{{b}}"}'],
];
for (const [before, item, after] of cases) {
  test(`${before} + ${item}`, () => {
    const cursor = before.indexOf("¦");
    const text = before.replace("¦", "");
    const { from, to, insert } = insertion(text, cursor, cursor, item);
    assert.equal(text.slice(0, from) + insert + text.slice(to), after);
  });
}

test("a tag goes behind the placeholder at the cursor, and replaces a selection", () => {
  const tag = "{% if profile.NAME %}…{% endif %}";
  assert.deepEqual(insertion("Hi {{name}}!", 6, 6, tag), { from: 11, to: 11, insert: tag });
  assert.deepEqual(insertion("Hi you", 3, 6, tag), { from: 3, to: 6, insert: tag });
});
