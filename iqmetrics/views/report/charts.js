// Interval of every model on one scale: the widest of all intervals.
function intervals(rows) {
  const ends = rows.flatMap((row) => [row.low, row.high, row.mean]).filter((x) => x != null);
  const low = Math.min(...ends), span = Math.max(...ends) - low || 1;
  const x = (value) => 8 + 184 * (value - low) / span;
  return svg("svg", { width: 200, height: 14 * rows.length + 4, role: "img", "aria-label": rows.map((r) => D.models[r.model] + " " + num(r.mean)).join(", ") },
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

// One spoke a metric that has a direction; 0 at the 5th, 1 at the 95th percentile of all images.
function radar() {
  const spokes = [];
  for (const metric of measured) {
    if (D.metrics[metric].better === "neither") continue;
    const [low, high] = D.bundle ? D.metrics[metric].ends : ends(metric);
    if (high > low) spokes.push({ metric, low, high });
  }
  if (spokes.length < 3) return null;
  const R = 130, cx = 260, cy = 165;
  const at = (i, r) => { const a = 2 * Math.PI * i / spokes.length - Math.PI / 2; return [cx + r * R * Math.cos(a), cy + r * R * Math.sin(a)]; };
  const ring = (r) => spokes.map((_, i) => at(i, r).join(",")).join(" ");
  const shapes = D.models.map((name, model) => {
    const points = spokes.map(({ metric, low, high }, i) => {
      const row = D.card.find((r) => r.model === model && r.metric === D.metrics[metric].name);
      if (!row || row.mean == null) return at(i, 0);
      const share = Math.min(1, Math.max(0, (row.mean - low) / (high - low)));
      return at(i, D.metrics[metric].better === "lower" ? 1 - share : share);
    });
    return svg("polygon", { class: "shape " + color(model), points: points.map((p) => p.join(",")).join(" ") });
  });
  return svg("svg", { width: 520, height: 330, viewBox: "0 0 520 330", role: "img", "aria-label": W.radar },
    [0.25, 0.5, 0.75, 1].map((r) => svg("polygon", { class: "axis", fill: "none", points: ring(r) })), shapes,
    spokes.map(({ metric }, i) => {
      const [x, y] = at(i, 1.1);
      return svg("text", { x, y, "text-anchor": x < cx - 4 ? "end" : x > cx + 4 ? "start" : "middle" }, D.metrics[metric].name);
    }));
}

// Histogram of one metric by model; dragging over it calls onrange(low, high) or onrange(null).
function histogram(metric, onrange) {
  const values = D.images.filter((image) => image.v[metric] != null);
  if (!values.length) return null;
  let low = Infinity, high = -Infinity;
  for (const image of values) { low = Math.min(low, image.v[metric]); high = Math.max(high, image.v[metric]); }
  const bins = 40, width = 640, height = 90, span = high - low || 1;
  const counts = D.models.map(() => new Array(bins).fill(0));
  for (const image of values) counts[image.m][Math.min(bins - 1, Math.floor(bins * (image.v[metric] - low) / span))] += 1;
  const top = Math.max(...Array.from({ length: bins }, (_, b) => counts.reduce((sum, c) => sum + c[b], 0)));
  const bars = [];
  for (let b = 0; b < bins; b++) {
    let base = height;
    counts.forEach((c, model) => {
      const h = (height - 8) * c[b] / top;
      base -= h;
      if (h) bars.push(svg("rect", { class: "dot " + color(model), x: b * width / bins + 1, y: base, width: width / bins - 2, height: h }));
    });
  }
  const brush = svg("rect", { class: "brush", x: 0, y: 0, width: 0, height });
  const chart = svg("svg", { width, height: height + 16, viewBox: `0 0 ${width} ${height + 16}`, role: "img", "aria-label": W.range },
    bars, brush, svg("text", { x: 0, y: height + 13 }, num(low)), svg("text", { x: width, y: height + 13, "text-anchor": "end" }, num(high)));
  let start = null;
  const where = (event) => { const box = chart.getBoundingClientRect(); return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)); };
  const show = (a, b) => { brush.setAttribute("x", width * Math.min(a, b)); brush.setAttribute("width", width * Math.abs(b - a)); };
  chart.addEventListener("pointerdown", (event) => { start = where(event); chart.setPointerCapture(event.pointerId); });
  chart.addEventListener("pointermove", (event) => { if (start != null) show(start, where(event)); });
  chart.addEventListener("pointerup", (event) => {
    const end = where(event), wide = Math.abs(end - start) > 0.01;
    if (!wide) show(0, 0);
    onrange(wide ? [low + span * Math.min(start, end), low + span * Math.max(start, end)] : null);
    start = null;
  });
  return chart;
}
