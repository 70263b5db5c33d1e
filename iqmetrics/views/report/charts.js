// Interval of every model on one scale: the widest of all intervals.
function intervals(metric, rows) {
  const ends = rows.flatMap((row) => [row.low, row.high, row.mean]).filter((x) => x != null);
  const low = Math.min(...ends), span = Math.max(...ends) - low || 1;
  const x = (value) => 8 + 184 * (value - low) / span;
  return svg("svg", { width: 200, height: 14 * rows.length + 4, role: "img", "aria-label": rows.map((r) => D.models[r.model] + " " + mean(metric, r.mean)).join(", ") },
    rows.map((row, i) => {
      const y = 9 + 14 * i;
      return svg("g", { class: color(row.model) },
        row.low != null ? svg("line", { class: "whisker", x1: x(row.low), x2: x(row.high), y1: y, y2: y }) : null,
        row.mean != null ? svg("circle", { class: "dot", cx: x(row.mean), cy: y, r: 4 }) : null);
    }));
}

function quantile(sorted, q) {
  const at = q * (sorted.length - 1), low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

function ends(metric) {
  const values = D.images.map((image) => image.v[metric]).filter((v) => v != null).sort((a, b) => a - b);
  return [quantile(values, 0.05), quantile(values, 0.95)];
}

// One spoke a metric that has a direction and a mean for every model that has any; 0 at the 5th, 1 at
// the 95th percentile of all images. A mean that is missing is no point at all, so its spoke is left out.
function radar() {
  const mean = (model, metric) => D.card.find((row) => row.model === model && row.metric === D.metrics[metric].name)?.mean;
  const models = D.models.map((_, model) => model).filter((model) => measured.some((metric) => mean(model, metric) != null));
  const spokes = [];
  for (const metric of measured) {
    if (D.metrics[metric].better === "neither" || models.some((model) => mean(model, metric) == null)) continue;
    const [low, high] = D.bundle ? D.metrics[metric].ends : ends(metric);
    if (high > low) spokes.push({ metric, low, high });
  }
  if (spokes.length < 3) return null;
  // The longest name at the side of the widest ring has room: 7 is a wide letter of 11 pixels.
  const longest = Math.max(...spokes.map(({ metric }) => D.metrics[metric].name.length));
  const R = 150, cx = Math.max(280, 1.06 * R + 7 * longest), cy = 185;
  const at = (i, r) => { const a = 2 * Math.PI * i / spokes.length - Math.PI / 2; return [cx + r * R * Math.cos(a), cy + r * R * Math.sin(a)]; };
  const ring = (r) => spokes.map((_, i) => at(i, r).join(",")).join(" ");
  const shapes = models.map((model) => {
    const points = spokes.map(({ metric, low, high }, i) => {
      const share = Math.min(1, Math.max(0, (mean(model, metric) - low) / (high - low)));
      return at(i, D.metrics[metric].better === "lower" ? 1 - share : share);
    });
    return svg("polygon", { class: "shape " + color(model), points: points.map((p) => p.join(",")).join(" ") });
  });
  return svg("svg", { class: "radar", viewBox: `0 0 ${2 * cx} 380`, width: 2 * cx, role: "img", "aria-label": W.radar },
    [0.25, 0.5, 0.75, 1].map((r) => svg("polygon", { class: "axis", fill: "none", points: ring(r) })), shapes,
    apart(spokes.map(({ metric }, i) => [...at(i, 1.06), D.metrics[metric].name]), cx)
      .map(([x, y, name]) => svg("text", { x, y: y + 4, "text-anchor": x < cx - 1 ? "end" : x > cx + 1 ? "start" : "middle" }, name)));
}

// Labels of one side stand under each other, never over each other.
function apart(labels, cx) {
  const line = 13;
  for (const side of [labels.filter(([x]) => x < cx - 1), labels.filter(([x]) => x >= cx - 1)]) {
    side.sort((a, b) => a[1] - b[1]);
    const middle = side.reduce((sum, label) => sum + label[1], 0) / side.length;
    for (let i = 1; i < side.length; i++) side[i][1] = Math.max(side[i][1], side[i - 1][1] + line);
    const shift = side.reduce((sum, label) => sum + label[1], 0) / side.length - middle;
    for (const label of side) label[1] -= shift;
  }
  return labels;
}

function span(metric) {
  let low = Infinity, high = -Infinity;
  for (const image of D.images) if (image.v[metric] != null) { low = Math.min(low, image.v[metric]); high = Math.max(high, image.v[metric]); }
  return low > high ? null : [low, high];
}

// Histogram of one metric by model, what is outside `range` faint; dragging over it calls
// onrange([low, high]), a click onrange(null).
function histogram(metric, range, onrange) {
  const all = span(metric);
  if (!all) return null;
  const [low, high] = all;
  if (low === high) return el("p", {}, `${W.constant} ${quantity(metric, low)}`);
  const bins = 40, width = 640, height = 90, wide = high - low;
  const counts = D.models.map(() => new Array(bins).fill(0));
  for (const image of D.images) {
    const value = image.v[metric];
    if (value != null) counts[image.m][Math.min(bins - 1, Math.floor(bins * (value - low) / wide))] += 1;
  }
  const top = Math.max(...Array.from({ length: bins }, (_, b) => counts.reduce((sum, c) => sum + c[b], 0)));
  const bars = [];
  for (let b = 0; b < bins; b++) {
    let base = height;
    const faint = range && (low + wide * (b + 1) / bins < range[0] || low + wide * b / bins > range[1]) ? " faint" : "";
    counts.forEach((c, model) => {
      const h = Math.max((height - 8) * c[b] / top, c[b] ? 1 : 0);
      base -= h;
      if (h) bars.push(svg("rect", { class: "dot " + color(model) + faint, x: b * width / bins + 1, y: base, width: width / bins - 2, height: h }));
    });
  }
  const brush = svg("rect", { class: "brush", x: 0, y: 0, width: 0, height });
  const show = (a, b) => { brush.setAttribute("x", width * Math.min(a, b)); brush.setAttribute("width", width * Math.abs(b - a)); };
  const share = (value) => Math.min(1, Math.max(0, (value - low) / wide));
  const chart = svg("svg", { class: "histogram", viewBox: `0 0 ${width} ${height + 16}`, role: "img", "aria-label": W.range },
    bars, brush, svg("text", { x: 0, y: height + 13 }, quantity(metric, low)), svg("text", { x: width, y: height + 13, "text-anchor": "end" }, quantity(metric, high)));
  if (range) show(share(range[0]), share(range[1]));
  let start = null;
  const where = (event) => { const box = chart.getBoundingClientRect(); return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)); };
  chart.addEventListener("pointerdown", (event) => { start = where(event); chart.setPointerCapture(event.pointerId); });
  chart.addEventListener("pointermove", (event) => { if (start != null) show(start, where(event)); });
  chart.addEventListener("pointercancel", () => { start = null; show(0, 0); });
  chart.addEventListener("pointerup", (event) => {
    if (start == null) return;
    const [from, to] = [start, where(event)].sort((a, b) => a - b);
    start = null;
    onrange(to - from > 0.01 ? [low + wide * from, low + wide * to] : null);
  });
  return el("figure", {}, chart, el("figcaption", { class: "soft" }, W.range));
}
