const PAGE = 60;

function imagesView(state) {
  const root = el("section", {});
  const metric = state.metric;
  const kept = D.images.filter((image) =>
    (state.model === "all" || image.m === Number(state.model)) &&
    (!state.range || (image.v[metric] != null && image.v[metric] >= state.range[0] && image.v[metric] <= state.range[1])) &&
    (!state.search || (D.prompts[image.p] + "\n" + image.f).toLowerCase().includes(state.search.toLowerCase())));
  const sign = state.order === "worst" ? 1 : -1;
  kept.sort((a, b) => {
    const [x, y] = [a.v[metric], b.v[metric]];
    if (x == null || y == null) return (x == null) - (y == null);
    return sign * (badness(metric, y) - badness(metric, x));
  });
  const pages = Math.max(1, Math.ceil(kept.length / PAGE));
  const page = Math.min(state.page, pages - 1);
  const go = (change) => show({ ...state, ...change });
  root.append(
    el("div", { class: "controls" },
      choice(W.metric, measured.map((m) => [m, D.metrics[m].name]), metric, (v) => go({ metric: Number(v), range: null, page: 0 })),
      choice(W.model, [["all", W.all], ...D.models.map((name, i) => [i, name])], state.model, (v) => go({ model: v, page: 0 })),
      choice(W.order, [["worst", W.worst], ["best", W.best]], state.order, (v) => go({ order: v, page: 0 })),
      el("label", {}, W.search, el("input", { type: "search", value: state.search, onchange: (e) => go({ search: e.target.value, page: 0 }) })),
      state.range ? el("button", { onclick: () => go({ range: null, page: 0 }) }, W.clear) : null),
    el("p", { class: "soft" }, (D.metrics[metric] || { about: "" }).about, " · ", W.range),
    histogram(metric, (range) => go({ range, page: 0 })) || "",
    el("p", { role: "status" }, `${kept.length} ${W.images} ${W.shown}`),
    el("div", { class: "grid" }, kept.slice(page * PAGE, (page + 1) * PAGE).map((image) => card(image, metric))));
  if (pages > 1) {
    root.append(el("div", { class: "controls" },
      el("button", { disabled: page === 0, onclick: () => go({ page: page - 1 }) }, W.previous),
      el("span", {}, `${W.page} ${page + 1} ${W.of} ${pages}`),
      el("button", { disabled: page === pages - 1, onclick: () => go({ page: page + 1 }) }, W.next)));
  }
  return root;
}

function card(image, metric) {
  const value = image.v[metric];
  const told = value != null ? num(value) : image.z ? image.z[0] : (image.x[metric] || [""])[0];
  return el("button", { class: "card", onclick: () => complete(image).then(() => detail(image, D.metrics[metric].scorer), lost) }, thumb(image),
    el("span", {}, swatch(image.m), el("b", {}, told)), el("span", {}, D.prompts[image.p] || image.f));
}

const lost = () => document.getElementById("main").prepend(el("p", { role: "alert" }, W.lost));

function detail(image, scorer) {
  const dialog = document.getElementById("detail");
  const picture = full(image), stage = el("div", { class: "stage" }, picture);
  const names = Object.keys(image.e);
  let shown = names.includes(scorer) ? scorer : "";
  const mark = () => {
    stage.querySelector("svg")?.remove();
    if (shown && picture.getAttribute("src") === image.o) stage.append(overlay(image.e[shown], picture.naturalWidth, picture.naturalHeight));
  };
  picture.addEventListener("load", mark);
  const facts = [D.models[image.m], image.s != null ? `${W.seed} ${image.s}` : null, image.k != null ? `${W.pick} ${image.k}` : null, image.f].filter(Boolean).join(" · ");
  const rows = D.metrics.map((metric, i) => {
    if (image.v[i] != null) return el("tr", {}, el("th", {}, metric.name), el("td", {}, num(image.v[i]), " ", metric.unit));
    const gone = image.x[i];
    return gone ? el("tr", {}, el("th", {}, metric.name), el("td", {}, gone[0], el("br"), el("small", {}, gone[1]))) : null;
  });
  dialog.replaceChildren(
    el("div", { class: "controls" },
      el("strong", { id: "detail-title" }, facts), choice(W.overlay, [["", "–"], ...names.map((name) => [name, name])], shown, (name) => { shown = name; mark(); }),
      image.o ? el("a", { href: image.o }, W.original) : null,
      el("button", { onclick: () => dialog.close() }, W.close)),
    el("p", { class: "prompt" }, D.prompts[image.p] || W.noprompt),
    image.z ? el("p", {}, image.z[0], ": ", image.z[1]) : "",
    el("div", { class: "detail" }, stage, el("div", { class: "scroll" }, el("table", {}, el("tbody", {}, rows)))));
  dialog.showModal();
}
