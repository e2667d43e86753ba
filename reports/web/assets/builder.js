// The report builder without reloads: links and buttons of the page ask for its changed parts and put them in place.
// The page's own form and links say everything, so nothing here knows what a report is. Without it they work as they are.
import { say } from "./app.js";
import { draw } from "./chart.js";

const form = document.getElementById("builder");
const running = document.getElementById("running");
const part = (name, within = document) => within.querySelector(`[data-part="${name}"]`);
let current = null;
let later = 0;

// ---- asking

function own(address) {
  const url = new URL(address, location.href);
  return url.origin === location.origin && url.pathname === "/reports" ? url : null;
}

async function go(url, { push = true, focus = "" } = {}) {
  clearTimeout(later);
  stop(true);
  const mine = { stopper: new AbortController(), since: Date.now() };
  current = mine;
  const tick = setInterval(() => tell(mine), 250);
  part("results").setAttribute("aria-busy", "true");
  const focused = focus || document.activeElement?.id;
  try {
    const answer = await fetch(url, { headers: { "X-Part": "report" }, signal: mine.stopper.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (current !== mine) return;
    const state = part("state", page);
    // A page of another kind, such as the one to sign in at: go there.
    if (!state) { location.assign(url); return; }
    for (const fresh of page.querySelectorAll("[data-part]")) part(fresh.dataset.part)?.replaceWith(fresh);
    if (push) history.pushState(null, "", state.dataset.address);
    settle(focused);
    document.getElementById("told").textContent = part("results").querySelector("caption, h3, .notice")?.textContent ?? "";
  } catch (why) {
    if (why.name !== "AbortError") say(`The report couldn't be asked for: ${why.message}. Try again.`, "bad");
  } finally {
    clearInterval(tick);
    if (current === mine) {
      current = null;
      part("results").removeAttribute("aria-busy");
      running.querySelector("[data-bar]").hidden = true;
    }
  }
}

function tell(mine) {
  const seconds = (Date.now() - mine.since) / 1000;
  if (current !== mine || seconds < 0.4) return;
  running.querySelector("[data-bar]").hidden = false;
  running.querySelector("[data-for]").textContent = seconds < 2 ? "Working" : `Working for ${Math.round(seconds)} s`;
}

// The service ends a report in the store, too, when nobody waits for it any more.
function stop(silently) {
  if (!current) return;
  current.stopper.abort();
  current = null;
  part("results").removeAttribute("aria-busy");
  running.querySelector("[data-bar]").hidden = true;
  if (!silently) say("The report was stopped; what you see is the one before.", "info");
}

// ---- what follows new parts

function settle(focused) {
  const state = part("state").dataset;
  for (const which of ["by", "metrics"]) {
    const chosen = new Set(state[which].split(","));
    for (const box of form.querySelectorAll(`[name=pick_${which}]`)) box.checked = chosen.has(box.value);
  }
  for (const figure of part("results").querySelectorAll("figure.chart")) draw(figure);
  walkable();
  const target = focused ? document.getElementById(focused) : null;
  if (target?.disabled) target.parentElement.querySelector("button:not(:disabled)")?.focus();
  else target?.focus();
}

document.addEventListener("theme", () => { for (const figure of part("results").querySelectorAll("figure.chart")) draw(figure); });

function submitted(submitter) {
  const url = new URL("/reports", location.href);
  // A filter that is being made counts when it is added, not when something else changes.
  const isWhole = submitter?.id === "add-where";
  for (const [name, value] of new FormData(form, submitter)) {
    if (value !== "" && (isWhole || !name.startsWith("f_"))) url.searchParams.append(name, value);
  }
  if (!url.searchParams.has("metrics")) url.searchParams.set("metrics", "");
  return url;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const where = document.getElementById("picker-where");
  const button = where.contains(document.activeElement) ? document.getElementById("add-where") : event.submitter;
  const chip = button?.closest("[data-chip]");
  if (button?.id === "add-where") { go(submitted(button)).then(() => { form.f_value.value = ""; form.f_name.value = ""; limit(); }); return; }
  go(submitted(button), { focus: chip ? afterwards(chip, button) : "" });
});

// Where the focus goes when its chip is gone: the next one, or what adds another.
function afterwards(chip, button) {
  if (!button.value.startsWith("drop:")) return button.id;
  const [, which] = button.value.split(":");
  if (which === "where") return chip.nextElementSibling ? button.id : "picker-where";
  const next = chip.nextElementSibling ?? chip.previousElementSibling;
  return next?.querySelector('button[value^="drop:"]')?.id ?? "";
}

// The filter's row waits for its button; everything else counts at once.
form.addEventListener("change", (event) => {
  const field = event.target;
  if (field.type === "search" || field.name?.startsWith("f_")) return;
  if (["from", "to"].includes(field.name)) {
    form.range.value = "custom";
    // One end is changed after the other: between the two there may be no range yet.
    if (!form.from.value || !form.to.value || form.from.value > form.to.value) return;
  }
  if (field.name?.startsWith("compare_") && !(form.compare_from.value && form.compare_to.value)) return;
  if (field.name?.startsWith("compare_")) form.compare.value = "";
  if (field.name === "compare") form.compare_from.value = form.compare_to.value = "";
  if (field.name === "range" && field.value === "custom") { form.from.focus(); return; }
  clearTimeout(later);
  later = setTimeout(() => go(submitted(null), { focus: field.id || document.activeElement?.id }), field.type === "checkbox" ? 350 : 0);
});
document.addEventListener("change", (event) => { if (event.target.form === form && !form.contains(event.target)) go(submitted(null), { focus: event.target.id }); });

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[href]");
  const url = link && own(link.href);
  if (url && link.closest("[data-part]") && url.search) {
    event.preventDefault();
    go(url, { focus: link.classList.contains("into") ? "breakdown" : link.id });
    return;
  }
  const cell = !link && event.target.closest("table.report td, table.report tbody th");
  if (cell && !getSelection().toString()) drill(cell);
  if (event.target.closest("[data-closes]")) event.target.closest("details").open = false;
  if (event.target.closest("[data-stop]")) stop(false);
  for (const open of document.querySelectorAll("details.picker[open], details.menu[open]")) if (!open.contains(event.target)) open.open = false;
});
addEventListener("popstate", () => go(new URL(location.href), { push: false }));

// ---- the table: a cell leads into its row, and in a pivot into its column; arrows go from cell to cell

function drill(cell) {
  const link = cell.parentElement.querySelector("a.into");
  if (!link) return;
  const url = own(link.href);
  if (cell.dataset.key) {
    const head = cell.closest("table").querySelector(`th[data-key="${cell.dataset.key}"]`);
    if (!head.dataset.where) { say("No filter says what this column is made of; look into the row instead.", "info"); return; }
    for (const text of JSON.parse(head.dataset.where)) url.searchParams.append("where", text);
  }
  go(url, { focus: "breakdown" });
}

function walkable() {
  const table = document.querySelector("table#report");
  if (!table) return;
  table.setAttribute("role", "grid");
  for (const cell of table.querySelectorAll("tbody td, tbody th")) cell.tabIndex = -1;
  const first = table.querySelector("tbody td");
  if (first) first.tabIndex = 0;
}

document.addEventListener("keydown", (event) => {
  const open = event.target.closest("details.picker[open], details.menu[open]");
  if (event.key === "Escape" && open) { open.open = false; open.querySelector("summary").focus(); return; }
  const chip = event.target.closest("[data-chip]");
  if (chip && !event.altKey && !event.ctrlKey && !event.metaKey) {
    const verb = { ArrowLeft: "left", ArrowRight: "right", Delete: "drop", Backspace: "drop" }[event.key];
    const button = verb && chip.querySelector(`button[value^="${verb}:"]`);
    if (button) { event.preventDefault(); button.focus(); if (!button.disabled) form.requestSubmit(button); }
    return;
  }
  const cell = event.target.matches("table#report tbody td, table#report tbody th") && event.target;
  if (!cell) return;
  const row = cell.parentElement;
  const to = {
    ArrowLeft: cell.previousElementSibling, ArrowRight: cell.nextElementSibling, Home: row.firstElementChild, End: row.lastElementChild,
    ArrowUp: row.previousElementSibling?.cells[cell.cellIndex], ArrowDown: row.nextElementSibling?.cells[cell.cellIndex],
  }[event.key];
  if (to) { event.preventDefault(); cell.tabIndex = -1; to.tabIndex = 0; to.focus(); }
  if (event.key === "Enter") { event.preventDefault(); drill(cell); }
});

// ---- pickers and filters

for (const search of form.querySelectorAll("input[type=search]")) {
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const panel = search.closest(".panel");
    let found = 0;
    for (const group of panel.querySelectorAll("fieldset")) {
      let here = 0;
      for (const choice of group.querySelectorAll(".choice")) {
        const text = `${choice.dataset.words} ${choice.textContent.toLowerCase()}`;
        choice.hidden = !words.every((word) => text.includes(word));
        here += !choice.hidden;
      }
      group.hidden = !here;
      found += here;
    }
    panel.querySelector("[data-none]").hidden = found > 0;
  });
}
for (const details of form.querySelectorAll("details.picker")) {
  details.addEventListener("toggle", () => { if (details.open) details.querySelector("input[type=search], select")?.focus(); });
}

function limit() {
  const operators = form.f_name.selectedOptions[0]?.dataset.operators?.split(" ");
  for (const option of form.f_op.options) option.hidden = option.disabled = Boolean(operators) && !operators.includes(option.value);
  if (form.f_op.selectedOptions[0]?.disabled) form.f_op.value = operators[0];
  form.f_value.disabled = form.f_op.selectedOptions[0]?.dataset.values === "none";
}
form.f_op.addEventListener("change", limit);
form.f_name.addEventListener("change", () => { limit(); suggest(form.f_name.value); });

// The values with the most in the range that is shown are what people look for.
async function suggest(name) {
  const list = document.getElementById("values");
  list.replaceChildren();
  const [from, to] = [form.from.value, form.to.value];
  if (!name || !form.elements.pick_by || !form.querySelector(`[name=pick_by][value="${CSS.escape(name)}"]`) || !from || !to) return;
  const after = to.length === 10 ? new Date(Date.parse(to) + 86400000).toISOString().slice(0, 10) : to;
  const query = { from, to: after, timezone: form.zone.value, dimensions: [name], metrics: ["clicks", "conversions"], limit: 50 };
  const answer = await fetch("/api/v1/reports/query", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(query) });
  if (!answer.ok || form.f_name.value !== name) return;
  for (const row of (await answer.json()).rows) {
    if (row[name] === "" || row[name] === null) continue;
    const option = document.createElement("option");
    option.value = String(row[name]);
    list.append(option);
  }
}

for (const name of Intl.supportedValuesOf?.("timeZone") ?? []) {
  const option = document.createElement("option");
  option.value = name;
  document.getElementById("zones").append(option);
}

walkable();
limit();
if (part("results").dataset.slow) go(new URL(location.href), { push: false });
