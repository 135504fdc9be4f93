// The first run, step by step. The secret of a link stands behind `#`, is read once, and leaves the
// address bar at once.
"use strict";

const by = (id) => document.getElementById(id);
const page = location.pathname.replace(/^\//, "");
const token = location.hash.slice(1);
if (token) history.replaceState(null, "", location.pathname);

const titles = {
  setup: "Set up Annals",
  "sign-in": "Sign in to Annals",
  invitation: "Join Annals",
  reset: "New password",
  demo: "Annals demo",
};

function title(text) {
  by("title").textContent = text;
  document.title = text;
}

function problem(text) {
  const box = by("problem");
  box.textContent = text;
  box.hidden = !text;
  if (text) box.focus();
}

async function ask(method, path, body) {
  const options = { method, headers: {}, credentials: "same-origin" };
  if (method !== "GET") options.headers["Content-Type"] = "application/json";
  if (body !== undefined) options.body = JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("The server does not answer. Is it still running?");
  }
  const text = await answer.text();
  const json = text ? JSON.parse(text) : null;
  if (!answer.ok) {
    const error = new Error([json?.detail, json?.hint].filter(Boolean).join(". "));
    error.code = json?.code;
    throw error;
  }
  return json;
}

function only(id) {
  for (const other of ["setup", "sign-in", "invitation", "reset", "inside"]) by(other).hidden = other !== id;
  by(id).querySelector("input")?.focus();
}

function onSubmit(id, send) {
  by(id).addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter ?? by(id).querySelector("button");
    button.disabled = true;
    problem("");
    try {
      await send(Object.fromEntries(new FormData(by(id))));
    } catch (error) {
      problem(error.message);
    } finally {
      button.disabled = false;
    }
  });
}

let tenant = "";

function inside(session) {
  title("Annals");
  const first = session.tenants[0];
  tenant = first ? `tenant=${encodeURIComponent(first.name)}` : "";
  by("inside-words").textContent = first
    ? `${session.person.name}, ${first.role} of ${first.organization || first.name}.`
    : session.person.name;
  by("key").hidden = !first?.permissions.includes("config.manage");
  only("inside");
}

async function firstEvent() {
  for (;;) {
    const found = await ask("GET", `/v1/events?limit=1&${tenant}`);
    if (found.total > 0) {
      const event = found.events[0];
      by("waiting").textContent = `The first event is here: ${event.display_id}, ${event.action}. It is durable and can be proven.`;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

onSubmit("setup", async (form) => inside(await ask("POST", "/v1/setup", { token, ...form })));
onSubmit("sign-in", async (form) => inside(await ask("POST", "/v1/session", form)));
onSubmit("reset", async (form) => inside(await ask("POST", "/v1/reset", { token, ...form })));
onSubmit("invitation", async (form) => {
  const body = { token, password: form.password };
  if (!by("invitation-new").hidden) Object.assign(body, { name: form.name, time_zone: form.time_zone });
  inside(await ask("POST", "/v1/invitations/accept", body));
});
onSubmit("key", async (form) => {
  const made = await ask("POST", `/v1/keys?${tenant}`, {
    name: form.name,
    scopes: ["events:write", "events:read", "ledger:read"],
  });
  by("command").textContent =
    `curl -X POST ${location.origin}/v1/events \\\n` +
    `  -H 'Authorization: Bearer ${made.text}' \\\n` +
    `  -H 'Content-Type: application/json' \\\n` +
    `  -d '{"action":"customer.update","actor":{"id":"u-1","name":"Ann Smith"}}'`;
  by("key").hidden = true;
  by("made").hidden = false;
  by("command").focus();
  firstEvent().catch((error) => problem(error.message));
});

by("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(by("command").textContent);
    by("copy").textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(by("command"));
  }
});

by("sign-out").addEventListener("click", async () => {
  try {
    await ask("DELETE", "/v1/session");
    location.assign("/sign-in");
  } catch (error) {
    problem(error.message);
  }
});

async function begin() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  for (const id of ["setup-zone", "invitation-zone"]) by(id).value = zone;
  for (const name of Intl.supportedValuesOf?.("timeZone") ?? []) by("zones").append(new Option(name));
  title(titles[page] ?? "Annals");
  if (page === "demo" && token) return inside(await ask("POST", "/v1/session/link", { token }));
  if (page === "invitation" && token) {
    const invited = await ask("POST", "/v1/invitations/look", { token });
    by("invitation-words").textContent =
      `${invited.invited_by} invites ${invited.email} to ${invited.organization || invited.tenant} as ${invited.role}.`;
    by("invitation-new").hidden = invited.has_account;
    by("invitation-name").required = !invited.has_account;
    by("invitation-password").autocomplete = invited.has_account ? "current-password" : "new-password";
    return only("invitation");
  }
  if (page === "reset" && token) return only("reset");
  const setup = await ask("GET", "/v1/setup");
  if (setup.needed) {
    if (page === "setup" && token) return only("setup");
    throw new Error("Annals is not set up yet: open the set-up link that the server printed when it started, or that lies in the file setup-link of its data folder.");
  }
  try {
    inside(await ask("GET", "/v1/session"));
  } catch {
    title(titles["sign-in"]);
    only("sign-in");
  }
}

begin().catch((error) => problem(error.message));
