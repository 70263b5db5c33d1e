// Draws whatever evidence says in picture coordinates: "box"/"boxes" [x0,y0,x1,y1], "quad"/"points" [[x,y]..],
// "pairs" [x0,y0,x1,y1] as lines, "map" rows over the whole picture, "grain_map" rows of "tile" pixels from "origin".
function overlay(evidence, width, height) {
  const layer = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const isPoint = (p) => Array.isArray(p) && p.length === 2 && p.every((n) => typeof n === "number");
  function label(value) {
    const text = [value.label, value.text, value.read, value.reason, value.count].find((x) => typeof x === "string" || typeof x === "number");
    return text == null ? "" : String(text).slice(0, 60);
  }
  function draw(value) {
    if (Array.isArray(value)) { value.forEach(draw); return; }
    if (!value || typeof value !== "object") return;
    const { box, boxes, quad, points, tips, pairs, map, grain_map: grain, tile, origin } = value;
    const isBox = (b) => Array.isArray(b) && b.length === 4 && b.every((n) => typeof n === "number");
    for (const b of [box, ...(Array.isArray(boxes) ? boxes : [])].filter(isBox)) {
      layer.append(svg("rect", { class: "mark", x: b[0], y: b[1], width: b[2] - b[0], height: b[3] - b[1] }));
      layer.append(svg("text", { x: b[0], y: Math.max(12, b[1] - 4), "font-size": height / 40 }, label(value)));
    }
    if (Array.isArray(pairs)) pairs.filter(isBox).slice(0, 60).forEach(([x1, y1, x2, y2]) => layer.append(svg("line", { class: "mark", x1, y1, x2, y2 })));
    if (Array.isArray(quad) && quad.every(isPoint)) layer.append(svg("polygon", { class: "mark", points: quad.join(" ") }));
    for (const list of [points, tips]) {
      if (Array.isArray(list)) list.filter(isPoint).forEach(([x, y]) => layer.append(svg("circle", { class: "point", cx: x, cy: y, r: Math.max(1.5, width / 300) })));
    }
    const isMap = (m) => Array.isArray(m) && m.length && m.every(Array.isArray);
    if (isMap(map)) heat(map, 0, 0, width / map[0].length, height / map.length);
    if (isMap(grain) && tile) heat(grain, (origin || [0, 0])[0], (origin || [0, 0])[1], tile, tile);
    const drawn = ["box", "boxes", "quad", "points", "tips", "pairs", "map", "grain_map", "trust"];
    for (const [key, child] of Object.entries(value)) if (!drawn.includes(key)) draw(child);
  }
  function heat(map, left, top, w, h) {
    const flat = map.flat().filter((v) => v != null), low = Math.min(...flat), span = Math.max(...flat) - low || 1;
    map.forEach((row, r) => row.forEach((v, c) => {
      if (v != null) layer.append(svg("rect", { class: "tile", x: left + c * w, y: top + r * h, width: w, height: h, "fill-opacity": 0.6 * (v - low) / span }));
    }));
  }
  draw(evidence);
  return layer;
}
