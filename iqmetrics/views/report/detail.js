// One image alone: what was measured, why the rest was not, and the evidence drawn over it.
function detail(found, at, scorer) {
  const image = found[at];
  complete(image).then(() => fill(found, at, scorer), lost);
}

function fill(found, at, scorer) {
  const dialog = document.getElementById("detail"), image = found[at];
  const names = Object.keys(image.e).filter((name) => drawable(image.e[name]));
  const picture = full(image), stage = el("div", { class: "stage" }, picture), scale = el("p", { class: "soft", id: "legend" });
  const fails = Array.isArray(image.e.usable?.fails) ? image.e.usable.fails : [];
  // The evidence for the metric that the gallery is sorted by; of an unusable image, for what makes it so.
  let shown = [scorer, ...(scorer === "usable" ? fails.map((fail) => fail.split(".")[0]) : [])].find((name) => names.includes(name)) || "";
  const mark = () => {
    stage.querySelector("svg")?.remove();
    const [width, height] = extentOf(image, picture);
    if (shown && width) stage.append(overlay(image.e[shown], width, height));
    scale.textContent = shown ? legend(image.e[shown]) : "";
  };
  picture.addEventListener("load", mark);
  const step = (by, name) => el("button", { name, disabled: !found[at + by], "aria-label": W[name], title: W[name], onclick: () => detail(found, at + by, scorer) }, by < 0 ? "←" : "→");
  const facts = [D.models[image.m], image.s != null ? `${W.seed} ${image.s}` : null, image.k != null ? `${W.pick} ${image.k}` : null, image.f].filter(Boolean).join(" · ");
  refill(dialog,
    el("div", { class: "controls" },
      el("strong", { id: "detail-title" }, facts),
      names.length ? choice("overlay", W.overlay, [["", "–"], ...names.map((name) => [name, name])], shown, (name) => { shown = name; mark(); }) : el("span", { class: "soft" }, W.undrawn),
      image.o ? el("a", { href: image.o }, W.original) : null,
      el("span", { class: "last" }, step(-1, "previous"), step(1, "next"), el("button", { name: "close", onclick: () => dialog.close() }, W.close))),
    el("p", { class: "prompt" }, D.prompts[image.p] || W.noprompt),
    image.z ? el("p", {}, word(image.z[0]), ": ", image.z[1]) : null,
    lettering(image),
    fails.length ? el("p", {}, W.unusable, ": ", fails.join("; ")) : null,
    el("div", { class: "detail" }, el("div", {}, stage, scale), el("div", { class: "scroll" }, valuesOf(image), gapsOf(image))));
  dialog.onkeydown = (event) => {
    const name = { ArrowLeft: "previous", ArrowRight: "next" }[event.key];
    if (!name || event.target.matches("select, input")) return;
    dialog.querySelector(`[name=${name}]`).click();
  };
  if (!dialog.open) {
    dialog.showModal();
    dialog.querySelector("[name=close]").focus();
  }
  dialog.scrollTop = 0;
}

// Every string that was asked for, and how it was read: what is not there has no box to draw.
function lettering(image) {
  const told = [];
  walk(image.e, ({ asked, read, exact }) => {
    if (typeof asked === "string") told.push(`${asked} ${exact ? "✓" : read ? `≠ ${read}` : `– ${W.notfound}`}`);
  });
  return told.length ? el("p", { class: "prompt" }, W.askedtext, ": ", told.join(" · ")) : null;
}

// Width and height that evidence is told in: of the original, as loaded or as measured.
function extentOf(image, picture) {
  if (image.o && picture.getAttribute("src") === image.o) return [picture.naturalWidth, picture.naturalHeight];
  return ["size.width", "size.height"].map((name) => image.v[D.metrics.findIndex((metric) => metric.name === name)]);
}

function valuesOf(image) {
  const rows = inAxes(D.metrics.map((_, i) => i).filter((i) => image.v[i] != null));
  return el("table", { class: "values" }, rows.map(([axis, indices]) => el("tbody", {},
    el("tr", {}, el("th", { class: "axis-name", scope: "rowgroup", colspan: 2 }, W["axis_" + axis])),
    indices.map((i) => el("tr", {}, el("th", { title: D.metrics[i].about }, nameOf(i)), el("td", {}, withUnit(i, image.v[i])))))));
}

// The metrics without a value, by their common reason.
function gapsOf(image) {
  const reasons = new Map();
  for (const [i, [status, why]] of Object.entries(image.x)) {
    const key = status + "\n" + why;
    reasons.set(key, { status, why, names: [...(reasons.get(key)?.names || []), D.metrics[i].name] });
  }
  if (!reasons.size) return null;
  return [el("h2", {}, W.notmeasured), el("dl", {}, [...reasons.values()].map(({ status, why, names }) => [
    el("dt", {}, names.join(", ")), el("dd", {}, word(status), why ? ": " + why : "")]))];
}
