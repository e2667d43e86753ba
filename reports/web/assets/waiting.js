// Says what is waited for while a form that takes seconds is on its way: <form data-working="…">.
document.addEventListener("submit", (event) => {
  const sentence = event.target.dataset.working;
  if (!sentence || event.target.querySelector(".working")) return;
  const told = document.createElement("p");
  const wheel = document.createElement("span");
  wheel.className = "working";
  told.setAttribute("role", "status");
  told.append(wheel, ` ${sentence}`);
  event.target.append(told);
});
window.addEventListener("pageshow", () => { for (const one of document.querySelectorAll("form[data-working] > [role=status]")) one.remove(); });
