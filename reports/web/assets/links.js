// The link generator's preview while one types, further rows of a form, and a sentence while a link is walked.
// Without it the server shows the link by a button, and forms have two empty rows.

// As Python's quote: everything but letters, digits and _.-~ is percent-encoded.
function quoted(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

// Among many, offers and partners are searched by name and stand in their field as Nora (7).
function idIn(text, name) {
  return name === "offer_id" || name === "partner_id" ? text.match(/\((\d+)\)$/)?.[1] ?? text : text;
}

function linkOf(form) {
  const given = new FormData(form);
  const value = (name) => idIn((given.get(name) ?? "").trim(), name);
  const target = value("offer_id") ? "offer_id" : "smart_link_id";
  if (!value(target) || !value("partner_id")) return "";
  const order = [target, "partner_id", ...form.dataset.order.split(" ")];
  const query = order.filter((name) => value(name)).map((name) => `${name}=${quoted(value(name))}`);
  return `${form.dataset.edge}/click?${query.join("&")}`;
}

async function offerMaterial(form, offer) {
  for (const [name, path] of [["landing_id", "landing-pages"], ["creative_id", "creatives"]]) {
    const select = form.elements[name];
    const first = select.options[0];
    select.replaceChildren(first);
    if (!offer) continue;
    const answer = await fetch(`/api/v1/${path}?offer_id=${encodeURIComponent(offer)}&status=active&limit=1000`);
    if (!answer.ok) continue;
    for (const one of (await answer.json()).items) select.append(new Option(one.name, one.id));
    if (name === "landing_id") first.text = select.options.length > 1 ? "taken in turns" : "the offer's own";
  }
}

for (const form of document.querySelectorAll("form.generator")) {
  const preview = form.querySelector("#preview-link");
  const tell = () => { preview.value = linkOf(form); };
  form.addEventListener("input", tell);
  form.addEventListener("change", async (event) => {
    if (event.target.matches("[data-offers]")) await offerMaterial(form, idIn(event.target.value, "offer_id"));
    tell();
  });
  form.querySelector(".unscripted")?.parentElement.remove();
  tell();
}

for (const button of document.querySelectorAll("[data-adds-row]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const body = button.closest("fieldset").querySelector("tbody");
    const row = body.rows[body.rows.length - 1].cloneNode(true);
    const number = body.rows.length + 1;
    for (const problem of row.querySelectorAll(".problem")) problem.remove();
    for (const one of row.querySelectorAll("input, select")) {
      one.value = "";
      one.removeAttribute("aria-invalid");
      one.setAttribute("aria-label", one.getAttribute("aria-label").replace(/\d+$/, number));
    }
    body.append(row);
    row.querySelector("input, select").focus();
  });
}

for (const form of document.querySelectorAll("form[data-works]")) {
  form.addEventListener("submit", () => {
    form.querySelector("[role=status]").textContent = form.dataset.works;
    form.querySelector("button:not([type=button])").classList.add("busy");
  });
}

let asked = 0;
for (const list of document.querySelectorAll("datalist[data-suggests]")) {
  const input = document.querySelector(`[list="${list.id}"]`);
  input.addEventListener("input", async () => {
    const text = input.value.trim();
    const now = ++asked;
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (now !== asked || !text || !list.dataset.suggests || /\(\d+\)$/.test(text)) return;
    const answer = await fetch(`/api/v1/${list.dataset.suggests}?q=${encodeURIComponent(text)}&sort=name&limit=20`);
    if (!answer.ok || now !== asked) return;
    list.replaceChildren(...(await answer.json()).items.map((one) => new Option("", `${one.name} (${one.id})`)));
  });
}
