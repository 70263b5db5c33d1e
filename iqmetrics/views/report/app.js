function scorecardView() {
  const rowsOf = (name) => D.models.map((_, model) => D.card.find((row) => row.metric === name && row.model === model));
  const all = D.metrics.map((_, i) => i).filter((i) => rowsOf(D.metrics[i].name).some(Boolean));
  const valued = all.filter((i) => rowsOf(D.metrics[i].name).some((row) => row && row.images));
  const silent = all.filter((i) => !valued.includes(i));
  const count = (row) => { const all = Object.values(row.coverage).reduce((sum, n) => sum + n, 0); return `n=${row.images}` + (all === row.images ? "" : `/${all}`); };
  const cell = (i, row) => row && row.mean != null
    ? [el("b", {}, mean(i, row.mean)), " ", el("small", {}, row.low != null ? [el("span", {}, `[${share(i, row.low)}, ${share(i, row.high)}]`), " "] : null, el("span", { class: "n" }, count(row)))] : "–";
  const opens = (i) => measured.includes(i);
  const line = (i) => {
    const { about, better } = D.metrics[i], rows = rowsOf(D.metrics[i].name);
    return el("tr", {}, el("th", { scope: "row", title: about }, opens(i) ? el("button", { class: "plain", onclick: () => show({ ...readState(), view: "images", metric: i, range: null, page: 0 }) }, nameOf(i)) : nameOf(i), W[better] ? el("small", { class: "soft" }, W[better]) : null),
      rows.map((row) => el("td", {}, cell(i, row))), el("td", {}, intervals(i, rows.filter((row) => row && row.mean != null))));
  };
  const axes = inAxes(valued), picture = radar();
  const body = axes.map(([axis, indices]) => el("tbody", {},
    axes.length > 1 ? el("tr", {}, el("th", { class: "axis-name", scope: "rowgroup", colspan: D.models.length + 2 }, el("span", {}, W["axis_" + axis]))) : null, indices.map(line)));
  return el("section", {},
    valued.length ? table("card-table", [W.metric, ...D.models.map((name, i) => [swatch(i), name || "–"]), W.interval], body) : el("p", {}, W.nothing),
    picture ? [el("h2", {}, W.radar), picture] : null,
    silent.length ? [el("h2", {}, W.notmeasured), el("p", { class: "soft" }, silent.map((i) => D.metrics[i].name).join(", "), ". ", W.why)] : null);
}

// Few columns keep their head in sight; many, or a narrow window, scroll sideways beside the names.
const table = (kind, head, body) => el("div", { class: "scroll" + (head.length <= 8 ? " few" : ""), tabindex: "0", role: "region", "aria-label": W[kind] || kind },
  el("table", { class: kind }, el("thead", {}, el("tr", {}, head.map((title) => el("th", { scope: "col" }, title)))), body));

function coverageView() {
  const statuses = [...new Set(D.card.flatMap((row) => Object.keys(row.coverage)))].sort((a, b) => (b === "ok") - (a === "ok") || a.localeCompare(b));
  const ofAxis = inAxes(D.metrics.map((_, i) => i).filter((i) => D.card.some((row) => row.metric === D.metrics[i].name)));
  const body = ofAxis.flatMap(([, indices]) => indices).map((i) => {
    const rows = D.card.filter((row) => row.metric === D.metrics[i].name);
    return el("tbody", {}, rows.map((row, at) => el("tr", {}, at ? null : el("th", { scope: "rowgroup", rowspan: rows.length }, row.metric),
      el("td", {}, swatch(row.model), D.models[row.model] || "–"), statuses.map((status) => el("td", { class: status === "ok" ? "" : "gap" }, row.coverage[status] || "")))));
  });
  return el("section", {}, el("p", { class: "soft" }, W.coverage), table("coverage-table", [W.metric, W.model, ...statuses.map(word)], body));
}

function protocolView() {
  const scorers = D.protocol.scorers || [];
  return el("section", {}, el("p", { class: "soft" }, W.protocol),
    table("protocol-table", [W.scorer, W.version, W.licence],
      el("tbody", {}, scorers.map((s) => el("tr", {}, el("th", { scope: "row" }, s.name), el("td", {}, s.full_version), el("td", {}, s.licence))))),
    el("pre", { tabindex: "0" }, JSON.stringify({ ...D.protocol, scorers: undefined }, null, 1)));
}

const VIEWS = { scorecard: scorecardView, images: imagesView, compare: compareView, coverage: coverageView, protocol: protocolView };
const START = { view: "scorecard", metric: measured.find((i) => D.metrics[i].better !== "neither") ?? measured[0] ?? 0, model: "all", order: "worst", search: "", range: null, page: 0, a: 0, b: Math.min(1, D.models.length - 1), mode: "side" };

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
  const held = document.activeElement !== document.body;
  history.replaceState(null, "", "#" + encodeURIComponent(JSON.stringify(changed)));
  document.getElementById("tabs").replaceChildren(...Object.keys(VIEWS).filter((name) => name !== "compare" || D.models.length > 1).map((name) =>
    el("button", { role: "tab", "aria-selected": String(name === state.view), "aria-controls": "main", tabindex: name === state.view ? "0" : "-1", onclick: () => show({ ...state, view: name, page: 0 }) }, W["tab_" + name])));
  const main = document.getElementById("main"), turn = ++turns, wait = needed(state);
  // A keyboard goes on from the tab where what it had pressed is gone.
  const hold = () => { if (held && document.activeElement === document.body) document.querySelector("[role=tab][aria-selected=true]").focus({ preventScroll: true }); };
  const draw = () => { if (turn === turns) { refill(main, VIEWS[state.view](state)); hold(); } };
  if (!wait) { draw(); return; }
  refill(main, el("p", { role: "status" }, W.loading));
  wait.then(draw, () => { if (turn === turns) refill(main, el("p", { role: "alert" }, W.lost)); });
}

// An image without a prompt is its own cluster, and no prompt.
const size = D.bundle ?? { images: D.images.length, prompts: Object.values(D.prompts).filter(Boolean).length, lone: D.images.filter((image) => !D.prompts[image.p]).length };
document.getElementById("about").textContent = ["images", "models", "prompts", "lone"].map((kind) => [kind, kind === "models" ? D.models.length : size[kind]])
  .filter(([kind, n]) => n || kind !== "lone").map(([kind, n]) => `${n} ${W[n === 1 ? kind + "_1" : kind]}`).join(" · ");
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
