// Pages about events: addresses of filters without what was left empty, and conversions that wait to be stored.

for (const form of document.querySelectorAll("[data-leaves-out-empty]")) {
  const range = form.elements.range;
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  });
  // Who writes a day means days of their own choice.
  for (const name of ["from", "to"]) form.elements[name]?.addEventListener("input", () => { range.value = "custom"; });
  // Coming back by the browser's button finds the form whole.
  addEventListener("pageshow", () => { for (const field of form.elements) field.disabled = false; });
}

// <p data-awaits="/api/…" data-than="17…">: the conversion's next state is stored within a second or so.
const waiting = document.querySelector("[data-awaits]");
if (waiting) {
  const until = Date.now() + 20_000;
  const look = async () => {
    const answer = await fetch(waiting.dataset.awaits).catch(() => null);
    const found = answer?.ok ? await answer.json() : null;
    const newest = found?.items[0];
    if (newest && String(newest.change_seq) !== waiting.dataset.than) {
      // What was said goes on being said once by the page that comes, as after any other form.
      const said = waiting.dataset.said ?? document.getElementById("said").textContent.trim();
      if (said) document.cookie = `__Host-said=${encodeURIComponent(said)}; path=/; secure; samesite=lax; max-age=60`;
      location.replace(waiting.querySelector("a").href);
    }
    else if (Date.now() < until) setTimeout(look, 500);
    else waiting.querySelector(".working")?.remove();
  };
  look();
}

// The box in the head of the log chooses all rows.
const boxes = document.querySelectorAll('.deciding [name="chosen"]');
if (boxes.length) {
  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", "Choose all rows");
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
  document.querySelector(".deciding thead th").append(all);
}
