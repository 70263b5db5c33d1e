"use strict";
// Elements are made with text nodes only: a prompt or file name is never parsed as HTML.
const D = JSON.parse(document.getElementById("data").textContent);
const W = D.words;

function make(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  for (const child of children.flat(Infinity)) if (child != null) node.append(child);
  return node;
}

const el = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => make(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// New children where the old ones were; what has the focused element's name has the focus again.
function refill(parent, ...children) {
  const name = parent.contains(document.activeElement) ? document.activeElement.getAttribute("name") : null;
  parent.replaceChildren(...children.filter((child) => child != null));
  if (name) parent.querySelector(`[name="${name}"]:not([disabled])`)?.focus({ preventScroll: true });
}

function num(value) {
  if (value == null) return "";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(2);
  return String(Number(value.toPrecision(size >= 1e4 ? 6 : 4)));
}

// A metric of yes and no: one image is yes or no, a mean is the share of yes.
const isYesNo = (metric) => D.metrics[metric]?.unit === "yes/no";
const quantity = (metric, value) => (isYesNo(metric) && (value === 0 || value === 1) ? (value ? W.yes : W.no) : num(value));
const share = (metric, value) => (isYesNo(metric) ? `${num(100 * value)} %` : num(value));
const mean = (metric, value) => share(metric, value) + (isYesNo(metric) ? ` ${W.yes}` : "");

// One image's value with its unit: "1 face", and nothing behind a share, a ratio, yes or no.
const UNSAID = ["", "yes/no", "share", "ratio"];
function withUnit(metric, value) {
  const { unit } = D.metrics[metric], number = quantity(metric, value);
  if (UNSAID.includes(unit)) return number;
  return `${number} ${number === "1" ? unit.replace(/([a-z]{2})s(?= of |$)/, "$1") : unit}`;
}

// A metric's name, which may be broken at its dots and underscores.
const nameOf = (metric) => D.metrics[metric].name.split(/(?<=[._])/).flatMap((part, at) => (at ? [el("wbr"), part] : [part]));

const word = (status) => W["status_" + status] || status;
const color = (model) => "m" + (model % 6);
const swatch = (model) => el("span", { class: "swatch " + color(model) });
const option = (value) => ([key, text]) => el("option", { value: key, selected: String(key) === String(value) }, text);
const select = (name, label, options, onchange) =>
  el("label", {}, label, el("select", { name, onchange: (event) => onchange(event.target.value) }, options));
const choice = (name, label, entries, value, onchange) => select(name, label, entries.map(option(value)), onchange);

// Metrics by their axis, in the order of the axes; axes without any are left out.
const inAxes = (indices) => D.axes.map((axis) => [axis, indices.filter((i) => D.metrics[i].axis === axis)]).filter(([, found]) => found.length);

// Worse is larger: the order of "worst first", whatever the direction of the metric.
const badness = (metric, value) => (D.metrics[metric].better === "lower" ? value : -value);
const measured = inAxes(D.metrics.map((_, index) => index).filter((index) => D.bundle ? D.metrics[index].any : D.images.some((image) => image.v[index] != null)))
  .flatMap(([, indices]) => indices);
const metricChoice = (metric, onchange) => select("metric", W.metric,
  inAxes(measured).map(([axis, indices]) => el("optgroup", { label: W["axis_" + axis] }, indices.map((i) => [i, D.metrics[i].name]).map(option(metric)))),
  (value) => onchange(Number(value)));

function pager(page, pages, go) {
  if (pages < 2) return null;
  return el("div", { class: "controls" },
    el("button", { name: "before", disabled: page === 0, onclick: () => go({ page: page - 1 }) }, W.previous), el("span", {}, `${W.page} ${page + 1} ${W.of} ${pages}`),
    el("button", { name: "after", disabled: page === pages - 1, onclick: () => go({ page: page + 1 }) }, W.next));
}

const gone = (image, text) => el("span", { class: "gone" }, image.z ? word(image.z[0]) : text);
const thumb = (image, extra) => image.t ? small(image, picture(image, { loading: "lazy", ...extra }), "") : gone(image, "");
const picture = (image, extra) => el("img", { alt: D.prompts[image.p] || image.f, ...extra });

// The thumbnail of an image in a node of its own; `text` stands there where it is lost.
function small(image, node, text) {
  if (typeof image.t === "string") node.src = image.t;
  else packed(image.t).then((src) => { node.src = src; }, () => node.replaceWith(gone(image, text)));
  return node;
}

function full(image, extra) {
  if (!image.o && !image.t) return gone(image, W.nopicture);
  const node = picture(image, { src: image.o, draggable: "false", ...extra });
  let left = image.t;
  const next = () => { if (left) { left = null; small(image, node, W.nopicture); } else node.replaceWith(gone(image, W.nopicture)); };
  node.addEventListener("error", next);
  if (!image.o) next();
  return node;
}
