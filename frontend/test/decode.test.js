import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../src/decode.js";

const cases = [
  ["UTF-8", [0x5a, 0x6f, 0xc3, 0xab]],
  ["UTF-8 with its mark", [0xef, 0xbb, 0xbf, 0x5a, 0x6f, 0xc3, 0xab]],
  ["Windows-1252", [0x5a, 0x6f, 0xeb]],
  ["UTF-16, little end first", [0xff, 0xfe, 0x5a, 0, 0x6f, 0, 0xeb, 0]],
  ["UTF-16, big end first", [0xfe, 0xff, 0, 0x5a, 0, 0x6f, 0, 0xeb]],
];
for (const [name, bytes] of cases) {
  test(`reads ${name}`, () => assert.equal(decode(new Uint8Array(bytes)), "Zoë"));
}
