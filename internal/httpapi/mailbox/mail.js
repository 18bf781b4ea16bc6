// The mailbox of development. Every text is set as text, never as markup; a
// message's own HTML is shown in a frame that can run nothing.

const $ = (selector) => document.querySelector(selector);
const every = 2000; // milliseconds between looks
let items = [];
let smtp = "";
let shown = ""; // the id in the main part
let seen = new Set();
let first = true;
let tab = "html";

// el makes an element: properties, then children (nodes, texts, arrays, null).
function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== ""));
  return node;
}

async function ask(method, path) {
  const answer = await fetch("/_mail/messages" + path, { method });
  if (answer.status === 204) return null;
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? answer.statusText);
  return body;
}

function when(text) {
  const at = new Date(text);
  const ago = (Date.now() - at) / 1000;
  if (ago < 60) return "now";
  if (ago < 3600) return Math.floor(ago / 60) + " min";
  const today = at.toDateString() === new Date().toDateString();
  return today ? at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : at.toLocaleDateString([], { day: "numeric", month: "short" });
}

function copying(text) {
  const button = el("button", { type: "button" }, "Copy");
  button.onclick = async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1200);
  };
  return button;
}

// ---- the list --------------------------------------------------------------

function list() {
  const wanted = $("#find").value.trim().toLowerCase();
  const some = items.filter((m) => (m.to + " " + m.subject + " " + m.template).toLowerCase().includes(wanted));
  const rows = some.map((m) => el("a", { href: "#/" + m.id, className: seen.has(m.id) ? "" : "new", ...(m.id === shown && { "aria-current": "true" }) },
    el("span", { className: "subject" }, m.subject), el("time", { dateTime: m.at, title: new Date(m.at).toLocaleString() }, when(m.at)),
    el("span", { className: "to" }, m.code && el("span", { className: "pin" }, m.code), m.to)));
  $("#list").replaceChildren(...(rows.length > 0 ? rows : [el("p", { className: "quiet" }, items.length > 0 ? "No message has that in it." : "No messages yet.")]));
  const fresh = items.filter((m) => !seen.has(m.id)).length;
  $("#state").textContent = items.length === 0 ? "" : items.length + (items.length === 1 ? " message" : " messages") + (fresh > 0 ? ", " + fresh + " new" : "");
  document.title = fresh > 0 ? `(${fresh}) Mailbox` : "Mailbox";
  $("#clear").hidden = items.length === 0;
}

async function refresh() {
  try {
    const got = await ask("GET", "");
    const changed = first || got.items.length !== items.length || got.items[0]?.id !== items[0]?.id;
    items = got.items;
    smtp = got.smtp ?? "";
    if (first) seen = new Set(items.map((m) => m.id));
    list();
    if (first || (changed && (!shown || !items.some((m) => m.id === shown)))) await show();
    first = false;
  } catch (err) {
    $("#state").textContent = "The server does not answer";
    if (first) $("#main").replaceChildren(el("p", { className: "bad" }, "/_mail/messages could not be read: " + err.message));
  }
}

// ---- a message -------------------------------------------------------------

async function show() {
  openMenu(false);
  const id = location.hash.slice(2);
  const m = items.find((m) => m.id === id);
  if (!m) {
    shown = "";
    list();
    $("#main").replaceChildren(empty());
    return;
  }
  shown = m.id;
  seen.add(m.id);
  list();
  try {
    const whole = await ask("GET", "/" + m.id);
    if (shown === m.id) $("#main").replaceChildren(...message(whole));
  } catch (err) {
    $("#main").replaceChildren(el("p", { className: "bad" }, err.message));
  }
}

function message(m) {
  const remove = el("button", { type: "button" }, "Delete");
  remove.onclick = async () => {
    await ask("DELETE", "/" + m.id);
    location.hash = "#/";
    refresh();
  };
  const fact = (name, value) => [el("dt", {}, name), el("dd", {}, value)];
  return [
    el("div", { className: "top" }, el("h1", {}, m.subject), remove),
    el("dl", { className: "facts" }, fact("To", m.to), fact("From", m.from), fact("Sent", new Date(m.at).toLocaleString()),
      fact("Template", [m.template, m.locale && " · " + m.locale])),
    m.code && el("div", { className: "take" }, el("p", { className: "what" }, "Code"), el("output", {}, m.code), copying(m.code)),
    m.link && el("div", { className: "take" }, el("p", { className: "what" }, "Link"),
      el("a", { className: "link", href: safe(m.link), title: m.link }, m.link), copying(m.link),
      el("a", { className: "primary", href: safe(m.link), target: "_blank", rel: "noopener" }, "Open")),
    ...sheet(m),
  ].filter(Boolean);
}

// safe lets links go where a mail program would let them.
function safe(link) {
  return /^https?:\/\//i.test(link) ? link : "#/" + shown;
}

function sheet(m) {
  const body = el("div", { className: "sheet" });
  const tabs = [["html", "HTML"], ["text", "Plain text"]].map(([name, label]) => {
    const button = el("button", { type: "button", role: "tab", "aria-selected": String(name === tab) }, label);
    button.onclick = () => {
      tab = name;
      tabs.forEach((b) => b.setAttribute("aria-selected", String(b === button)));
      fill();
    };
    return button;
  });
  const fill = () => body.replaceChildren(tab === "text" ? el("pre", { tabIndex: 0 }, m.text)
    : el("iframe", { title: "The message as a mail program shows it", sandbox: "allow-popups allow-popups-to-escape-sandbox", src: "/_mail/messages/" + m.id + "/html" }));
  fill();
  return [el("div", { className: "tabs", role: "tablist" }, tabs), body];
}

function envelope() {
  const make = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const svg = make("svg", { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "1.3", "aria-hidden": "true" });
  svg.append(make("rect", { x: 2.5, y: 5, width: 19, height: 14, rx: 2.2 }), make("path", { d: "M3 6.5l9 6.5 9-6.5", "stroke-linecap": "round", "stroke-linejoin": "round" }));
  return svg;
}

function empty() {
  if (smtp) {
    return el("div", { className: "empty" }, envelope(), el("h1", {}, "Messages are sent for real"),
      el("p", { className: "quiet" }, "loam.yaml names a mail server, ", el("code", {}, smtp), ". Take mail.smtp out of it, and they come here instead."));
  }
  if (items.length > 0) return el("div", { className: "empty" }, envelope(), el("p", { className: "quiet" }, "Choose a message."));
  return el("div", { className: "empty" }, envelope(), el("h1", {}, "Nothing was sent yet"),
    el("p", { className: "quiet" }, "Confirmations, codes, links and invitations appear here as they are sent. No mail leaves this machine."));
}

// ---- start -----------------------------------------------------------------

function openMenu(open) {
  $("#nav").classList.toggle("open", open);
  $("#menu").setAttribute("aria-expanded", String(open));
}

$("#theme").onclick = () => {
  const root = document.documentElement;
  const now = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
};
$("#menu").onclick = () => openMenu(!$("#nav").classList.contains("open"));
$("#find").oninput = list;
$("#clear").onclick = async () => {
  await ask("DELETE", "");
  location.hash = "#/";
  await refresh();
  await show();
};
addEventListener("hashchange", show);
addEventListener("keydown", (e) => {
  if (e.target.closest("input, textarea, select")) return;
  if (e.key === "/") {
    e.preventDefault();
    openMenu(true);
    $("#find").focus();
  }
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[e.key];
  if (!step || items.length === 0) return;
  e.preventDefault();
  const at = items.findIndex((m) => m.id === shown);
  location.hash = "#/" + items[Math.min(Math.max(at + step, 0), items.length - 1)].id;
});

await refresh();
setInterval(() => document.hidden || refresh(), every);
