// Writes static/editor/payload-editor.{js,css} and the licences of what is bundled.
import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const out = "../static/editor";
const result = await build({
  entryPoints: { "payload-editor": "src/index.js" },
  outdir: out,
  bundle: true,
  minify: true,
  metafile: true,
  format: "iife",
  target: ["es2021"],
  legalComments: "none",
  banner: { js: "/* Built by `npm run build` in frontend/. Licences: payload-editor.licenses.txt */" },
  logLevel: "info",
});

const packages = new Set(
  Object.keys(result.metafile.inputs)
    .map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter(Boolean),
);
const texts = await Promise.all(
  [...packages].sort().map(async (name) => `${name}\n\n${await readFile(`node_modules/${name}/LICENSE`, "utf8")}`),
);
await writeFile(`${out}/payload-editor.licenses.txt`, texts.join(`\n${"-".repeat(80)}\n\n`));
