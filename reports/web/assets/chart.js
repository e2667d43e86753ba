// Draws figure.chart elements with plotly, in the page's own colours; reads the JSON beside each.
// Loaded only by pages that have a chart, and plotly only then.

let loading;
function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/assets/plotly.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("plotly didn't load"));
    document.head.append(script);
  });
  return loading;
}

const LIGHT = ["#2450b8", "#b3541e", "#1d7a52", "#8a3fa0", "#a3324a", "#4d6a8f", "#7a6a1a", "#2b7d8c"];
const DARK = ["#8db2ff", "#f0a06c", "#6fd0a0", "#d29be6", "#ff9aa2", "#a9c0de", "#d9c860", "#75cfdf"];

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// How numbers and days are written is the viewer's, as in the page's tables; plotly knows English alone.
let written;
function locale() {
  if (written) return written;
  const name = document.documentElement.dataset.locale;
  const known = `${Intl.NumberFormat.supportedLocalesOf([name])[0] ?? "en-US"}-u-ca-gregory-nu-latn`;
  const parts = (value) => new Intl.NumberFormat(known).formatToParts(value);
  const part = (type) => parts(1234567.8).find((one) => one.type === type)?.value ?? "";
  const sizes = parts(1234567890).filter((one) => one.type === "integer").map((one) => one.value.length).reverse();
  const names = (count, of, options) => Array.from({ length: count }, (_, at) =>
    new Intl.DateTimeFormat(known, { timeZone: "UTC", ...options }).format(new Date(of(at))));
  const days = (weekday) => names(7, (at) => Date.UTC(2023, 0, 1 + at), { weekday });
  const months = (month) => names(12, (at) => Date.UTC(2023, at, 1), { month });
  const signs = { day: "%-d", month: "%b", year: "%Y" };
  const dated = (options, at = 4) => new Intl.DateTimeFormat(known, { timeZone: "UTC", month: "short", ...options }).formatToParts(new Date(Date.UTC(2023, at, 9)));
  const pattern = (options) => dated(options).map((one) => signs[one.type] ?? one.value).join("");
  // As it stands beside a day: in Chinese without the sign for "month", which is the pattern's.
  const shortMonths = Array.from({ length: 12 }, (_, at) => dated({ day: "numeric" }, at).find((one) => one.type === "month").value);
  written = {
    dictionary: {},
    format: {
      days: days("long"), shortDays: days("short"), months: months("long"), shortMonths,
      decimal: part("decimal"), thousands: part("group"), grouping: sizes.length > 1 ? sizes : [3],
      dayMonth: pattern({ day: "numeric" }), dayMonthYear: pattern({ day: "numeric", year: "numeric" }),
      month: pattern({ year: "numeric" }), date: "%Y-%m-%d", dateTime: "%Y-%m-%d %H:%M", time: "%H:%M", periods: ["AM", "PM"], currency: ["", ""],
    },
  };
  return written;
}

// A name is a name: plotly reads some HTML in texts, and names, sub ids and referrers are written by others.
const plain = (value) => (typeof value === "string" ? value.replaceAll("&", "&amp;").replaceAll("<", "&lt;") : value);

function traces(data) {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches
    ? document.documentElement.dataset.theme !== "light" : document.documentElement.dataset.theme === "dark";
  const colours = isDark ? DARK : LIGHT;
  // A series may have the colour of a state: "good", "warn", "bad", "quiet".
  const colour = (one, at) => (one.tone ? token(`--${one.tone}`) : colours[at % colours.length]);
  return data.series.map((one, at) => ({
    name: plain(one.name),
    x: one.x.map(plain),
    y: one.y.map(plain),
    type: one.kind === "bar" ? "bar" : "scatter",
    mode: one.x.length > 1 ? "lines" : "markers",
    fill: one.kind === "area" ? "tozeroy" : undefined,
    line: { color: colour(one, at), width: 2, dash: one.dash },
    marker: { color: colour(one, at) },
    yaxis: one.axis === 2 ? "y2" : "y",
    orientation: data.sideways ? "h" : undefined,
    hovertemplate: one.hover,
  }));
}

function layout(data) {
  const axis = { gridcolor: token("--line"), zerolinecolor: token("--line"), automargin: true, fixedrange: true };
  return {
    margin: { l: 8, r: 8, t: 8, b: 8 },
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
    font: { color: token("--quiet"), size: 12, family: "system-ui, sans-serif" },
    xaxis: { ...axis, type: { time: "date", category: "category", number: "linear" }[data.x], tickformat: data.xformat, hoverformat: data.xformat },
    yaxis: { ...axis, rangemode: "tozero", tickformat: data.yformat, hoverformat: data.yformat, title: data.y ? { text: data.y } : undefined },
    yaxis2: { ...axis, tickmode: "auto", overlaying: "y", side: "right", rangemode: "tozero", showgrid: false, tickformat: data.y2format, hoverformat: data.y2format, title: data.y2 ? { text: data.y2 } : undefined },
    barmode: data.stacked ? "stack" : "group",
    showlegend: data.series.length > 1,
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    hovermode: data.sideways ? "closest" : "x unified",
    hoverlabel: { bgcolor: token("--raised"), font: { color: token("--text") } },
  };
}

export async function draw(figure, data = JSON.parse(figure.querySelector("script").textContent)) {
  const place = figure.querySelector(".plot");
  try {
    const Plotly = await plotly();
    await Plotly.react(place, traces(data), layout(data), { responsive: true, displayModeBar: false, locale: "page", locales: { page: locale() } });
    figure.dataset.drawn = "yes";
  } catch (why) {
    figure.classList.add("no-plot");
    figure.querySelector("figcaption").append(` (The chart can't be drawn: ${why.message}. The table has its numbers.)`);
  }
}

export function drawAll() {
  const figures = [...document.querySelectorAll("figure.chart")];
  for (const figure of figures) draw(figure);
  document.addEventListener("theme", () => { for (const figure of figures) draw(figure); });
}
