// The browsable page of the API. All that it shows comes from the OpenAPI
// document; every text is set as text, never as markup.

const $ = (selector) => document.querySelector(selector);
const methods = ["get", "post", "put", "patch", "delete"];
let doc;
let operations = new Map(); // by operationId

// el makes an element: properties, then children (nodes, texts, arrays, null).
function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

const nameOf = (ref) => ref.slice(ref.lastIndexOf("/") + 1);

// deref follows a reference; keywords beside it count on top.
function deref(value) {
  if (!value?.$ref) return value ?? {};
  const { $ref, ...rest } = value;
  return { ...$ref.slice(2).split("/").reduce((at, key) => at[key.replaceAll("~1", "/")], doc), ...rest };
}

// ---- texts -----------------------------------------------------------------

// prose reads the little Markdown that descriptions use.
function prose(text) {
  return (text ?? "").split(/\n\n+/).filter(Boolean).map((block) => {
    const lines = block.split("\n");
    const items = lines.filter((l) => l.startsWith("- "));
    const rest = lines.filter((l) => !l.startsWith("- ")).join(" ");
    return [rest && el("p", {}, inline(rest)), items.length > 0 && el("ul", {}, items.map((l) => el("li", {}, inline(l.slice(2)))))];
  });
}

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith("`") && part.length > 1) return el("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return el("strong", {}, part.slice(2, -2));
    return part;
  });
}

// paint colours JSON.
function paint(json) {
  return json.split(/("(?:[^"\\]|\\.)*"(?:\s*:)?|-?\b\d[\d.eE+-]*\b|\b(?:true|false|null)\b)/).map((part, i) => {
    if (i % 2 === 0) return part;
    return el("span", { className: part.endsWith(":") ? "k" : part.startsWith('"') ? "s" : "n" }, part);
  });
}

function copyable(text, copied = text) {
  const button = el("button", { type: "button" }, "Copy");
  button.onclick = async () => {
    await navigator.clipboard.writeText(copied);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1200);
  };
  return el("div", { className: "code" }, el("pre", { tabIndex: 0 }, text), button);
}

// ---- schemas ---------------------------------------------------------------

// typeOf says in a line what a value is.
function typeOf(schema) {
  if (schema.$ref) return [el("a", { href: "#/schema/" + nameOf(schema.$ref) }, nameOf(schema.$ref))];
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return either.flatMap((s, i) => [i > 0 ? " | " : "", ...typeOf(s)]);
  if (schema.allOf) return schema.allOf.flatMap((s, i) => [i > 0 ? " & " : "", ...typeOf(s)]);
  if (schema.enum) return schema.enum.flatMap((v, i) => [i > 0 ? " | " : "", el("code", {}, v)]);
  const types = [schema.type ?? "any"].flat();
  const parts = types.flatMap((t, i) => [i > 0 ? " | " : "", ...(t === "array" && schema.items ? [...typeOf(schema.items), "[]"] : [t])]);
  if (schema.format) parts.push(" · " + schema.format);
  return parts;
}

const limits = {
  minLength: "at least # characters", maxLength: "at most # characters", minimum: "≥ #", maximum: "≤ #",
  exclusiveMinimum: "> #", exclusiveMaximum: "< #", pattern: "matches #", minItems: "at least # items", maxItems: "at most # items", default: "default #",
};

function limitsOf(schema) {
  return Object.entries(limits).filter(([k]) => k in schema).map(([k, text]) => text.replace("#", schema[k])).join(", ");
}

// fieldRow is a row of a table: a property or a parameter.
function fieldRow(name, schema, required, description) {
  const bounds = limitsOf(schema);
  return el("tr", {},
    el("td", {}, schema.deprecated ? el("s", {}, name) : name, required && el("span", { className: "must" }, "required")),
    el("td", {}, el("span", { className: "type" }, typeOf(schema), schema.readOnly && " · set by the server", bounds && " · " + bounds), prose(description)));
}

// schemaView shows what a schema says. Only in inputs, which are closed, is
// anything required of the reader.
function schemaView(schema) {
  const s = deref(schema);
  if (s.allOf) return s.allOf.map(schemaView);
  if (!s.properties) return el("p", { className: "type" }, typeOf(schema.$ref && s.enum ? s : schema), limitsOf(s) && " · " + limitsOf(s));
  return el("table", { className: "fields" }, el("tbody", {},
    Object.entries(s.properties).map(([name, p]) => fieldRow(name, p, s.additionalProperties === false && s.required?.includes(name), p.description))));
}

const samples = { "date-time": () => new Date().toISOString(), date: () => new Date().toISOString().slice(0, 10), "time-local": () => "14:30:00.000",
  email: () => "ada@example.com", uri: () => "https://example.com", password: () => "" };

// sample makes a value that the schema takes: of an object, what is required.
function sample(schema, depth = 0) {
  const s = deref(schema);
  const either = s.anyOf ?? s.oneOf ?? s.allOf;
  if (either) return sample(either[0], depth);
  if (s.enum) return s.enum[0];
  const type = [s.type].flat()[0];
  if (type === "object") {
    const names = Object.keys(s.properties ?? {});
    const chosen = s.required?.length || depth > 0 ? (s.required ?? []) : names.filter((n) => n !== "id").slice(0, 1);
    return Object.fromEntries(chosen.map((n) => [n, sample(s.properties[n], depth + 1)]));
  }
  if (type === "array") return s.minItems ? [sample(s.items, depth + 1)] : [];
  if (type === "integer" || type === "number") return s.minimum ?? 0;
  if (type === "boolean") return false;
  return type === "string" ? (samples[s.format]?.() ?? "") : null;
}

// ---- navigation ------------------------------------------------------------

function link(op) {
  return el("a", { href: "#/" + op.operationId, "data-op": op.operationId }, el("span", { className: "method " + op.method }, op.method.toUpperCase()), op.summary);
}

function tree() {
  const groups = doc.tags.map((tag) => {
    const list = [...operations.values()].filter((op) => op.tags[0] === tag.name);
    return el("details", {}, el("summary", {}, tag.name), list.map(link));
  });
  const models = groups.filter((_, i) => /^\w+$/.test(doc.tags[i].name));
  const others = groups.filter((g) => !models.includes(g));
  const schemas = Object.keys(doc.components.schemas).map((name) => el("a", { href: "#/schema/" + name, "data-op": "schema/" + name }, name));
  $("#tree").replaceChildren(el("h2", {}, "Models"), ...models, el("h2", {}, "More"), ...others, el("h2", {}, "Types"),
    el("details", {}, el("summary", {}, "All types"), schemas));
}

function find(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of document.querySelectorAll("#tree details")) {
    let shown = 0;
    for (const a of group.querySelectorAll("a")) {
      const text = (group.firstChild.textContent + " " + a.textContent + " " + a.dataset.op).toLowerCase();
      const fits = wanted.every((w) => text.includes(w));
      a.style.display = fits ? "" : "none";
      shown += fits;
    }
    group.style.display = shown > 0 ? "" : "none";
    group.open = wanted.length > 0 ? shown > 0 : group.querySelector("[aria-current]") !== null;
  }
}

function show() {
  const at = location.hash.slice(2);
  const op = operations.get(at);
  const schema = at.startsWith("schema/") && doc.components.schemas[at.slice(7)];
  const title = op?.summary ?? (schema ? at.slice(7) : doc.info.title);
  document.title = title;
  const page = op ? operationPage(op) : schema ? schemaPage(at.slice(7), schema) : home();
  $("#main").replaceChildren(...page.flat(Infinity).filter(Boolean));
  for (const a of document.querySelectorAll("#tree a")) {
    a.ariaCurrent = a.dataset.op === at ? "page" : null;
    if (a.ariaCurrent) a.parentElement.open = true;
  }
  openMenu(false);
  scrollTo(0, 0);
}

function openMenu(open) {
  $("#nav").classList.toggle("open", open);
  $("#menu").setAttribute("aria-expanded", open);
}

// ---- pages -----------------------------------------------------------------

function home() {
  const signIn = `curl ${location.origin}/auth/sign-in \\\n  -H 'Content-Type: application/json' \\\n  -d '{"email": "…", "password": "…"}'`;
  const models = doc.tags.filter((t) => /^\w+$/.test(t.name));
  return [
    el("h1", {}, doc.info.title), el("p", { className: "quiet" }, `Version ${doc.info.version.slice(0, 12)} · `, el("a", { href: "/api/openapi.json" }, "OpenAPI 3.1 document")),
    el("h2", {}, "Models"),
    el("div", { className: "cards" }, models.map((tag) => el("div", { className: "card" },
      el("h3", {}, el("a", { href: "#/schema/" + tag.name }, tag.name)), tag.description && el("p", {}, tag.description),
      el("div", {}, [...operations.values()].filter((op) => op.tags[0] === tag.name).map((op) =>
        el("a", { href: "#/" + op.operationId, title: op.summary }, op.operationId.replace(/^([a-z]+).*/, "$1"))))))),
    el("h2", {}, "First steps"), el("p", {}, "Sign in, and show the access token with every request:"), copyable(signIn),
    el("p", {}, "Here you may ", el("a", { href: "#/authSignIn" }, "sign in"), " and try every operation on its page."),
    el("h2", {}, "How it works"), prose(doc.info.description),
  ];
}

function schemaPage(name, schema) {
  const uses = [...operations.values()].filter((op) => JSON.stringify([op.requestBody, op.responses["200"], op.responses["201"]]).includes(`/schemas/${name}"`));
  return [
    el("h1", {}, name), prose(schema.description), schemaView(schema),
    uses.length > 0 && [el("h2", {}, "Used by"), uses.map((op) => el("p", {}, el("a", { href: "#/" + op.operationId }, op.summary)))],
  ];
}

// A parameter that filters has no words of its own: its name says it all.
const isFilter = (p) => p.in === "query" && !p.description;

// filtersOf groups filters by field: the operators that each has.
function filtersOf(op) {
  const fields = new Map();
  for (const p of op.parameters.filter(isFilter)) {
    const [field, operator = "eq"] = p.name.split(".");
    if (!fields.has(field)) fields.set(field, new Map());
    fields.get(field).set(operator, p);
  }
  return fields;
}

const waysIn = { bearer: "an access token", apiKey: "an API key" };

function credentialText(op) {
  const ways = op.security.flatMap(Object.keys).map((w) => waysIn[w]).join(" or ");
  if (!ways) return "Needs no credential.";
  return op.security.some((way) => Object.keys(way).length === 0) ? `Takes ${ways}, or none.` : `Needs ${ways}.`;
}

function operationPage(op) {
  const plain = op.parameters.filter((p) => !isFilter(p));
  const filters = filtersOf(op);
  const body = op.requestBody?.content["application/json"].schema;
  const section = (title, ...content) => [el("h2", {}, title), content];
  return [
    el("h1", {}, op.summary), prose(op.description),
    el("div", { className: "path" }, el("span", { className: "method " + op.method }, op.method.toUpperCase()), op.path,
      el("button", { type: "button", className: "jump", onclick: () => $(".try").scrollIntoView() }, "Try it")),
    el("p", { className: "quiet" }, credentialText(op), " Called ", el("code", {}, op.operationId), " in generated clients."),
    el("div", { className: "split" },
      el("div", {},
        plain.length > 0 && section("Parameters", el("table", { className: "fields" }, el("tbody", {}, plain.map((p) => fieldRow(p.name, p.schema, p.required, p.description))))),
        filters.size > 0 && section("Filters", el("table", { className: "fields" }, el("tbody", {}, [...filters].map(([field, ops]) => el("tr", {},
          el("td", {}, field), el("td", {}, el("span", { className: "type" }, typeOf((ops.get("eq") ?? [...ops.values()][0]).schema)),
            el("p", {}, [...ops.keys()].map((o) => [el("code", {}, o), " "])))))))),
        body && section("Body", body.$ref && el("p", { className: "type" }, typeOf(body)), schemaView(body)),
        section("Answers", Object.entries(op.responses).map(([status, r]) => answerView(status, deref(r), r.$ref)))),
      tryView(op, plain, filters, body)),
  ];
}

function answerView(status, response, ref) {
  const schema = Object.values(response.content ?? {})[0]?.schema;
  const good = status < 400;
  const headers = Object.entries(response.headers ?? {});
  return el("details", { className: "more", open: good && status !== "304" },
    el("summary", {}, el("strong", { className: good ? "ok" : "bad" }, status), good ? response.description : titleOf(ref)),
    good ? null : prose(response.description),
    good && schema && [schema.$ref && el("p", { className: "type" }, typeOf(schema)), schemaView(schema)],
    good && headers.length > 0 && el("p", { className: "type" }, "Headers: ", headers.map(([name, h], i) => [i > 0 && ", ", el("code", { title: deref(h).description }, name)])));
}

// A component's name says what an error is: UnsupportedMediaType.
const titleOf = (ref) => nameOf(ref).replace(/(?<=[a-z])[A-Z]/g, (c) => " " + c.toLowerCase());

// ---- trying out ------------------------------------------------------------

// tryView is the form that sends the operation, with its curl line.
function tryView(op, plain, filters, body) {
  const inputs = plain.map((p) => {
    const values = deref(p.schema).enum ?? (p.schema.type === "boolean" ? ["true", "false"] : null);
    const id = "p-" + p.name;
    const input = values ? el("select", { id }, el("option", { value: "" }, "—"), values.map((v) => el("option", {}, v)))
      : el("input", { id, autocomplete: "off", spellcheck: false, placeholder: p.schema.default ?? "", required: Boolean(p.required) });
    return { p, input, row: el("div", { className: "row" }, el("label", { htmlFor: id }, p.name), input) };
  });
  const chosen = el("div");
  const text = body && el("textarea", { spellcheck: false, ariaLabel: "Body", value: JSON.stringify(sample(body), null, 2) });
  const curl = el("div"), answer = el("div", { ariaLive: "polite" });
  const request = () => requestOf(op, inputs, chosen, text?.value);
  const refresh = () => curl.replaceChildren(copyable(curlOf(request(), false), curlOf(request(), true)));
  const form = el("form", { className: "try", onsubmit: (e) => { e.preventDefault(); send(request(), answer, next); }, oninput: refresh, onchange: refresh },
    el("h2", {}, "Try it"), inputs.map((i) => i.row),
    filters.size > 0 && [chosen, el("button", { type: "button", onclick: () => chosen.append(filterRow(filters, refresh)) }, "Add a filter")],
    text && [el("h3", {}, "Body"), text],
    el("div", { className: "actions" }, el("button", { className: "primary" }, "Send")),
    answer, el("h3", {}, "As curl"), curl);
  function next(cursor) {
    const field = inputs.find((i) => i.p.name === "cursor");
    if (!field) return null;
    return el("button", { type: "button", onclick: () => { field.input.value = cursor; refresh(); form.requestSubmit(); } }, "Next page");
  }
  $("#secret").oninput = $("#scheme").onchange = refresh;
  refresh();
  return form;
}

function filterRow(filters, refresh) {
  const field = el("select", { ariaLabel: "Field" }, [...filters.keys()].map((f) => el("option", {}, f)));
  const operator = el("select", { ariaLabel: "Operator" });
  const value = el("input", { ariaLabel: "Value", autocomplete: "off" });
  const fill = () => operator.replaceChildren(...[...filters.get(field.value)].map(([name, p]) => el("option", { value: p.name }, name)));
  field.onchange = fill;
  fill();
  const row = el("div", { className: "filter" }, field, operator, value, el("button", { type: "button", ariaLabel: "Remove the filter", onclick: () => { row.remove(); refresh(); } }, "×"));
  return row;
}

function requestOf(op, inputs, chosen, body) {
  const query = new URLSearchParams(), headers = {};
  let path = op.path;
  for (const { p, input } of inputs) {
    if (p.in === "path") path = path.replace(`{${p.name}}`, input.value ? encodeURIComponent(input.value) : `{${p.name}}`);
    else if (input.value && p.in === "query") query.set(p.name, input.value);
    else if (input.value) headers[p.name] = input.value;
  }
  for (const row of chosen.children) query.set(row.children[1].value, row.children[2].value);
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const search = query.toString().replaceAll("%2C", ",");
  return { method: op.method.toUpperCase(), path: path + (search && "?" + search), headers, body };
}

// credential is the header that the field above stands for.
function credential(secret = $("#secret").value.trim()) {
  if (!secret) return {};
  return $("#scheme").value === "bearer" ? { Authorization: "Bearer " + secret } : { "X-Api-Key": secret };
}

const quote = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

// curlOf writes a request for a shell; what is shown keeps the credential to itself.
function curlOf(r, whole) {
  const headers = { ...credential(whole || !$("#secret").value ? undefined : "•••"), ...r.headers };
  const parts = ["curl " + (r.method === "GET" ? "" : `-X ${r.method} `) + quote(location.origin + r.path)];
  for (const [name, value] of Object.entries(headers)) parts.push("-H " + quote(`${name}: ${value}`));
  if (r.body !== undefined) parts.push("-d " + quote(r.body));
  return parts.join(" \\\n  ");
}

async function send(r, answer, next) {
  answer.replaceChildren(el("p", { className: "quiet" }, "Sending…"));
  const start = performance.now();
  try {
    const response = await fetch(r.path, { method: r.method, headers: { ...credential(), ...r.headers }, body: r.body, credentials: "omit" });
    const text = await response.text();
    let json;
    try { json = JSON.parse(text); } catch { /* shown as it came */ }
    const headers = ["etag", "location", "retry-after", "x-request-id"].filter((h) => response.headers.has(h));
    answer.replaceChildren(...[
      el("p", {}, el("strong", { className: response.ok ? "ok" : "bad" }, `${response.status} ${response.statusText}`), el("span", { className: "quiet" }, ` in ${Math.round(performance.now() - start)} ms`)),
      headers.length > 0 && el("p", { className: "type quiet" }, headers.map((h) => [el("code", {}, `${h}: ${response.headers.get(h)}`), " "])),
      text && el("pre", { tabIndex: 0 }, json === undefined ? text : paint(JSON.stringify(json, null, 2))),
      json?.accessToken && el("button", { type: "button", onclick: (e) => useToken(e.target, json.accessToken) }, "Use this token from here on"),
      json?.nextCursor && next(json.nextCursor),
    ].filter(Boolean));
  } catch (err) {
    answer.replaceChildren(el("p", { className: "bad" }, "No answer: " + err.message));
  }
}

function useToken(button, token) {
  $("#scheme").value = "bearer";
  $("#secret").value = token;
  button.textContent = "In use until the page is reloaded";
}

// ---- start -----------------------------------------------------------------

function readOperations() {
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const method of methods.filter((m) => item[m])) {
      const op = item[method];
      operations.set(op.operationId, { ...op, path, method, parameters: (op.parameters ?? []).map(deref) });
    }
  }
}

function switchTheme() {
  const root = document.documentElement;
  const now = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
}

$("#theme").onclick = switchTheme;
$("#menu").onclick = () => openMenu(!$("#nav").classList.contains("open"));
$("#find").oninput = (e) => find(e.target.value);
addEventListener("hashchange", show);
addEventListener("keydown", (e) => {
  if (e.key === "Escape") openMenu(false);
  if (e.key !== "/" || e.target.closest("input, textarea, select")) return;
  e.preventDefault();
  openMenu(true);
  $("#find").focus();
});

try {
  doc = await (await fetch("/api/openapi.json")).json();
  $("#brand").textContent = doc.info.title;
  readOperations();
  tree();
  show();
} catch (err) {
  $("#main").replaceChildren(el("p", { className: "bad" }, "/api/openapi.json could not be read: " + err.message));
}
