const PAIRS = 12;

// Pairs of one prompt: by seed when one is common, else by pick; the same rule as `iqm compare`.
function pairsOf(a, b) {
  const found = [];
  const left = D.images.filter((i) => i.m === a), byPrompt = new Map();
  for (const image of D.images) if (image.m === b) byPrompt.set(image.p, [...(byPrompt.get(image.p) || []), image]);
  const seeds = new Map();
  for (const image of left) {
    const others = byPrompt.get(image.p) || [];
    if (image.s != null && others.some((o) => o.s === image.s)) seeds.set(image.p, true);
  }
  for (const image of left) {
    const key = seeds.get(image.p) ? "s" : "k";
    const other = (byPrompt.get(image.p) || []).find((o) => o[key] === image[key]);
    if (other) found.push([image, other]);
  }
  return found;
}

function compareView(state) {
  const go = (change) => show({ ...state, ...change });
  const names = D.models.map((name, i) => [i, name]), metric = state.metric;
  const loss = ([a, b]) => a.v[metric] == null || b.v[metric] == null ? -Infinity : badness(metric, b.v[metric]) - badness(metric, a.v[metric]);
  const pairs = pairsOf(state.a, state.b).sort((x, y) => loss(y) - loss(x));
  const pages = Math.max(1, Math.ceil(pairs.length / PAIRS)), page = Math.min(state.page, pages - 1);
  return el("section", {},
    el("div", { class: "controls" },
      choice(W.a, names, state.a, (v) => go({ a: Number(v), page: 0 })), choice(W.b, names, state.b, (v) => go({ b: Number(v), page: 0 })),
      choice(W.metric, measured.map((m) => [m, D.metrics[m].name]), metric, (v) => go({ metric: Number(v), page: 0 })),
      choice(W.wipe, [["side", "A | B"], ["wipe", W.wipe]], state.mode, (v) => go({ mode: v }))),
    el("p", { class: "soft" }, `${pairs.length} ${W.pairs}. ${W.zoom}`),
    pairs.length ? pairs.slice(page * PAIRS, (page + 1) * PAIRS).map((pair) => pairView(pair, state)) : el("p", {}, W.nothing),
    pages > 1 ? el("div", { class: "controls" },
      el("button", { disabled: page === 0, onclick: () => go({ page: page - 1 }) }, W.previous), el("span", {}, `${W.page} ${page + 1} ${W.of} ${pages}`),
      el("button", { disabled: page === pages - 1, onclick: () => go({ page: page + 1 }) }, W.next)) : null);
}

function pairView([a, b], state) {
  const metric = state.metric, [x, y] = [a.v[metric], b.v[metric]];
  const told = `A ${num(x)}  B ${num(y)}` + (x != null && y != null ? `  (${W.difference} ${num(y - x)})` : "");
  const views = state.mode === "wipe" ? wipe(a, b) : [pane(a, "A · " + D.models[a.m]), pane(b, "B · " + D.models[b.m])];
  if (state.mode !== "wipe") zoomTogether(views);
  return el("article", {}, el("p", { class: "prompt" }, el("b", {}, told), " — ", D.prompts[a.p] || a.f),
    el("div", { class: "pair" + (state.mode === "wipe" ? " single" : "") }, views));
}

const pane = (image, tag) => el("div", { class: "view" }, full(image), el("span", { class: "tag" }, tag));

function wipe(a, b) {
  const top = full(b), tag = el("span", { class: "tag" }, "A | B");
  const view = el("div", { class: "view", tabindex: "0", role: "group", "aria-label": W.wipe }, full(a), top, tag);
  const cut = (share) => { top.style.clipPath = `inset(0 0 0 ${100 * share}%)`; };
  let flipped = false;
  cut(0.5);
  view.addEventListener("pointermove", (event) => { const box = view.getBoundingClientRect(); cut(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))); });
  view.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "f" && event.key !== " ") return;
    event.preventDefault();
    flipped = !flipped;
    cut(flipped ? 0 : 1);
    tag.textContent = flipped ? "B" : "A";
  });
  return [view, el("button", { onclick: () => { flipped = !flipped; cut(flipped ? 0 : 1); tag.textContent = flipped ? "B" : "A"; } }, W.flip)];
}

function zoomTogether(views) {
  let scale = 1, dx = 0, dy = 0, from = null;
  const apply = () => views.forEach((view) => { view.querySelector("img").style.transform = `translate(${dx}px, ${dy}px) scale(${scale})`; });
  for (const view of views) {
    view.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = view.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
      const next = Math.min(16, Math.max(1, scale * Math.exp(-event.deltaY / 400)));
      dx = x - (x - dx) * next / scale; dy = y - (y - dy) * next / scale; scale = next;
      if (scale === 1) dx = dy = 0;
      apply();
    }, { passive: false });
    view.addEventListener("pointerdown", (event) => { from = [event.clientX - dx, event.clientY - dy]; view.setPointerCapture(event.pointerId); });
    view.addEventListener("pointermove", (event) => { if (from && scale > 1) { dx = event.clientX - from[0]; dy = event.clientY - from[1]; apply(); } });
    view.addEventListener("pointerup", () => { from = null; });
    view.addEventListener("dblclick", () => { scale = 1; dx = dy = 0; apply(); });
  }
}
