// A report of very many images keeps them in files beside the page. Each is a script that calls part().
const loading = new Map(), arrived = new Map();
function part(name, text) { arrived.get(name)?.(JSON.parse(text)); }

function loaded(name) {
  if (!loading.has(name)) loading.set(name, new Promise((resolve, reject) => {
    const script = el("script", { src: `${D.bundle.folder}/${name}.js` });
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
      const base = D.bundle.originals, plain = (f) => base + f.split("/").map(encodeURIComponent).join("/");
      for (let n = 0; n < index.m.length; n++) {
        const f = index.f[n], t = index.t[n], o = index.o[n];
        D.images.push({ n, f, m: index.m[n], p: index.p[n], s: index.s[n], k: index.k[n], z: index.z[n], v: [], x: {}, e: {},
          t: t ? `${D.bundle.thumbnails}/${t}.webp` : null, o: o === 1 ? plain(f) : o });
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
