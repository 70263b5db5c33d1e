// Draws whatever evidence says in picture coordinates: "box" [x0,y0,x1,y1], "quad"/"points" [[x,y]..], "map" rows of 0..1.
function overlay(image, width, height) {
  const layer = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const isPoint = (p) => Array.isArray(p) && p.length === 2 && p.every((n) => typeof n === "number");
  function label(value) {
    const text = [value.label, value.text, value.read, value.reason, value.count].find((x) => typeof x === "string" || typeof x === "number");
    return text == null ? "" : String(text).slice(0, 60);
  }
  function draw(value) {
    if (Array.isArray(value)) { value.forEach(draw); return; }
    if (!value || typeof value !== "object") return;
    const { box, quad, points, tips, map } = value;
    if (Array.isArray(box) && box.length === 4 && box.every((n) => typeof n === "number")) {
      layer.append(svg("rect", { class: "mark", x: box[0], y: box[1], width: box[2] - box[0], height: box[3] - box[1] }));
      layer.append(svg("text", { x: box[0], y: Math.max(12, box[1] - 4), "font-size": height / 40 }, label(value)));
    }
    if (Array.isArray(quad) && quad.every(isPoint)) layer.append(svg("polygon", { class: "mark", points: quad.join(" ") }));
    for (const list of [points, tips]) {
      if (Array.isArray(list)) list.filter(isPoint).forEach(([x, y]) => layer.append(svg("circle", { class: "point", cx: x, cy: y, r: Math.max(1.5, width / 300) })));
    }
    if (Array.isArray(map) && map.length && map.every(Array.isArray)) heat(map);
    for (const [key, child] of Object.entries(value)) if (!["box", "quad", "points", "tips", "map"].includes(key)) draw(child);
  }
  function heat(map) {
    const h = height / map.length, flat = map.flat().filter((v) => v != null), top = Math.max(...flat, 1e-9);
    map.forEach((row, r) => row.forEach((v, c) => {
      if (v != null) layer.append(svg("rect", { class: "tile", x: c * width / row.length, y: r * h, width: width / row.length, height: h, "fill-opacity": 0.55 * v / top }));
    }));
  }
  Object.values(image.e).forEach(draw);
  return layer;
}
