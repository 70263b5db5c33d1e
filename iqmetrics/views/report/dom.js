"use strict";
// Elements are made with text nodes only: a prompt or file name is never parsed as HTML.
const D = JSON.parse(document.getElementById("data").textContent);
const W = D.words;

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  for (const child of children.flat()) if (child != null) node.append(child);
  return node;
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  for (const child of children.flat()) if (child != null) node.append(child);
  return node;
}

function num(value) {
  if (value == null) return "";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toPrecision(3);
  return String(Number(value.toPrecision(4)));
}

const color = (model) => "m" + (model % 6);
const swatch = (model) => el("span", { class: "swatch " + color(model) });
const choice = (label, entries, value, onchange) =>
  el("label", {}, label, el("select", { onchange: (event) => onchange(event.target.value) },
    entries.map(([key, text]) => el("option", { value: key, selected: String(key) === String(value) }, text))));

// Worse is larger: the order of "worst first", whatever the direction of the metric.
const badness = (metric, value) => (D.metrics[metric].better === "lower" ? value : -value);
const measured = D.metrics.map((metric, index) => index).filter((index) => D.bundle ? D.metrics[index].any : D.images.some((image) => image.v[index] != null));
const thumb = (image, extra) =>
  image.t ? el("img", { src: image.t, alt: D.prompts[image.p] || image.f, loading: "lazy", ...extra })
          : el("span", { class: "gone" }, image.z ? image.z[0] : "");

function full(image, extra) {
  const node = el("img", { src: image.o || image.t || "", alt: D.prompts[image.p] || image.f, draggable: "false", ...extra });
  node.addEventListener("error", () => { if (image.t && node.getAttribute("src") !== image.t) node.src = image.t; }, { once: true });
  return node;
}
