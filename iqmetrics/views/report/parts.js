// A report of very many images keeps them in files beside the page. Each is a script that calls part().
const loading = new Map(), arrived = new Map();
function part(name, text) { arrived.get(name)?.(JSON.parse(text)); arrived.delete(name); }

function loaded(name, folder = D.bundle.folder) {
  if (!loading.has(name)) loading.set(name, new Promise((resolve, reject) => {
    const script = el("script", { src: `${folder}/${name}.js` });
    arrived.set(name, resolve);
    script.onload = () => script.remove();
    script.onerror = () => { loading.delete(name); script.remove(); reject(new Error(name)); };
    document.head.append(script);
  }));
  return loading.get(name);
}

const columns = new Set(), whole = new Set();
// What must be loaded before this view can be drawn; null when everything is here.
function needed(state) {
  if (!D.bundle || !["images", "compare"].includes(state.view)) return null;
  return D.images.length && columns.has(state.metric) ? null : load(state.metric);
}

async function load(metric) {
  if (!D.images.length) {
    const index = await loaded("index");
    if (!D.images.length) {
      D.prompts = index.prompts;
      let place = 0, last = null;
      const base = D.bundle.originals, plain = (f) => base + f.split("/").map(encodeURIComponent).join("/");
      for (let n = 0; n < index.m.length; n++) {
        const f = index.f[n], t = index.t[n], o = index.o[n];
        if (t != null) { place = t === last ? place + 1 : 0; last = t; }
        D.images.push({ n, f, m: index.m[n], p: index.p[n], s: index.s[n], k: index.k[n], z: index.z[n], v: [], x: {}, e: {},
          t: t == null ? null : [index.packs[t], place], o: base === null ? null : o === 1 ? plain(f) : o });
      }
      loading.delete("index");
    }
  }
  if (D.metrics[metric] && !columns.has(metric)) {
    const { values, missing, statuses } = await loaded("metric-" + metric);
    values.forEach((value, n) => { D.images[n].v[metric] = value; });
    for (const [n, status] of missing) D.images[n].x[metric] ??= [statuses[status], ""];
    loading.delete("metric-" + metric);
  }
  columns.add(metric);
}

// All that is known of one image, before it is shown alone.
async function complete(image) {
  if (!D.bundle || whole.has(image.n)) return;
  const chunk = Math.floor(image.n / D.bundle.chunk);
  const rows = await loaded("detail-" + chunk);
  rows.forEach((row, i) => { Object.assign(D.images[chunk * D.bundle.chunk + i], row); whole.add(chunk * D.bundle.chunk + i); });
}

const PACKS = 120;
const packs = new Map();
// The address of a thumbnail that lies in a pack with its neighbours; the latest packs are kept.
async function packed([name, place]) {
  if (!packs.has(name)) {
    packs.set(name, loaded(name, D.bundle.thumbnails).finally(() => loading.delete(name)));
    if (packs.size > PACKS) packs.delete(packs.keys().next().value);
  }
  const found = packs.get(name);
  found.catch(() => packs.delete(name));
  return "data:image/jpeg;base64," + (await found)[place];
}
