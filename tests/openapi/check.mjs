// Asks public tools about the OpenAPI documents that internal/sdkgen makes (its
// goldens): is each valid, is it good style, and does a client generated from it
// compile under a typed program?
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createConfig, lint } from "@redocly/openapi-core";
import { Validator } from "@seriousme/openapi-schema-validator";
import openapiTS, { astToString } from "openapi-typescript";

process.chdir(import.meta.dirname);
const documents = new URL("../../internal/sdkgen/testdata/", import.meta.url);
const names = readdirSync(documents).filter((f) => f.endsWith(".openapi.json")).map((f) => f.replace(".openapi.json", ""));
if (names.length < 4) throw new Error(`only ${names.length} documents in ${documents.pathname}`);

const config = await createConfig({
  extends: ["recommended"],
  rules: {
    "info-license": "off", // the app's own business, as is what it says of its models
    "tag-description": "off",
    "no-server-example.com": "off",
    "operation-4xx-response": "error",
    "operation-operationId-unique": "error",
    "no-unused-components": "error",
    "no-invalid-parameter-examples": "error",
    "no-invalid-schema-examples": "error",
    "no-ambiguous-paths": "error",
  },
});

rmSync("generated", { recursive: true, force: true });
mkdirSync("generated");
let failures = 0;
for (const name of names) {
  const file = new URL(`${name}.openapi.json`, documents);
  const validity = await new Validator().validate(JSON.parse(readFileSync(file, "utf8")));
  if (!validity.valid) report(name, "not valid", JSON.stringify(validity.errors, null, 2));
  for (const p of await lint({ ref: file.pathname, config })) {
    report(name, `${p.severity} ${p.ruleId}`, `${p.message} (${p.location[0]?.pointer})`);
  }
  writeFileSync(`generated/${name}.d.ts`, astToString(await openapiTS(file)));
}
try {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "--project", "."], { stdio: "pipe" });
} catch (err) {
  report("client", "does not compile", String(err.stdout));
}
if (failures > 0) process.exit(1);
console.log(`openapi: ${names.length} documents are valid, and their clients compile`);

function report(name, what, detail) {
  failures++;
  console.error(`${name}: ${what}\n${detail}`);
}
