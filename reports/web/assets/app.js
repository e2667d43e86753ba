// What every page has: the menu on a phone, the theme, the viewer's zone, questions before what can't be undone,
// and charts. Pages work without it.

function keepCookie(name, value) {
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax`;
}

// The zone numbers of a day are counted in is the viewer's from the first page after this one on.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes("zone=")) keepCookie("zone", zone);

const side = document.querySelector(".side");
const menu = document.querySelector(".menu-button");
menu?.addEventListener("click", () => {
  const isOpen = side.classList.toggle("open");
  menu.setAttribute("aria-expanded", String(isOpen));
});

const themes = { auto: "dark", dark: "light", light: "auto" };
for (const button of document.querySelectorAll("[data-theme-switch]")) {
  const tell = () => { button.textContent = `Theme: ${document.documentElement.dataset.theme}`; };
  button.addEventListener("click", () => {
    const next = themes[document.documentElement.dataset.theme] ?? "auto";
    document.documentElement.dataset.theme = next;
    keepCookie("theme", next);
    tell();
    document.dispatchEvent(new CustomEvent("theme"));
  });
  tell();
}

// A form with data-confirm asks its question in a dialog first.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = form.dataset.confirm;
  if (question && !form.dataset.confirmed) {
    event.preventDefault();
    ask(question, form.querySelector("button")?.textContent ?? "Yes").then((yes) => {
      if (!yes) return;
      form.dataset.confirmed = "yes";
      form.requestSubmit(event.submitter);
    });
    return;
  }
  // Sent twice by a double click is done once.
  if (form.method === "post") {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) { delete form.dataset.sent; delete form.dataset.confirmed; }
});

export function ask(question, yes) {
  const dialog = document.createElement("dialog");
  const text = document.createElement("p");
  text.textContent = question;
  text.id = "question";
  dialog.setAttribute("aria-labelledby", "question");
  const form = document.createElement("form");
  form.method = "dialog";
  form.className = "row";
  for (const [label, value, kind] of [["Cancel", "", ""], [yes, "yes", "primary"]]) {
    const button = document.createElement("button");
    button.textContent = label;
    button.value = value;
    button.className = kind;
    form.append(button);
  }
  dialog.append(text, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => { resolve(dialog.returnValue === "yes"); dialog.remove(); });
  });
}

// After a refusal the first field that needs another look has the focus.
document.querySelector('main [aria-invalid="true"]')?.focus();

// Copies what another element holds: <button data-copies="#link">.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const from = document.querySelector(button.dataset.copies);
  await navigator.clipboard.writeText(from.value ?? from.textContent);
  say("Copied.");
});

// Tells a sentence where pages tell what was done.
export function say(sentence, kind = "good") {
  const notice = document.createElement("p");
  notice.className = `notice ${kind}`;
  notice.textContent = sentence;
  document.getElementById("said").replaceChildren(notice);
}

if (document.querySelector("figure.chart")) {
  const { drawAll } = await import("./chart.js");
  drawAll();
}
