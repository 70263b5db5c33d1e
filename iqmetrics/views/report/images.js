const PAGE = 60;

function kept(state) {
  const metric = state.metric, words = state.search.toLowerCase();
  const found = D.images.filter((image) =>
    (state.model === "all" || image.m === Number(state.model)) &&
    (!state.range || (image.v[metric] != null && image.v[metric] >= state.range[0] && image.v[metric] <= state.range[1])) &&
    (!words || ((D.prompts[image.p] || "") + "\n" + image.f).toLowerCase().includes(words)));
  const sign = state.order === "worst" ? 1 : -1;
  return found.sort((a, b) => {
    const [x, y] = [a.v[metric], b.v[metric]];
    if (x == null || y == null) return (x == null) - (y == null);
    return sign * (badness(metric, y) - badness(metric, x));
  });
}

function imagesView(state) {
  const metric = state.metric, about = D.metrics[metric] || { about: "" }, found = kept(state);
  const pages = Math.max(1, Math.ceil(found.length / PAGE)), page = Math.min(state.page, pages - 1);
  const go = (change) => show({ ...state, page: 0, ...change });
  const orders = about.better === "neither" ? [["worst", W.smallest], ["best", W.largest]] : [["worst", W.worst], ["best", W.best]];
  return el("section", {},
    el("div", { class: "controls" },
      metricChoice(metric, (v) => go({ metric: v, range: null })),
      choice("model", W.model, [["all", W.all], ...D.models.map((name, i) => [i, name || "–"])], state.model, (v) => go({ model: v })),
      choice("order", W.order, orders, state.order, (v) => go({ order: v })),
      isYesNo(metric) ? only(state.range, (range) => go({ range })) : ["from", "to"].map((name, end) => limit(name, end, metric, state.range, (range) => go({ range }))),
      el("label", {}, W.search, el("input", { name: "search", type: "search", value: state.search, onchange: (e) => go({ search: e.target.value }) })),
      state.range || state.search || state.model !== "all" ? el("button", { name: "clear", onclick: () => go({ range: null, search: "", model: "all" }) }, W.clear) : null),
    el("p", { class: "soft" }, [about.about, W[about.better]].filter(Boolean).join(" · ")),
    histogram(metric, state.range, (range) => go({ range })),
    el("p", { role: "status" }, `${found.length} ${W.images} ${W.shown}`),
    found.length ? el("div", { class: "grid" }, found.slice(page * PAGE, (page + 1) * PAGE).map((image, i) => card(image, metric, found, page * PAGE + i))) : el("p", { class: "soft" }, W.nothing),
    pager(page, pages, go));
}

// One end of the range as a number: what a drag over the histogram does, by keyboard.
function limit(name, end, metric, range, onrange) {
  return el("label", {}, W[name], el("input", { name, type: "number", step: "any", class: "limit", value: range ? num(range[end]) : "", onchange: (event) => {
    const typed = event.target.value === "" ? null : Number(event.target.value), all = span(metric) || [0, 0];
    const next = range ? [...range] : [...all];
    next[end] = typed ?? all[end];
    onrange(next[0] <= all[0] && next[1] >= all[1] ? null : next);
  } }));
}

// The range of a metric of yes and no.
const only = (range, onrange) => choice("only", W.only, [["", W.all], [1, W.yes], [0, W.no]], range?.[0] > 0 ? 1 : range?.[1] < 1 ? 0 : "", (value) => onrange(value === "" ? null : [Number(value), Number(value)]));

const reason = (image, metric) => (image.z ? image.z[0] : (image.x[metric] || [""])[0]);

function card(image, metric, found, at) {
  const value = image.v[metric], prompt = D.prompts[image.p] || image.f;
  return el("button", { class: "card", name: "card" + at, title: prompt, onclick: () => detail(found, at, D.metrics[metric]?.scorer) }, thumb(image),
    el("span", { class: "line" }, el("b", {}, value != null ? quantity(metric, value) : word(reason(image, metric))), el("span", { class: "who" }, swatch(image.m), D.models[image.m])),
    el("span", { class: "line" }, prompt));
}

const lost = () => document.getElementById("main").prepend(el("p", { role: "alert" }, W.lost));
