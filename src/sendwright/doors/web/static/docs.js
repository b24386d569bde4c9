// The API page: filter the list, try an operation with a token, copy it as a curl command.
// The token stays in its input field: it is never stored.
"use strict";

const byId = (id) => document.getElementById(id);

function requestOf(operation, form) {
  let path = operation.dataset.path;
  const query = new URLSearchParams();
  let body = null;
  for (const field of form.elements) {
    const place = field.dataset.in;
    if (place === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    if (place === "query" && field.value) query.append(field.name, field.value);
    if (place === "body") body = field.value;
  }
  const asked = query.toString();
  return { method: operation.dataset.method, path: asked ? `${path}?${asked}` : path, body };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curlOf(request) {
  const token = byId("token").value.trim() || "$TOKEN";
  const parts = [`curl -X ${request.method} ${quoted(byId("server").textContent + request.path)}`];
  parts.push(`-H ${token === "$TOKEN" ? '"Authorization: Bearer $TOKEN"' : quoted(`Authorization: Bearer ${token}`)}`);
  if (request.body !== null) parts.push("-H 'Content-Type: application/json'", `--data ${quoted(request.body)}`);
  return parts.join(" \\\n  ");
}

function shown(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function tell(form, status, text) {
  const output = form.querySelector("output");
  output.hidden = false;
  output.querySelector(".status").textContent = status;
  output.querySelector("pre").textContent = text;
}

async function tryOut(operation, form) {
  const request = requestOf(operation, form);
  const button = form.querySelector("button.main");
  button.setAttribute("aria-busy", "true");
  try {
    const headers = { Authorization: `Bearer ${byId("token").value.trim()}` };
    if (request.body !== null) headers["Content-Type"] = "application/json";
    const answer = await fetch(request.path, {
      method: request.method, headers, body: request.body, credentials: "omit", redirect: "error",
    });
    tell(form, `${answer.status} ${answer.statusText}`, shown(await answer.text()));
  } catch (fault) {
    tell(form, "no answer", String(fault));
  } finally {
    button.removeAttribute("aria-busy");
  }
}

for (const operation of document.querySelectorAll(".operation")) {
  const form = operation.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tryOut(operation, form);
  });
  form.querySelector(".copy").addEventListener("click", async () => {
    const command = curlOf(requestOf(operation, form));
    try {
      await navigator.clipboard.writeText(command);
      tell(form, "copied", command);
    } catch {
      tell(form, "copy this", command);
    }
  });
}

byId("token-form").addEventListener("submit", (event) => event.preventDefault());
byId("filter").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const operation of document.querySelectorAll(".operation")) {
    const text = operation.querySelector("summary").textContent.toLowerCase();
    operation.hidden = !words.every((word) => text.includes(word));
  }
  for (const section of document.querySelectorAll(".tag")) {
    section.hidden = !section.querySelector(".operation:not([hidden])");
  }
});

if (location.hash) {
  const wanted = byId(location.hash.slice(1));
  if (wanted instanceof HTMLDetailsElement) wanted.open = true;
}
