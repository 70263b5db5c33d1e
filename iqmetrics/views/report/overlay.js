// Draws whatever evidence says in picture coordinates: "box"/"boxes"/"worst_box" [x0,y0,x1,y1], "quad"/"points"/"tips" [[x,y]..],
// "pairs" [x0,y0,x1,y1] as lines, "map" rows over the whole picture, "grain_map" rows of "tile" pixels from "origin".
const isNumbers = (list, count) => Array.isArray(list) && list.length === count && list.every((n) => typeof n === "number");
const isBox = (value) => isNumbers(value, 4), isPoint = (value) => isNumbers(value, 2);
const isMap = (value) => Array.isArray(value) && value.length > 0 && value.every((row) => Array.isArray(row) && row.length);
const some = (list, fits) => (Array.isArray(list) ? list.filter(fits) : []);
const DRAWN = ["box", "boxes", "worst_box", "quad", "points", "tips", "pairs", "map", "grain_map", "trust"];

function overlay(evidence, width, height) {
  const layer = svg("svg", { viewBox: `0 0 ${width} ${height}`, "font-size": height / 34, "aria-hidden": "true" });
  walk(evidence, (value) => {
    const { quad, map, grain_map: grain, tile, origin } = value;
    if (isMap(map)) heat(layer, map, 0, 0, width / map[0].length, height / map.length);
    if (isMap(grain) && tile) heat(layer, grain, ...(origin || [0, 0]), tile, tile);
    for (const box of [value.box, ...some(value.boxes, isBox)].filter(isBox)) frame(layer, box, told(value), width, height);
    if (isBox(value.worst_box)) frame(layer, value.worst_box, value.worst_region || "", width, height, "part");
    for (const [x1, y1, x2, y2] of some(value.pairs, isBox).slice(0, 60)) layer.append(svg("line", { class: "mark", x1, y1, x2, y2 }));
    if (some(quad, isPoint).length > 2) layer.append(svg("polygon", { class: "mark", points: quad.join(" ") }));
    for (const [cx, cy] of [...some(value.points, isPoint), ...some(value.tips, isPoint)]) layer.append(svg("circle", { class: "point", cx, cy, r: Math.max(1.5, width / 200) }));
  });
  return layer;
}

const drawable = (evidence) => overlay(evidence, 1, 1).childElementCount > 0;

function walk(value, visit) {
  if (Array.isArray(value)) { value.forEach((child) => walk(child, visit)); return; }
  if (!value || typeof value !== "object") return;
  visit(value);
  for (const [key, child] of Object.entries(value)) if (!DRAWN.includes(key)) walk(child, visit);
}

// What is known of one box, shortly: the text read (and what it should be), the verdict, the reason.
function told(value) {
  const known = ["label", "text", "read", "verdict", "fingers", "count", "reason"].map((key) => value[key]);
  const text = known.filter((x) => typeof x === "number" || (typeof x === "string" && x)).join(" · ");
  return value.exact === false && typeof value.asked === "string" ? `${text || "–"} ≠ ${value.asked}` : text;
}

function frame(layer, [x0, y0, x1, y1], text, width, height, kind) {
  layer.append(svg("rect", { class: "mark " + (kind || ""), x: x0, y: y0, width: x1 - x0, height: y1 - y0 }));
  const size = height / 34, late = (x0 + x1) / 2 > width / 2, below = y0 < 1.4 * size || kind === "part";
  if (!text) return;
  const told = String(text).slice(0, 60), long = 0.6 * size * told.length;
  // From the side of the box, unless the label would leave the picture there.
  const [x, left, anchor] = late ? (x1 < long ? [0, 0, "start"] : [x1, x1 - long, "end"]) : (x0 + long > width ? [width, width - long, "end"] : [x0, x0, "start"]);
  const y = free(layer, left, long, below ? y1 + 1.1 * size : y0 - 0.3 * size, size, below ? 1 : -1);
  layer.append(svg("text", { x, y, "text-anchor": anchor, "data-left": left, "data-long": long }, told));
}

// The height nearest to `y` where no other label of the layer stands: labels of neighbours do not cover each other.
function free(layer, left, long, y, size, way) {
  const others = [...layer.querySelectorAll("text")].map((node) => [Number(node.dataset.left), Number(node.dataset.long), Number(node.getAttribute("y"))]);
  while (others.some(([x, wide, at]) => Math.abs(at - y) < size && x < left + long && left < x + wide)) y += way * 1.1 * size;
  return y;
}

// Least and most of a map; one that has both signs is a deviation, strongest where it is far from 0.
function extent(map) {
  const flat = map.flat().filter((v) => typeof v === "number");
  return flat.length ? [Math.min(...flat), Math.max(...flat)] : null;
}

function heat(layer, map, left, top, w, h) {
  const [low, high] = extent(map) || [0, 0], signed = low < 0 && high > 0;
  const span = (signed ? Math.max(-low, high) : high - low) || 1;
  map.forEach((row, r) => row.forEach((v, c) => {
    if (typeof v !== "number") return;
    const strength = signed ? Math.abs(v) / span : (v - low) / span;
    layer.append(svg("rect", { class: "tile" + (signed && v < 0 ? " less" : ""), x: left + c * w, y: top + r * h, width: w, height: h, "fill-opacity": (0.65 * strength).toFixed(3) }));
  }));
}

// The scale of the maps of some evidence, in words; empty without a map.
function legend(evidence) {
  const found = [];
  walk(evidence, (value) => { for (const map of [value.map, value.grain_map]) if (isMap(map) && extent(map)) found.push(extent(map)); });
  return found.map(([low, high]) => `${W.heat} ${num(low)} … ${num(high)}`).join("; ");
}
