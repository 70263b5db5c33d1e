function scorecardView() {
  const names = [...new Set(D.card.map((row) => row.metric))];
  const valued = names.filter((name) => D.card.some((row) => row.metric === name && row.images));
  const silent = names.filter((name) => !valued.includes(name));
  const line = (name) => {
    const rows = D.models.map((_, model) => D.card.find((row) => row.metric === name && row.model === model));
    const about = D.metrics.find((metric) => metric.name === name);
    return el("tr", {}, el("th", { title: about.about }, name, el("br"), el("small", { class: "soft" }, W[about.better])),
      rows.map((row) => el("td", {}, row && row.mean != null ? [el("b", {}, num(row.mean)), " ", el("small", {}, row.low != null ? `[${num(row.low)}, ${num(row.high)}] ` : "", `n=${row.images}`)] : "–")),
      el("td", {}, intervals(rows.filter((row) => row && row.mean != null))));
  };
  const ofAxis = (axis) => valued.filter((name) => D.metrics.find((metric) => metric.name === name).axis === axis);
  const axes = D.axes.filter((axis) => ofAxis(axis).length);
  const body = axes.map((axis) => el("tbody", {},
    axes.length > 1 ? el("tr", {}, el("th", { class: "axis-name", scope: "rowgroup", colspan: D.models.length + 2 }, W["axis_" + axis])) : null, ofAxis(axis).map(line)));
  const picture = radar();
  return el("section", {},
    el("div", { class: "scroll" }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", {}, W.metric), D.models.map((name, i) => el("th", {}, swatch(i), name || "–")), el("th", {}, W.interval))),
      body)),
    picture ? [el("h2", {}, W.radar), picture] : null,
    silent.length ? [el("h2", {}, W.notmeasured), el("p", { class: "soft" }, silent.join(", "))] : null);
}

function coverageView() {
  const statuses = [...new Set(D.card.flatMap((row) => Object.keys(row.coverage)))].sort((a, b) => (b === "ok") - (a === "ok") || a.localeCompare(b));
  return el("section", {}, el("p", { class: "soft" }, W.coverage), el("div", { class: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, el("th", {}, W.metric), el("th", {}, W.model), statuses.map((status) => el("th", {}, status)))),
    el("tbody", {}, D.card.map((row) => el("tr", {}, el("th", {}, row.metric), el("td", {}, swatch(row.model), D.models[row.model]), statuses.map((s) => el("td", {}, row.coverage[s] || ""))))))));
}

function protocolView() {
  const scorers = D.protocol.scorers || [];
  return el("section", {}, el("p", { class: "soft" }, W.protocol),
    el("div", { class: "scroll" }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", {}, W.scorer), el("th", {}, W.version), el("th", {}, W.licence))),
      el("tbody", {}, scorers.map((s) => el("tr", {}, el("th", {}, s.name), el("td", {}, s.full_version), el("td", {}, s.licence)))))),
    el("pre", {}, JSON.stringify({ ...D.protocol, scorers: undefined }, null, 1)));
}

const VIEWS = { scorecard: scorecardView, images: imagesView, compare: compareView, coverage: coverageView, protocol: protocolView };
const START = { view: "scorecard", metric: measured[0] ?? 0, model: "all", order: "worst", search: "", range: null, page: 0, a: 0, b: Math.min(1, D.models.length - 1), mode: "side" };

// The state is the address: a link shows the same view again.
function readState() {
  try {
    const state = { ...START, ...JSON.parse(decodeURIComponent(location.hash.slice(1) || "%7B%7D")) };
    return VIEWS[state.view] ? state : START;
  } catch { return START; }
}

let turns = 0;
function show(state) {
  const changed = Object.fromEntries(Object.entries(state).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(START[key])));
  history.replaceState(null, "", "#" + encodeURIComponent(JSON.stringify(changed)));
  document.getElementById("tabs").replaceChildren(...Object.keys(VIEWS).filter((name) => name !== "compare" || D.models.length > 1).map((name) =>
    el("button", { role: "tab", "aria-selected": String(name === state.view), "aria-controls": "main", onclick: () => show({ ...state, view: name, page: 0 }) }, W["tab_" + name])));
  const main = document.getElementById("main"), turn = ++turns, wait = needed(state);
  const draw = () => { if (turn === turns) main.replaceChildren(VIEWS[state.view](state)); };
  if (!wait) { draw(); return; }
  main.replaceChildren(el("p", { role: "status" }, W.loading));
  wait.then(draw, () => { if (turn === turns) main.replaceChildren(el("p", { role: "alert" }, W.lost)); });
}

document.getElementById("about").textContent = `${D.bundle ? D.bundle.images : D.images.length} ${W.images} · ${D.models.length} ${W.models} · ${D.bundle ? D.bundle.prompts : Object.keys(D.prompts).length} ${W.prompts}`;
document.getElementById("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const tabs = [...document.querySelectorAll("[role=tab]")], at = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
  tabs[(at + step + tabs.length) % tabs.length].click();
  document.querySelector("[role=tab][aria-selected=true]").focus();
});
addEventListener("hashchange", () => show(readState()));
show(readState());
document.documentElement.dataset.ready = "yes";
