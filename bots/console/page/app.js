// The console page. Everything shown is built from values with text nodes; nothing that a model
// or a stranger wrote is ever read as markup.

import { showWorkflow, showWorkflows } from "/console/workflows.js";

const SAMPLES = [
  ["Buy 12 laptops from the best vendor", "Plans, compares offers, and asks before it orders"],
  ["Order 3 docking stations", "Asks you what is missing, then carries on"],
  ["Compare the offers for monitors and write a report", "Parallel work that ends in a file"],
  ["How much budget does Sales have left?", "A plain question to the ledger"],
];
const SIGNS = {
  ready: "·", running: "▸", waiting: "…", succeeded: "✓", failed: "✗",
  cancelled: "–", skipped: "–", unknown: "?", rejected: "⊘", expired: "⊘",
};
const VERDICTS = {
  approve: ["Approve", "primary"], reject: ["Reject", "danger"],
  happened: ["It happened", "primary"], repeat: ["Do it again", ""], abort: ["Give up", "danger"],
};
const THOUGHTS = {
  plan: "Makes the plan", replan: "Makes the plan anew", work: "Decides what to do next",
  check: "Checks the result", synthesise: "Words the answer",
};
const CONTROLS = { pause: "Pause", resume: "Resume", cancel: "Cancel", retry: "Retry", workflow: "Make a workflow" };
const PLAIN_TAGS = new Set([
  "p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "hr", "code", "strong", "em",
]);
const MOVING = new Set(["running", "waiting", "paused"]);

const $ = (id) => document.getElementById(id);

// ---------------------------------------------------------------- elements

function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(element.dataset, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

function blocks(nodes) {
  return (nodes || []).map((node) => {
    if (typeof node === "string") return node;
    if (node.tag === "a") return link(node);
    if (node.tag === "ul" || node.tag === "ol") return list(node);
    if (node.tag === "table") return table(node);
    return h(PLAIN_TAGS.has(node.tag) ? node.tag : "p", {}, blocks(node.children));
  });
}

function link(node) {
  const safe = /^https?:\/\//i.test(node.href);
  return h(safe ? "a" : "span",
    safe ? { href: node.href, target: "_blank", rel: "noopener noreferrer nofollow" } : {},
    blocks(node.children));
}

function list(node) {
  return h(node.tag, node.tag === "ol" ? { start: node.start } : {},
    node.items.map((item) => h("li", { class: `i${item.indent}` }, blocks(item.children))));
}

function table(node) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" },
    h("table", {},
      h("thead", {}, h("tr", {}, node.head.map((cell) => h("th", { scope: "col" }, blocks(cell))))),
      h("tbody", {}, node.rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, blocks(cell))))))));
}

function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (seconds > 0 && seconds < 1) return "<1 s";
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function span(from, to) {
  if (!from) return "";
  const ms = (to ? new Date(to) : new Date()) - new Date(from);
  return ms < 1000 ? `${Math.max(0, ms)} ms` : duration(ms / 1000);
}

const money = (usd) => (usd === 0 || usd >= 1 ? `$${usd.toFixed(2)}` : `$${usd.toFixed(4)}`);
const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

function when(iso) {
  const at = new Date(iso);
  const today = at.toDateString() === new Date().toDateString();
  return at.toLocaleString(undefined, today
    ? { hour: "2-digit", minute: "2-digit" }
    : { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

// A number of seconds that goes on counting by itself while its work does.
function ticking(seconds, moving) {
  const element = h("span", {}, duration(seconds));
  if (moving) element.dataset.began = String(Date.now() - seconds * 1000);
  return element;
}

setInterval(() => {
  for (const element of document.querySelectorAll("[data-began]")) {
    const text = duration((Date.now() - Number(element.dataset.began)) / 1000);
    if (element.textContent !== text) element.textContent = text;
  }
}, 1000);

// ---------------------------------------------------------------- the server

function cookie(name) {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

async function call(method, path, body, again = true) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: method === "GET" ? {} : {
        "Content-Type": "application/json", "X-Baton-Csrf": cookie("baton_csrf"),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      // A question that nobody answers must not stand in the way of the next; an act is waited for.
      signal: method === "GET" ? AbortSignal.timeout(20000) : undefined,
    });
  } catch {
    throw new Error("Baton does not answer. Is it still running?");
  }
  const given = await response.json().catch(() => ({}));
  if (response.ok) return given;
  if (given.code === "stale_page" && again) {
    // The server was restarted under this page; its new token comes with any session request.
    await fetch("/api/session");
    return call(method, path, body, false);
  }
  throw new Error(given.error || `The server answered ${response.status}.`);
}

const get = (path) => call("GET", path);
const post = (path, body) => call("POST", path, body);
const run = (id, rest = "") => `/api/runs/${encodeURIComponent(id)}${rest}`;
const file = (id, name) => run(id, `/artifacts/${name.split("/").map(encodeURIComponent).join("/")}`);

let toastTimer;
function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, 7000);
}

async function act(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    toast(error.message);
  } finally {
    button.disabled = false;
  }
}

// ---------------------------------------------------------------- cards

const status = (word) => h("span", { class: `status is-${word}` }, word);

function runCard(card, { linked = true, titled = true } = {}) {
  const moving = MOVING.has(card.status);
  const again = card.revision > 1 ? ` · plan revision ${card.revision}` : "";
  return h("article", { class: `entry card is-${card.status}`, "aria-label": `Run ${card.number}` },
    h("div", { class: "head" },
      h("span", { class: "title" }, titled && card.goal), status(card.status)),
    h("p", { class: "line" }, card.status_line),
    card.steps.length > 0 && h("ol", { class: "steps" }, card.steps.map((step) => stepLine(step, card))),
    h("div", { class: "foot" },
      h("span", { class: "meta" },
        linked ? h("a", { href: `#/runs/${card.number}` }, `Run #${card.number}`) : `Run #${card.number}`,
        " · ", ticking(card.elapsed_seconds, moving),
        ` · ${money(card.cost_usd)} · ${count(card.tokens, "token")}${again}`),
      h("span", { class: "row" },
        card.controls.filter((verb) => CONTROLS[verb]).map((verb) => control(card, verb)))));
}

function stepLine(step, card) {
  const moving = step.status === "running" || step.status === "waiting";
  return h("li", { class: `s-${step.status}` },
    h("span", { class: "sign", title: step.status, "aria-hidden": "true" }, SIGNS[step.status] || "·"),
    h("span", {}, step.title, h("span", { class: "hidden" }, ` (${step.status})`)),
    h("span", { class: "meta" },
      step.elapsed_seconds === null ? "" : ticking(step.elapsed_seconds, moving)),
    step.owner && h("span", { class: "who" }, step.owner),
    step.skip && skipButton(step, card),
    step.detail && h("span", { class: "detail" }, step.detail));
}

function skipButton(step, card) {
  return h("button", {
    type: "button", class: "small quiet skip", data: { focus: `skip ${step.skip}` },
    title: `Go on without ${step.title}`,
    onclick: (event) => {
      const reason = prompt(`Go on without “${step.title}”? What needs it gets nothing from it.\n\nWhy (optional):`, "");
      if (reason === null) return;
      act(event.currentTarget, async () => {
        await post(run(card.run_id, "/skip"), { step: step.skip, reason });
        refresh();
      });
    },
  }, "Skip");
}

function control(card, verb) {
  if (verb === "workflow") return distilled(card);
  return h("button", {
    type: "button", class: `small ${verb === "cancel" ? "quiet danger" : verb === "pause" ? "quiet" : ""}`, data: { focus: verb },
    onclick: (event) => {
      if (verb === "cancel" && !confirm(`Cancel run #${card.number} for good?`)) return;
      act(event.currentTarget, async () => {
        await post(run(card.run_id, `/${verb}`), {});
        refresh();
      });
    },
  }, CONTROLS[verb] || verb);
}

function distilled(card) {
  const button = h("button", {
    type: "button", class: "small quiet", data: { focus: "workflow" },
    onclick: (event) => act(event.currentTarget, async () => {
      const made = await get(run(card.run_id, "/workflow"));
      button.replaceWith(h("pre", { class: "raw" }, made.text));
    }),
  }, CONTROLS.workflow);
  return button;
}

function approvalCard(card) {
  const state = { opened: false };
  const pending = card.verdicts.length > 0;
  const rows = h("tbody", {}, card.arguments.map(argumentRow));
  const buttons = new Map();
  const problem = h("p", { class: "error", role: "alert", hidden: true });
  const cut = card.arguments.some((argument) => !argument.complete);

  const decide = (verdict, reason, code) => async () => {
    problem.hidden = true;
    try {
      const given = await post(`/api/approvals/${encodeURIComponent(card.approval_id)}`, {
        verdict, reason, code, nonce: card.nonce, opened: state.opened,
      });
      if (!given.won) toast(`Decided already: ${given.approval.outcome}`);
      else if (!given.final) toast("Noted; more people must agree.");
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
    refresh();
  };
  const reason = h("input", {
    class: "field", type: "text", maxlength: "2000", data: { focus: `reason-${card.number}` },
    placeholder: "Reason (the agent is told)", "aria-label": "Reason",
  });
  const code = card.code_for.length > 0 && h("input", {
    class: "field code", type: "text", inputmode: "numeric", maxlength: "12", autocomplete: "one-time-code",
    data: { focus: `code-${card.number}` },
    placeholder: "Code from your device", "aria-label": "Code from your device",
  });
  for (const verdict of card.verdicts) {
    const [label, look] = VERDICTS[verdict] || [verdict, ""];
    buttons.set(verdict, h("button", {
      type: "button", class: look, data: { focus: `${verdict}-${card.number}` },
      disabled: verdict === "approve" && cut,
      onclick: (event) => {
        if ((verdict === "reject" || card.reasons_for.includes(verdict)) && !reason.value.trim()) {
          reason.focus();
          reason.placeholder = "Please give a reason; the agent is told";
          return;
        }
        const proof = card.code_for.includes(verdict) ? code.value.trim() : "";
        if (card.code_for.includes(verdict) && !proof) {
          code.focus();
          code.placeholder = "It needs a fresh code from your device";
          return;
        }
        // A code counts once, whatever becomes of it.
        if (code) code.value = "";
        act(event.currentTarget, decide(verdict, reason.value, proof));
      },
    }, label));
  }
  const open = cut && h("button", {
    type: "button", class: "small", data: { focus: `open-${card.number}` },
    onclick: (event) => act(event.currentTarget, async () => {
      const whole = await get(`/api/approvals/${encodeURIComponent(card.approval_id)}`);
      rows.replaceChildren(...whole.arguments.map(argumentRow));
      state.opened = true;
      open.hidden = true;
      const approve = buttons.get("approve");
      if (approve) approve.disabled = false;
    }),
  }, "Show all of it");

  return h("article", { class: `entry card ${pending ? "ask" : ""}`, "aria-label": `Approval ${card.number}` },
    h("div", { class: "head" },
      h("h3", { class: "label" }, pending ? `Approval #${card.number}` : `Approval #${card.number} · ${card.tool}`),
      h("span", { class: "grow" }), status(card.status)),
    card.outcome && h("p", { class: "outcome" }, card.outcome),
    h("p", { class: pending ? "what" : "line" }, card.what || card.title),
    card.what && pending && h("p", { class: "line" }, card.title,
      !card.reversible && [" ", h("strong", { class: "warn" }, "It cannot be undone.")]),
    folded(!pending, "What exactly", [
      card.arguments.length > 0 && h("table", { class: "arguments" },
        h("caption", { class: "hidden" }, `Exact arguments of ${card.tool}`), rows),
      open,
      h("dl", { class: "facts" },
        fact("Where", card.where), fact("How many", card.how_many),
        fact("Asked because", card.reason),
        fact("Proposed by", [`${card.agent}, in `, h("a", { href: `#/runs/${card.run_number}` }, `run #${card.run_number}`)]),
        fact("For", card.requester_name || card.requester),
        pending && fact("May decide", card.may_decide || "nobody"),
        pending && fact("Needs", card.progress),
        pending && card.expires_at && fact("If nobody does", `${card.on_expiry} on ${when(card.expires_at)}`)),
    ]),
    pending && h("div", { class: "row decide" },
      [...buttons.values()], code, (card.verdicts.includes("reject") || card.reasons_for.length > 0) && reason),
    problem);
}

// What is settled steps back: its details are one click away instead of in the way.
function folded(fold, name, content) {
  return fold ? h("details", { class: "fold" }, h("summary", {}, name), content) : content;
}

function fact(name, value) {
  return value === "" || value === null || value === undefined || value === false
    ? [] : [h("dt", {}, name), h("dd", {}, value)];
}

function argumentRow(argument) {
  return h("tr", {}, h("th", { scope: "row" }, argument.name),
    h("td", {}, argument.value,
      !argument.complete && h("span", { class: "cut" }, " (cut; open it before you approve)")));
}

function questionCard(card) {
  const send = (text) => (event) => {
    event.preventDefault();
    const button = event.submitter || event.currentTarget;
    act(button, async () => {
      await post("/api/questions", { step: card.step_id, text });
      refresh();
    });
  };
  const reply = h("input", {
    class: "field", type: "text", maxlength: "4000", data: { focus: "reply" },
    placeholder: "Your answer", "aria-label": "Your answer",
  });
  const closing = card.withdrawn ? "Withdrawn: an answer is no longer needed." : card.answered;
  return h("article", { class: `entry card ${closing ? "" : "ask"}`, "aria-label": "Question" },
    h("div", { class: "prose" }, blocks(card.blocks)),
    closing
      ? h("p", { class: "outcome" }, closing)
      : [
        (card.for_whom || card.how) && h("p", { class: "hint" },
          [card.for_whom && `For ${card.for_whom}.`, card.how && `Write: ${card.how}`]
            .filter(Boolean).join(" ")),
        card.choices.length > 0 && h("div", { class: "row" }, card.choices.map((choice) =>
          h("button", { type: "button", onclick: send(choice) }, choice))),
        h("form", { class: "row", onsubmit: (event) => {
          event.preventDefault();
          if (reply.value.trim()) send(reply.value.trim())(event);
        } }, reply, h("button", { class: "primary", type: "submit" }, "Answer")),
      ]);
}

function answerCard(card) {
  return h("article", { class: `entry card answer is-${card.outcome}`, "aria-label": `Answer of run ${card.run_number}` },
    h("div", { class: "prose" }, blocks(card.blocks)),
    card.files.length > 0 && h("ul", { class: "files" }, card.files.map((one) => fileLine(card.run_id, one))),
    h("div", { class: "foot" },
      h("span", { class: "meta" }, status(card.outcome), " ",
        h("a", { href: `#/runs/${card.run_number}` }, `Run #${card.run_number}`),
        ` · ${duration(card.elapsed_seconds)} · ${money(card.cost_usd)} · ${count(card.tokens, "token")}`),
      card.sources.length > 0 && h("span", { class: "meta" }, `Rests on: ${card.sources.join(", ")}`)),
    card.demonstration && h("p", { class: "demonstration" },
      "Demonstration model. ", h("button", { type: "button", class: "link", onclick: aboutModel }, "Use a real one")));
}

const aboutModel = () => $("about-model").showModal();

function fileLine(runId, one) {
  return h("li", {},
    h("span", { class: "icon", "aria-hidden": "true" }, one.name.split(".").pop().slice(0, 4)),
    h("span", { class: "name" }, one.name),
    h("span", { class: "meta" }, `${one.media_type}, ${size(one.size_bytes)}`),
    h("button", { type: "button", class: "small", onclick: (event) =>
      act(event.currentTarget, () => view(runId, one)) }, "View"),
    h("a", { class: "button small", href: file(runId, one.name), download: one.name.split("/").pop() }, "Download"));
}

async function view(runId, one) {
  const given = await get(`${file(runId, one.name)}?view=1`);
  $("viewer-name").textContent = one.name;
  $("viewer-download").href = file(runId, one.name);
  $("viewer-download").setAttribute("download", one.name.split("/").pop());
  const body = given.blocks.length > 0 ? blocks(given.blocks)
    : [h("p", {}, "This file cannot be shown as text. Download it to open it.")];
  if (!given.whole) body.push(h("p", { class: "cut" }, "Only the beginning is shown; download it for the rest."));
  $("viewer-body").replaceChildren(...body);
  $("viewer").showModal();
}

function entry(value) {
  switch (value.kind) {
    case "said": return h("div", { class: "entry said" }, h("span", { class: "hidden" }, "You: "), value.text);
    case "run": return runCard(value);
    case "approval": return approvalCard(value);
    case "question": return questionCard(value);
    case "answer": return answerCard(value);
    case "reply": return h("div", { class: "entry notice" }, h("pre", {}, value.text));
    default: return h("div", { class: "entry notice" }, value.text);
  }
}

// ---------------------------------------------------------------- the thread

const thread = { key: "", shown: new Map(), local: [], entries: [], source: null, problem: "" };

function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function remembered() {
  try { return localStorage.getItem("baton-conversation"); } catch { return null; }
}

function openThread(key) {
  thread.key = key;
  try { localStorage.setItem("baton-conversation", key); } catch { /* private window: this tab only */ }
  thread.shown.clear();
  thread.local = [];
  thread.entries = [];
  $("thread").replaceChildren();
  draw();
  listen();
}

function listen() {
  thread.source?.close();
  const source = new EventSource(`/api/events?key=${encodeURIComponent(thread.key)}`);
  thread.source = source;
  source.addEventListener("open", () => { $("connection").textContent = ""; });
  source.addEventListener("thread", (event) => {
    const given = JSON.parse(event.data);
    $("connection").textContent = given.problem;
    take(given.entries);
  });
  source.addEventListener("error", () => {
    if (thread.source !== source) return;
    $("connection").textContent = "Reconnecting…";
    // The browser tries again by itself, except where the server refused it.
    if (source.readyState === EventSource.CLOSED) {
      source.close();
      setTimeout(() => { if (thread.source === source) listen(); }, 3000);
    }
  });
}

async function refresh() {
  try {
    const given = await get(`/api/thread?key=${encodeURIComponent(thread.key)}`);
    take(given.entries);
  } catch { /* the event stream brings it */ }
  loadSide();
  if (location.hash.startsWith("#/runs/")) showRun(location.hash.slice(7), true).catch(() => {});
  if (location.hash === "#/approvals") showApprovals(true).catch(() => {});
}

function take(entries) {
  const before = thread.entries.length;
  thread.entries = entries;
  // What the server has taken is in its thread now, and need not be shown from here.
  thread.local = thread.local.filter((one) => !one.taken);
  draw();
  if (entries.length !== before) loadSide();
}

function draw() {
  const box = $("thread");
  const stick = window.innerHeight + window.scrollY >= document.body.scrollHeight - 160;
  const all = woven();
  const ids = new Set(all.map((one) => one.id));
  for (const [id, old] of thread.shown) {
    if (!ids.has(id)) { old.element.remove(); thread.shown.delete(id); }
  }
  let at = 0;
  for (const value of all) {
    const text = JSON.stringify(value, (name, part) => (name === "elapsed_seconds" ? undefined : part));
    let known = thread.shown.get(value.id);
    if (!known || known.text !== text) {
      const element = entry(value);
      if (value.pending) element.classList.add("sending");
      if (known) swap(known.element, element);
      known = { element, text };
      thread.shown.set(value.id, known);
    }
    if (box.children[at] !== known.element) box.insertBefore(known.element, box.children[at] || null);
    at += 1;
  }
  $("welcome").hidden = all.length > 0;
  if (stick && all.length > 0 && !$("chat").hidden) window.scrollTo({ top: document.body.scrollHeight });
}

// What only this page knows stands where it was said, below what was there then.
function woven() {
  const here = new Set(thread.entries.map((one) => one.id));
  const after = (id) => thread.local.filter((one) => (here.has(one.after) ? one.after : null) === id);
  return [...after(null), ...thread.entries.flatMap((one) => [one, ...after(one.id)])];
}

// Replace a card without taking the keyboard, or half-typed words, away from whoever is in it.
function swap(old, fresh) {
  keeping(old, () => { old.replaceWith(fresh); return fresh; });
}

function keeping(root, change) {
  const fields = (within) => [...within.querySelectorAll("input[data-focus]")];
  const typed = new Map(fields(root).map((one) => [one.dataset.focus, one.value]));
  const focus = root.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  const changed = change();
  for (const field of fields(changed)) field.value = typed.get(field.dataset.focus) || "";
  if (focus) changed.querySelector(`[data-focus="${focus}"]`)?.focus();
}

async function say(text) {
  const last = () => thread.entries.at(-1)?.id ?? null;
  const pending = { id: freshKey(), kind: "said", text, pending: true, after: last() };
  thread.local.push(pending);
  draw();
  try {
    const given = await post("/api/thread", { key: thread.key, id: pending.id, text });
    if (given.reply !== undefined) {
      pending.pending = false;
      thread.local.push({ id: freshKey(), kind: "reply", text: given.reply, after: pending.after });
    } else if (given.reception === "ignored") {
      pending.pending = false;
      thread.local.push({ id: freshKey(), kind: "notice", text: "Nothing listens to this here.", after: pending.after });
    } else {
      pending.taken = true;
    }
    draw();
    await refresh();
  } catch (error) {
    thread.local = thread.local.filter((one) => one !== pending);
    draw();
    toast(error.message);
    if (!$("text").value) { $("text").value = text; grow(); }
  }
}

function grow() {
  const field = $("text");
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

// ---------------------------------------------------------------- lists and run pages

function lineLink(line) {
  return h("a", { class: "entry-link", href: `#/runs/${line.number}` },
    h("span", { class: "text" }, line.request),
    h("span", { class: "meta" }, `#${line.number} · `, status(line.status), ` · ${when(line.started_at)}`));
}

let sideLoading = false;
let waiting = 0;
let pageTitle = "Baton";
function titled(title = pageTitle) {
  pageTitle = title;
  document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
}

// Each list stands by itself: where one cannot be had, the other is shown all the same.
async function loadSide() {
  if (sideLoading) return;
  sideLoading = true;
  await Promise.all([
    side("recent", "/api/runs?limit=12", (given) => given.runs.map(lineLink), "None yet."),
    side("pending", "/api/approvals", countedLinks, "Nothing. You are up to date."),
  ]);
  sideLoading = false;
}

async function side(id, path, links, none) {
  try {
    const found = links(await get(path));
    $(id).replaceChildren(...(found.length ? found : [h("p", { class: "empty" }, none)]));
  } catch (error) {
    // What was shown last stays; an empty place would say that there is nothing.
    if (!$(id).querySelector("a")) $(id).replaceChildren(h("p", { class: "empty" }, `Not known: ${error.message}`));
  }
}

function countedLinks({ approvals }) {
  waiting = approvals.length;
  $("badge").hidden = waiting === 0;
  $("badge").textContent = String(waiting);
  $("badge").setAttribute("aria-label", `${waiting} waiting`);
  titled();
  return approvals.map((one) => h("a", { class: "entry-link", href: `#/runs/${one.run_number}` },
    h("span", { class: "text two" }, one.what || one.tool),
    h("span", { class: "meta" }, `approval #${one.number} of run #${one.run_number}`)));
}

async function showRuns() {
  const { runs } = await get("/api/runs?limit=100");
  page("Runs", runs.length === 0 ? h("p", { class: "empty" }, "No runs yet. Ask for something in the chat.")
    : h("div", { class: "scroll" }, h("table", { class: "list" },
      h("thead", {}, h("tr", {}, ["Run", "Request", "Status", "By", "Started", "Took", "Cost"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, runs.map((line) => h("tr", {},
        h("td", { class: "number" }, h("a", { href: `#/runs/${line.number}` }, `#${line.number}`)),
        h("td", {}, line.request), h("td", {}, status(line.status)), h("td", {}, line.requester_name),
        h("td", { class: "number" }, when(line.started_at)),
        h("td", { class: "number" }, span(line.started_at, line.finished_at)),
        h("td", { class: "number" }, money(line.cost_usd))))))));
}

async function showApprovals(again = false) {
  const { cards } = await get("/api/approvals");
  const text = JSON.stringify(cards);
  if (location.hash !== "#/approvals" || (again && text === runText)) return;
  runText = text;
  keeping($("page"), () => {
    page("Approvals", cards.length === 0
      ? h("p", { class: "empty" }, "Nothing waits for a decision. What needs one shows up here and in its conversation.")
      : cards.map(approvalCard));
    return $("page");
  });
}

async function showAgents() {
  const { agents } = await get("/api/agents");
  page("Agents", h("div", { class: "agents" }, agents.map((agent) => h("article", { class: "card" },
    h("div", { class: "head" }, h("h2", { class: "title" }, agent.name),
      h("span", { class: "tag" }, agent.role)),
    h("p", {}, agent.description),
    h("p", { class: "meta" }, `${agent.tier} tier · version ${agent.version.slice(0, 7)}`),
    agent.tools.length > 0 && h("div", { class: "tags" }, agent.tools.map((tool) => h("span", { class: "tag" }, tool)))))));
}

const openSteps = new Set();
let runText = "";

async function showRun(ref, again = false) {
  const [given, traced, audited] = await Promise.all(
    [get(run(ref)), get(run(ref, "/trace")), get(run(ref, "/audit"))]);
  if (location.hash !== `#/runs/${ref}`) return given;
  const text = JSON.stringify([given, traced, audited],
    (name, part) => (name === "elapsed_seconds" ? undefined : part));
  // Nothing new: leave what is open, selected or focused alone.
  if (again && text === runText) return given;
  runText = text;
  const why = h("button", { type: "button", class: "small quiet", onclick: (event) => act(event.currentTarget, async () => {
    const told = await get(run(ref, "/why"));
    why.replaceWith(h("pre", { class: "raw" }, told.text));
  }) }, "Why is it so?");
  const proofs = given.artifacts.filter((one) => one.evidence);
  const own = given.artifacts.filter((one) => !one.evidence);
  const evidence = h("button", { type: "button", class: "small quiet", onclick: (event) => act(event.currentTarget, async () => {
    await post(run(ref, "/evidence"), {});
    toast("The evidence is being put together; its files appear here.");
    for (let looks = 0; looks < 30 && location.hash === `#/runs/${ref}`; looks += 1) {
      await new Promise((later) => setTimeout(later, 1000));
      const now = await showRun(ref, true);
      if (now.artifacts.some((one) => one.evidence)) return;
    }
  }) }, "Put the evidence together");
  const scroll = window.scrollY;
  const render = () => page(given.request,
    runCard(given.card, { linked: false, titled: given.card.goal !== given.request }),
    h("p", { class: "why" }, why),
    given.approval_cards.map(approvalCard),
    given.finished_at && answerCard(given.answer_card),
    !given.finished_at && own.length > 0 && h("ul", { class: "files" },
      own.map((one) => fileLine(given.run, one))),
    h("h2", {}, "Trace ", h("span", { class: "meta" }, `${count(traced.steps.length, "step")}, each with what went in and out`)),
    h("div", { class: "trace" }, traced.steps.map((step) => traceLine(step, extent(traced.steps)))),
    h("h2", {}, "Audit ", h("span", { class: "meta" }, "a chain: each digest covers the one before")),
    h("p", { class: "why" }, evidence),
    proofs.length > 0 && h("ul", { class: "files" }, proofs.map((one) => fileLine(given.run, one))),
    audit(audited.records));
  keeping($("page"), () => { render(); return $("page"); });
  if (again) window.scrollTo({ top: scroll });
  return given;
}

// From when to when all of it went, to draw each step's share of that time.
function extent(steps) {
  const begun = steps.map((one) => Date.parse(one.started_at)).filter(Boolean);
  const ended = steps.map((one) => Date.parse(one.finished_at)).filter(Boolean);
  const from = Math.min(...begun);
  return { from, span: Math.max(Math.max(...ended, ...begun) - from, 1) };
}

function bar(step, { from, span }) {
  const share = h("i", {});
  const track = h("span", { class: "bar", "aria-hidden": "true" }, share);
  if (!step.started_at) return track;
  const left = (Date.parse(step.started_at) - from) / span;
  const right = ((step.finished_at ? Date.parse(step.finished_at) : from + span) - from) / span;
  share.style.left = `${(100 * left).toFixed(2)}%`;
  share.style.width = `${Math.max(100 * (right - left), 1.5).toFixed(2)}%`;
  return track;
}

function traceLine(step, whole) {
  const inside = h("div", { class: "inside" });
  const details = h("details", {
    class: `d${Math.min(step.depth, 6)} s-${step.status}`,
    ontoggle: () => {
      if (!details.open) { openSteps.delete(step.id); return; }
      openSteps.add(step.id);
      if (!inside.firstChild) inside.append(...traceInside(step));
    },
  },
  h("summary", {},
    h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[step.status] || "·"),
    h("span", { class: "title" },
      (step.kind === "model" && THOUGHTS[step.title]) || step.title || step.path.split("/").pop() || "run",
      h("span", { class: "hidden" }, ` (${step.status})`)),
    h("span", { class: "meta" }, [step.kind, step.owner.split("@")[0],
      step.tokens ? count(step.tokens, "token") : "",
      step.waits_for ? `waits for ${step.waits_for}` : ""].filter(Boolean).join(" · ")),
    bar(step, whole),
    h("span", { class: "meta took" }, span(step.started_at, step.finished_at))),
  inside);
  details.open = openSteps.has(step.id);
  return details;
}

function traceInside(step) {
  const part = (name, value) => (value === null || value === undefined ? null
    : h("div", {}, h("h4", {}, name), h("pre", { class: "raw" },
      typeof value === "string" ? value : JSON.stringify(value, null, 2))));
  return [
    h("p", { class: "meta" }, [step.path, step.status, step.owner, `attempt ${step.attempt}`,
      step.tokens ? money(step.cost_usd) : "",
      step.failures ? count(step.failures, "failure") : "", step.effect ? `effect: ${step.effect}` : ""]
      .filter(Boolean).join(" · ")),
    part("Error", step.error), part("Policy", step.decision), part("Input", step.input), part("Output", step.output),
  ].filter(Boolean);
}

function audit(records) {
  if (records.length === 0) return h("p", { class: "empty" }, "No records.");
  return h("div", { class: "trace" }, records.map((record) => {
    const details = h("details", {
      ontoggle: () => { openSteps[details.open ? "add" : "delete"](`audit ${record.digest}`); },
    },
    h("summary", {},
      h("span", { class: "meta ordinal" }, record.sequence),
      h("span", { class: "title" }, record.event.replace(/(?<=[a-z])(?=[A-Z])/g, " ")),
      h("span", { class: "meta" }, when(record.at)),
      h("code", { class: "meta", title: record.digest }, record.digest.slice(0, 12))),
    h("div", { class: "inside" }, h("pre", { class: "raw" }, JSON.stringify(record.facts, null, 2))));
    details.open = openSteps.has(`audit ${record.digest}`);
    return details;
  }));
}

function page(title, ...content) {
  $("page").replaceChildren(...[h("h1", {}, title), content].flat(Infinity).filter(Boolean));
  titled(`${title.slice(0, 60)} · Baton`);
}

// ---------------------------------------------------------------- routes

let following;
async function route() {
  clearTimeout(following);
  const at = location.hash.replace(/^#\/?/, "");
  const chat = at === "";
  $("chat").hidden = !chat;
  $("page").hidden = chat;
  for (const anchor of document.querySelectorAll("nav a")) {
    const here = anchor.dataset.view === (chat ? "chat" : at.split("/")[0]);
    if (here) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  if (chat) { titled("Baton"); draw(); return; }
  page("…");
  try {
    if (at === "runs") await showRuns();
    else if (at === "agents") await showAgents();
    else if (at === "approvals") await showApprovals();
    else if (at === "workflows") await showWorkflows({ h, get, post, page, act, fresh: freshKey });
    else if (at.startsWith("workflows/")) {
      await showWorkflow(decodeURIComponent(at.slice(10)), { h, get, post, page, act, fresh: freshKey });
    }
    else if (at.startsWith("runs/")) await follow(at.slice(5), false);
    else page("There is nothing here", h("p", {}, h("a", { href: "#/" }, "Back to the chat")));
  } catch (error) {
    page("This could not be shown", h("p", { class: "error" }, error.message));
  }
  $("main").focus({ preventScroll: true });
}

async function follow(ref, again) {
  if (location.hash !== `#/runs/${ref}`) return;
  let moving = true;
  try {
    const given = await showRun(ref, again);
    moving = MOVING.has(given.status);
    $("connection").textContent = "";
  } catch (error) {
    if (!again) throw error;
    $("connection").textContent = error.message;
  }
  if (moving) following = setTimeout(() => follow(ref, true), 1500);
}

// ---------------------------------------------------------------- start

$("samples").append(...SAMPLES.map(([text, about]) => h("button", {
  type: "button", onclick: () => { $("text").value = text; grow(); $("text").focus(); },
}, h("span", {}, text), h("small", {}, about))));
$("demonstration").addEventListener("click", aboutModel);
get("/api/session").then((given) => { $("demonstration").hidden = !given.demonstration; }, () => {});
$("text").addEventListener("input", grow);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  grow();
  say(text);
});
$("fresh").addEventListener("click", () => {
  openThread(freshKey());
  location.hash = "#/";
  $("text").focus();
});
window.addEventListener("hashchange", route);
// A browser keeps few connections to one server, and a tab's stream holds one: with many tabs open
// the next would show nothing at all. So a tab that nobody sees lets go of its own.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { thread.source?.close(); return; }
  listen();
  refresh();
});
setInterval(() => {
  loadSide();
  if (location.hash === "#/approvals") showApprovals(true).catch(() => {});
}, 5000);

openThread(remembered() || freshKey());
route();
loadSide();
