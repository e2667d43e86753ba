// The URL of a hook with samples in the place of its macros, while it is typed.

const form = document.querySelector("form[data-hook]");
if (form) {
  const samples = JSON.parse(form.querySelector("script").textContent);
  const preview = form.querySelector("#preview");
  const url = form.querySelector("#f-url");
  const show = () => {
    const unknown = new Set();
    const shown = url.value.replace(/\{([^{}]*)\}/g, (whole, name) => {
      if (name in samples) return encodeURIComponent(samples[name]);
      unknown.add(name);
      return whole;
    });
    preview.textContent = shown + (unknown.size ? ` (nobody knows ${[...unknown].join(", ")})` : "");
  };
  url.addEventListener("input", show);
}
