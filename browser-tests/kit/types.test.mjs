// tickwire.d.ts under `tsc --strict`: the documentation's examples have the right types, and every export is
// used.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import * as kit from "../../pages/web/tickwire.js";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.join(HERE, "../..");
const TYPES = path.join(ROOT, "pages/web/tickwire.d.ts");
const USAGE = path.join(HERE, "usage.ts");
const GUIDE = path.join(ROOT, "docs/writing-a-client.md");

/** The compiler's errors for these files, and for `texts`, which stand in for files. */
function complaints(files, texts = {}) {
  const options = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    types: [],
    skipLibCheck: false,
    // As in the guide.
    paths: { "/tickwire.js": [TYPES] },
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (name) => texts[name] ?? readFile.call(host, name);
  host.fileExists = (name) => name in texts || fileExists.call(host, name);
  host.getSourceFile = (name, ...rest) =>
    name in texts
      ? ts.createSourceFile(name, texts[name], options.target)
      : getSourceFile.call(host, name, ...rest);
  const program = ts.createProgram([...files, ...Object.keys(texts)], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line =
      file === undefined
        ? ""
        : `${path.basename(file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1} `;
    return `${line}${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

test("every export is used with its types, including a browser's WebSocket and that of `ws`", () => {
  assert.deepEqual(complaints([USAGE]), []);
});

test("usage.ts uses every export, and the script exports what the types declare", () => {
  const source = ts.createSourceFile(TYPES, readFileSync(TYPES, "utf8"), ts.ScriptTarget.ES2022);
  const exported = source.statements.filter((each) =>
    each.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword),
  );
  const usage = readFileSync(USAGE, "utf8");
  const [imports] = usage.match(/^import \{[^}]*\} from "\/tickwire.js";/m);
  for (const { name } of exported) {
    assert.match(imports, new RegExp(`\\b${name.text}\\b`), `usage.ts does not use ${name.text}`);
  }
  const values = exported
    .filter((each) => ts.isClassDeclaration(each) || ts.isFunctionDeclaration(each))
    .map(({ name }) => name.text);
  assert.deepEqual(values.sort(), Object.keys(kit).sort());
});

test("the guide's examples have types", () => {
  const blocks = [...readFileSync(GUIDE, "utf8").matchAll(/```(?:js|ts|jsx|tsx)\n([\s\S]*?)```/g)].map(
    ([, text]) => text,
  );
  const ours = blocks.filter((text) => /\b(connect|listRooms|client)\b/.test(text));
  assert.ok(ours.length >= 3, `${ours.length} examples`);
  const before = [
    "declare function draw(x: number, y: number, heading: number, own: boolean): void;",
    "declare function useState<T>(first: T): [T, (next: T) => void];",
    "declare function useEffect(effect: () => (() => void) | undefined, on: unknown[]): void;",
  ];
  const texts = Object.fromEntries(ours.map((text, at) => {
    const names = [...(text.includes("/tickwire.js") ? [] : ["connect", "listRooms"]), "type Client"];
    const imports = `import { ${names.join(", ")} } from "/tickwire.js";`;
    return [path.join(HERE, `guide-${at + 1}.ts`), [imports, ...before, text].join("\n")];
  }));
  assert.deepEqual(complaints([], texts), []);
});
