import assert from "node:assert/strict";
import test from "node:test";
import { formatJson } from "../src/format.js";

const cases = [
  ['{"a":1,"b":[true,null]}', '{\n  "a": 1,\n  "b": [\n    true,\n    null\n  ]\n}'],
  ['{"a":{},"b":[ ]}', '{\n  "a": {},\n  "b": []\n}'],
  ['{"id":12345678901234567890.10}', '{\n  "id": 12345678901234567890.10\n}'],
  ['{"a":"x, {y}: \\"[1]\\" \\u00e9"}', '{\n  "a": "x, {y}: \\"[1]\\" \\u00e9"\n}'],
  ['"{{message}}"', '"{{message}}"'],
];
for (const [given, wanted] of cases) {
  test(`formats ${given}`, () => assert.equal(formatJson(given), wanted));
}
test("formatting twice changes nothing", () => {
  for (const [, wanted] of cases) assert.equal(formatJson(wanted), wanted);
});
test("refuses what is no JSON", () => assert.throws(() => formatJson('{"a":}'), SyntaxError));
