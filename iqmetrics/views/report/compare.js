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
  const go = (change) => show({ ...state, page: 0, ...change });
  const names = D.models.map((name, i) => [i, name || "–"]), metric = state.metric;
  const loss = ([a, b]) => a.v[metric] == null || b.v[metric] == null ? -Infinity : badness(metric, b.v[metric]) - badness(metric, a.v[metric]);
  const pairs = pairsOf(state.a, state.b).sort((x, y) => loss(y) - loss(x));
  const pages = Math.max(1, Math.ceil(pairs.length / PAIRS)), page = Math.min(state.page, pages - 1);
  return el("section", {},
    el("div", { class: "controls" },
      choice("a", W.a, names, state.a, (v) => go({ a: Number(v) })), choice("b", W.b, names, state.b, (v) => go({ b: Number(v) })),
      metricChoice(metric, (v) => go({ metric: v })),
      choice("mode", W.mode, [["side", W.side], ["wipe", W.wipe]], state.mode, (v) => go({ mode: v, page }))),
    el("p", { class: "soft" }, `${pairs.length} ${W.pairs} ${state.mode === "wipe" ? W.wiping : W.zoom}`),
    pairs.length ? pairs.slice(page * PAIRS, (page + 1) * PAIRS).map((pair) => pairView(pair, state)) : el("p", {}, W.nopairs),
    pager(page, pages, go));
}

function pairView([a, b], state) {
  const metric = state.metric, [x, y] = [a.v[metric], b.v[metric]];
  const found = (value, image) => (value != null ? quantity(metric, value) : word(reason(image, metric)) || "–");
  const gap = x != null && y != null && !isYesNo(metric) ? ` · ${W.difference} ${y > x ? "+" : ""}${num(y - x)}` : "";
  const views = state.mode === "wipe" ? wipe(a, b) : [pane(a, "A · " + D.models[a.m]), pane(b, "B · " + D.models[b.m])];
  if (state.mode !== "wipe") zoomTogether(views);
  return el("article", {},
    el("p", { class: "prompt" }, el("b", {}, swatch(a.m), `A ${found(x, a)} `, swatch(b.m), `B ${found(y, b)}`, gap), " — ", D.prompts[a.p] || a.f),
    el("div", { class: "pair" + (state.mode === "wipe" ? " single" : "") }, views));
}

const pane = (image, tag) => el("div", { class: "view", tabindex: "0", role: "group", "aria-label": `${tag}. ${W.zoom}` }, full(image), el("span", { class: "tag" }, tag));

// Two pictures over each other: the cut follows the pointer or the arrows, F shows one or the other.
function wipe(a, b) {
  const top = full(b), tag = el("span", { class: "tag", "aria-live": "polite" }, "A | B");
  const view = el("div", { class: "view", tabindex: "0", role: "group", "aria-label": W.wiping }, full(a), top, tag);
  let at, flipped = false;
  const cut = (share, text) => {
    at = Math.min(1, Math.max(0, share));
    top.style.clipPath = `inset(0 0 0 ${100 * at}%)`;
    tag.textContent = text || "A | B";
  };
  const flip = () => { flipped = !flipped; cut(flipped ? 0 : 1, flipped ? "B" : "A"); };
  cut(0.5);
  view.addEventListener("pointermove", (event) => { const box = view.getBoundingClientRect(); cut((event.clientX - box.left) / box.width); });
  view.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase(), by = { arrowleft: -0.05, arrowright: 0.05 }[key];
    if (!by && key !== "f" && key !== " ") return;
    event.preventDefault();
    if (by) cut(at + by); else flip();
  });
  return [view, el("button", { onclick: flip }, W.flip)];
}

// Both pictures of a pair at one scale and place. The plain wheel and a finger scroll the page until
// the pictures are enlarged.
function zoomTogether(views) {
  let scale = 1, dx = 0, dy = 0, from = null;
  const box = () => views[0].getBoundingClientRect();
  const apply = () => {
    const { width, height } = box();
    dx = Math.min(0, Math.max(width * (1 - scale), dx));
    dy = Math.min(0, Math.max(height * (1 - scale), dy));
    for (const view of views) {
      view.classList.toggle("zoomed", scale > 1);
      for (const picture of view.querySelectorAll("img")) picture.style.transform = scale > 1 ? `translate(${dx}px, ${dy}px) scale(${scale})` : "";
    }
  };
  const zoom = (factor, x, y) => {
    const next = Math.min(16, Math.max(1, scale * factor));
    dx = x - (x - dx) * next / scale; dy = y - (y - dy) * next / scale; scale = next;
    apply();
  };
  const reset = () => { scale = 1; apply(); };
  for (const view of views) {
    const place = (event) => { const own = view.getBoundingClientRect(); return [event.clientX - own.left, event.clientY - own.top]; };
    view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey && scale === 1) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400), ...place(event));
    }, { passive: false });
    view.addEventListener("pointerdown", (event) => { if (scale > 1) { from = [event.clientX - dx, event.clientY - dy]; view.setPointerCapture(event.pointerId); } });
    view.addEventListener("pointermove", (event) => { if (from) { dx = event.clientX - from[0]; dy = event.clientY - from[1]; apply(); } });
    for (const end of ["pointerup", "pointercancel"]) view.addEventListener(end, () => { from = null; });
    view.addEventListener("dblclick", (event) => { if (scale > 1) reset(); else zoom(3, ...place(event)); });
    view.addEventListener("keydown", (event) => {
      const { width, height } = box(), step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "+" || event.key === "=") zoom(1.5, width / 2, height / 2);
      else if (event.key === "-") zoom(1 / 1.5, width / 2, height / 2);
      else if (event.key === "0") reset();
      else if (step && scale > 1) { dx += step[0]; dy += step[1]; apply(); }
      else return;
      event.preventDefault();
    });
  }
}
