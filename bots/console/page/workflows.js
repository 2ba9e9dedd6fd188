// The workflows, and a form to start one: a field for each input that its author described.
// Like the rest of the page it is built from values with text nodes only.

const WAYS = {
  integer: { inputmode: "numeric" }, number: { inputmode: "decimal" }, date: { type: "date" },
  list: { placeholder: "one, two, three" },
};

const MOVES = {
  off: ["start", "Let it start by itself"], stopped: ["start", "Let it start by itself"],
  active: ["pause", "Pause"], paused: ["resume", "Resume"],
};

export async function showWorkflows(tools) {
  const { h, get, page } = tools;
  const { workflows, schedules } = await get("/api/workflows");
  const going = new Map(schedules.map((one) => [one.workflow, one]));
  page("Workflows", workflows.length === 0
    ? h("p", { class: "empty" }, "No workflows are installed. Write one in the folder workflows, beside the agents.")
    : h("div", { class: "agents" }, workflows.map((one) => h("article", { class: "card" },
      h("div", { class: "head" },
        h("h2", { class: "title" }, one.title), h("span", { class: "tag" }, `${one.name} ${one.version}`)),
      h("p", {}, one.summary),
      going.has(one.name) && h("p", { class: "meta" }, schedule(going.get(one.name))),
      h("div", { class: "tags" },
        h("a", { class: "button", href: `#/workflows/${encodeURIComponent(one.name)}` }, "Start…"),
        going.has(one.name) && move(going.get(one.name), tools))))));
}

export async function showWorkflow(name, tools) {
  const { h, get, page } = tools;
  const form = await get(`/api/workflows/${encodeURIComponent(name)}`);
  page(form.title,
    h("p", { class: "meta" }, `${form.workflow} ${form.version}`),
    form.summary && h("p", {}, form.summary),
    draw(form, tools));
}

function draw(form, { h, post, act, fresh }) {
  const problems = new Map();
  const inputs = new Map();
  // One key for one filled-in form: sent twice, it starts one run.
  const id = fresh();
  const general = h("p", { class: "error", role: "alert", hidden: true });
  const fields = form.fields.map((field) => {
    const input = entry(field, h);
    const problem = h("p", { class: "error", id: `wrong-${field.name}`, role: "alert", hidden: true });
    inputs.set(field.name, input);
    problems.set(field.name, problem);
    return h("div", { class: "asked" },
      h("label", { for: input.id }, field.title,
        field.required && h("span", { class: "meta" }, " needed")),
      field.description && h("p", { class: "meta", id: `about-${field.name}` }, field.description),
      input, problem);
  });
  const tell = (wrong) => {
    let first = null;
    for (const [name, problem] of [...problems, ["", general]]) {
      problem.textContent = wrong[name] || "";
      problem.hidden = !wrong[name];
      const input = inputs.get(name);
      if (!input) continue;
      if (wrong[name]) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      if (wrong[name] && !first) first = input;
    }
    // What is wrong with no field of the form is told above the button.
    const others = Object.entries(wrong).filter(([name]) => name && !problems.has(name));
    if (others.length > 0) {
      general.textContent = others.map(([name, words]) => `${name}: ${words}`).join("; ");
      general.hidden = false;
    }
    if (first) first.focus();
  };
  const button = h("button", { class: "primary", type: "submit" }, "Start");
  return h("form", {
    class: "inputs", novalidate: true, onsubmit: (event) => {
      event.preventDefault();
      act(button, async () => {
        const values = Object.fromEntries([...inputs].map(([name, input]) => [name, input.value]));
        const given = await post(`/api/workflows/${encodeURIComponent(form.workflow)}`, { id, values });
        tell(given.wrong || {});
        if (given.number) location.hash = `#/runs/${given.number}`;
      });
    },
  }, fields, general, h("div", { class: "row" }, button));
}

function entry(field, h) {
  const props = {
    id: `input-${field.name}`, name: field.name, required: field.required,
    "aria-describedby": [field.description && `about-${field.name}`, `wrong-${field.name}`].filter(Boolean).join(" "),
  };
  if (field.type === "choice" || field.type === "boolean") {
    const choices = field.type === "boolean" ? ["yes", "no"] : field.choices;
    const select = h("select", props, h("option", { value: "" }, "—"),
      choices.map((one) => h("option", { value: one }, one)));
    select.value = field.initial;
    return select;
  }
  if (field.type === "json" || (field.type === "text" && (field.longest === null || field.longest > 200))) {
    const area = h("textarea", { ...props, rows: field.type === "json" ? 3 : 1, maxlength: field.longest });
    area.value = field.initial;
    return area;
  }
  const input = h("input", { type: "text", autocomplete: "off", maxlength: field.longest, ...WAYS[field.type], ...props });
  input.value = field.initial;
  return input;
}

function move(one, tools) {
  const { h, post, act, fresh } = tools;
  const [verb, words] = MOVES[one.state];
  const button = h("button", { type: "button", class: "quiet", onclick: () => act(button, async () => {
    await post(`/api/schedules/${encodeURIComponent(one.workflow)}/${verb}`, { id: fresh() });
    await showWorkflows(tools);
  }) }, words);
  return button;
}

function schedule(one) {
  const next = one.due_at ? `, next ${new Date(one.due_at).toLocaleString()}` : "";
  const note = one.note ? `. ${one.note}` : "";
  return `By itself: ${one.when} (${one.state}${next})${note}`;
}
