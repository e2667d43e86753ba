// Shows how far work in the background is: asks the API every second, and opens the page anew when it is done.
// Without it the page's own link does.
for (const card of document.querySelectorAll("[data-poll]")) watch(card);

async function watch(card) {
  const meter = card.querySelector("[role=progressbar]");
  const told = card.querySelector("[data-told]");
  let pause = 700;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      const answer = await fetch(card.dataset.poll, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      if (now.state !== card.dataset.state) { location.reload(); return; }
      const done = now.done ?? (now.progress.events ? now.progress.judged / now.progress.events : 0);
      const percent = Math.min(100, Math.round(done * 100));
      meter.setAttribute("aria-valuenow", percent);
      meter.firstElementChild.style.width = `${percent}%`;
      told.textContent = `${percent}%${now.step ? `, ${now.step}` : ""}`;
      pause = 1000;
    } catch {
      pause = Math.min(30000, pause * 2);
    }
  }
}
