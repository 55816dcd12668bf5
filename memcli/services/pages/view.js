// Everything from memories reaches the page as text: textContent and fillText, never as markup.
const data = JSON.parse($("data").textContent), all = data.memories, GOLDEN = 137.508;
const defaults = { title: "", tags: [], conversation: "", speaker: "", source: "", agent: "", team: "", near: [], group: 0, at: [0, 0] };
const byId = new Map();
all.forEach((memory, row) => {
  for (const name in defaults) if (!(name in memory)) memory[name] = defaults[name];
  memory.row = row; memory.time = Date.parse(memory.created_at); memory.links = [];
  memory.x = memory.at[0] * 1000; memory.y = -memory.at[1] * 1000;
  memory.brief = memory.title || memory.text.slice(0, 240).replace(/\s+/g, " ").trim();
  byId.set(memory.id, memory);
});
const edges = data.edges.filter((edge) => byId.has(edge.from) && byId.has(edge.to));
for (const edge of edges) {
  byId.get(edge.from).links.push({ type: edge.type, weight: edge.weight, away: true, other: byId.get(edge.to) });
  byId.get(edge.to).links.push({ type: edge.type, weight: edge.weight, away: false, other: byId.get(edge.from) });
}
const made = (name, text, about = {}) => { const one = Object.assign(document.createElement(name), about); if (text !== undefined) one.textContent = text; return one; };
const many = (number, what) => `${number.toLocaleString("en")} ${number === 1 ? what : what.endsWith("y") ? what.slice(0, -1) + "ies" : what + "s"}`;
const day = (time) => new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
const counted = (values) => { const counts = new Map(); for (const value of values) counts.set(value, (counts.get(value) || 0) + 1); return counts; };
const ordered = (counts) => [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));

// --- what is wanted, and what of that is there ---
const wanted = { query: "", kinds: new Set(), tags: new Set(), spaces: new Set(), groups: new Set(), least: 0, from: -Infinity, to: Infinity };
let shown = all, hits = null, partly = false, isShown = new Uint8Array(all.length).fill(1), anyTime = isShown, chosen = null;

// Words, as they are written but for case and accents: a word counts when a memory has one that begins with it,
// rare words for more (BM25). Meanings are what `memcli search` is for.
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const split = (text) => plain(text).match(/[\p{L}\p{N}_]+/gu) || [];
let index = null;
function indexed() {
  if (index) return index;
  const words = new Map(), lengths = new Float64Array(all.length);
  for (const memory of all) {
    const some = split([memory.title, memory.text, memory.tags.join(" "), memory.speaker, memory.id].join(" "));
    lengths[memory.row] = some.length;
    for (const [word, times] of counted(some)) { let list = words.get(word); if (!list) words.set(word, list = []); list.push(memory.row, times); }
  }
  const mean = lengths.reduce((a, b) => a + b, 0) / (all.length || 1) || 1;
  return index = { words, sorted: [...words.keys()].sort(), lengths, mean };
}
function beginning(prefix) {  // all words that begin with it, by halving
  const { sorted } = indexed(), found = [];
  let low = 0, high = sorted.length;
  while (low < high) { const middle = (low + high) >> 1; if (sorted[middle] < prefix) low = middle + 1; else high = middle; }
  while (low < sorted.length && sorted[low].startsWith(prefix)) found.push(sorted[low++]);
  return found;
}
function searched(query) {  // rows by score, and whether none has all the words
  const asked = [...new Set(split(query))].slice(0, 32), scores = new Float64Array(all.length), has = new Uint8Array(all.length);
  const { words, lengths, mean } = indexed();
  for (const one of asked) {
    const best = new Map();
    for (const word of beginning(one)) {
      const list = words.get(word), rarity = Math.log(1 + all.length / (list.length / 2)) * (word === one ? 1 : 0.6);
      for (let n = 0; n < list.length; n += 2) {
        const times = list[n + 1], worth = rarity * (times * 2.2) / (times + 1.2 * (0.25 + 0.75 * lengths[list[n]] / mean));
        if (worth > (best.get(list[n]) || 0)) best.set(list[n], worth);
      }
    }
    if (!best.size) for (const memory of all) if (plain(memory.text).includes(one)) best.set(memory.row, 1);  // inside of a word
    for (const [row, worth] of best) { scores[row] += worth; has[row] += 1; }
  }
  const rows = [];
  for (let row = 0; row < all.length; row++) if (has[row]) rows.push(row);
  const whole = rows.filter((row) => has[row] === asked.length), kept = whole.length ? whole : rows;
  return { rows: kept.sort((a, b) => has[b] - has[a] || scores[b] - scores[a] || a - b), partly: !whole.length && rows.length > 0 };
}
function fulfils(memory) {
  if (wanted.kinds.size && !wanted.kinds.has(memory.kind)) return false;
  if (wanted.spaces.size && !wanted.spaces.has(memory.space)) return false;
  if (wanted.groups.size && !wanted.groups.has(memory.group)) return false;
  if (memory.importance < wanted.least) return false;
  for (const tag of wanted.tags) if (!memory.tags.includes(tag)) return false;
  return true;
}
const isFiltered = () => wanted.kinds.size + wanted.tags.size + wanted.spaces.size + wanted.groups.size > 0 || wanted.least > 0 || isTimed();
const isTimed = () => wanted.from > -Infinity || wanted.to < Infinity;
function update() {
  hits = null; partly = false;
  if (split(wanted.query).length) { const found = searched(wanted.query); hits = found.rows; partly = found.partly; }
  anyTime = new Uint8Array(all.length); isShown = new Uint8Array(all.length);
  shown = [];
  for (const row of hits || all.keys()) {
    const memory = all[row];
    if (!fulfils(memory)) continue;
    anyTime[row] = 1;
    if (memory.time < wanted.from || memory.time >= wanted.to) continue;
    isShown[row] = 1; shown.push(memory);
  }
  tell(); list(); facets(); map.draw(); drawTime();
  graph.find(shown.length === all.length ? null : new Set(shown.map((memory) => memory.id)));
}
function tell() {
  const cut = data.total > all.length ? `. This page has the latest ${all.length.toLocaleString("en")} of ${data.total.toLocaleString("en")}; --limit shows more` : "";
  const order = hits ? "best match first" : "latest first", of = shown.length === all.length ? many(all.length, "memory") : `${shown.length.toLocaleString("en")} of ${many(all.length, "memory")}`;
  $("told").textContent = all.length ? `${of}, ${order}${partly ? "; none has all the words" : ""}${cut}` : "No memories";
  $("filtered").hidden = !isFiltered(); $("clear").hidden = !isFiltered() && !wanted.query;
  $("count").textContent = `${many(data.total, "memory")} · ${day(data.made_at)}`;
}

// --- colours ---
const hue = (n, light = "var(--light)") => `hsl(${((n * GOLDEN + 18) % 360).toFixed(0)} var(--sat) ${light})`;
const kinds = ordered(counted(all.map((memory) => memory.kind))), spaces = ordered(counted(all.map((memory) => memory.space)));
const tagCounts = counted(all.flatMap((memory) => memory.tags)), tags = ordered(tagCounts), firstTags = tags.slice(0, 12);
const agents = ordered(counted(all.map((memory) => memory.speaker)));
const first = all.reduce((a, memory) => Math.min(a, memory.time), Infinity), last = all.reduce((a, memory) => Math.max(a, memory.time), -Infinity);
const ramp = (share) => `hsl(${(255 - 215 * share).toFixed(0)} var(--sat) calc(var(--light) + ${(8 * share).toFixed(0)}%))`;
const named = (values, of) => ({ of: (memory) => { const n = values.indexOf(of(memory)); return n < 0 || n > 11 ? "var(--faint)" : hue(n); }, values: values.slice(0, 12).map((value, n) => [value || "nobody", hue(n)]) });
const tagOf = (memory) => firstTags.find((tag) => memory.tags.includes(tag));
const SCHEMES = {
  groups: { of: (memory) => hue(memory.group), values: [] },
  tags: named(firstTags, tagOf), kind: named(kinds, (memory) => memory.kind), space: named(spaces, (memory) => memory.space),
  speaker: named(agents.filter(Boolean), (memory) => memory.speaker),
  age: { of: (memory) => ramp((memory.time - first) / (last - first || 1)), ramp: all.length ? [day(first), day(last)] : [] },
  importance: { of: (memory) => ramp(memory.importance), ramp: ["0", "1"] },
};
if (!tags.length) delete SCHEMES.tags;
if (spaces.length < 2) delete SCHEMES.space;
if (kinds.length < 2) delete SCHEMES.kind;
if (agents.filter(Boolean).length < 2) delete SCHEMES.speaker;
let scheme = "groups", concrete = new Map();
function solid(color) {  // canvas knows no variables
  if (!concrete.has(color)) {
    const probe = $("hint"); probe.style.color = color; concrete.set(color, getComputedStyle(probe).color); probe.style.color = "";
  }
  return concrete.get(color);
}
function recolor() {
  concrete = new Map();
  for (const memory of all) memory.css = SCHEMES[scheme].of(memory), memory.color = solid(memory.css);
  const { values, ramp: ends } = SCHEMES[scheme], legend = $("legend");
  legend.replaceChildren(...(values || []).map(([value, color]) => { const span = made("span"), dot = made("i"); dot.style.background = color; span.append(dot, value); return span; }));
  if (ends && ends.length) {
    const span = made("span"), bar = made("i", undefined, { className: "ramp" });
    bar.style.background = `linear-gradient(90deg, ${ramp(0)}, ${ramp(0.5)}, ${ramp(1)})`;
    span.append(ends[0], bar, ends[1]); legend.append(span);
  }
}

// --- the map ---
const labels = data.groups.map((words, group) => {
  const mine = all.filter((memory) => memory.group === group);
  const part = (of, share) => mine.map(of).sort((a, b) => a - b)[Math.floor(mine.length * share)] || 0;
  const x = part((m) => m.x, 0.5), wide = part((m) => m.x, 0.8) - part((m) => m.x, 0.2);
  const near = mine.filter((m) => Math.abs(m.x - x) <= wide / 2 + 1).map((m) => m.y).sort((a, b) => a - b);
  return { group, words, size: mine.length, x, y: near[Math.floor(near.length * 0.06)] || 0 };  // above its middle
});
let dot = 3;
const sized = (memory, zoom) => dot * (0.72 + 0.56 * memory.importance) * Math.min(2.2, Math.max(1, (zoom / base) ** 0.4));
let base = 1, fitted = false;
const room = () => { const side = $("map").clientWidth < 560 ? 22 : 46; return { left: side, right: side, top: 46, bottom: 54 }; };
function fitMap() { map.fit(all, room(), all.length < 2 ? 1 : 60); base = map.view.zoom; map.limits[0] = base / 4; map.limits[1] = Math.max(2, base * 40); fitted = true; }
function paintMap(pen, view, wide, high) {
  if (!fitted) { fitMap(); return; }
  dot = Math.max(1.5, Math.min(7, 92 / Math.sqrt(Math.min(all.length, shown.length * 4) + 60)) * Math.min(1, Math.max(0.6, Math.min(wide, high) / 640)));
  const back = inked("back"), ink = inked("ink"), ring = inked("ring"), faint = inked("faint"), some = shown.length < all.length;
  const [left, right, top, bottom] = [-wide / 2 - view.x, wide / 2 - view.x, -high / 2 - view.y, high / 2 - view.y];
  const inside = (x, y) => x > left - 20 && x < right + 20 && y > top - 20 && y < bottom + 20;
  if (some) {
    pen.globalAlpha = 0.6; pen.fillStyle = faint; pen.beginPath();
    for (const memory of all) if (!isShown[memory.row]) { const x = memory.x * view.zoom, y = memory.y * view.zoom; if (inside(x, y)) { pen.moveTo(x, y); pen.arc(x, y, 1.5, 0, 7); } }
    pen.fill();
  }
  if (chosen) {
    const lines = [...chosen.near.map(([row, cosine]) => [all[row], faint, 0.6 + 2 * Math.max(0, cosine), []]), ...chosen.links.map((link) => [link.other, ring, 1 + 2 * link.weight, [5, 4]])];
    pen.globalAlpha = 0.8;
    for (const [other, color, width, dashes] of lines) {
      pen.strokeStyle = color; pen.lineWidth = width; pen.setLineDash(dashes); pen.beginPath();
      pen.moveTo(chosen.x * view.zoom, chosen.y * view.zoom); pen.lineTo(other.x * view.zoom, other.y * view.zoom); pen.stroke();
    }
    pen.setLineDash([]);
  }
  const seen = [], colors = new Map();
  for (const memory of shown) {
    const x = memory.x * view.zoom, y = memory.y * view.zoom;
    if (!inside(x, y)) continue;
    seen.push(memory);
    if (!colors.has(memory.color)) colors.set(memory.color, []);
    colors.get(memory.color).push(memory);
  }
  pen.globalAlpha = seen.length > 1500 ? 0.72 : 0.88;
  for (const [color, mine] of colors) {
    pen.fillStyle = color; pen.beginPath();
    for (const memory of mine) { const x = memory.x * view.zoom, y = memory.y * view.zoom, r = sized(memory, view.zoom); pen.moveTo(x + r, y); pen.arc(x, y, r, 0, 7); }
    pen.fill();
  }
  pen.globalAlpha = 1;
  for (const memory of [map.over, chosen]) if (memory) {
    const x = memory.x * view.zoom, y = memory.y * view.zoom;
    pen.beginPath(); pen.arc(x, y, sized(memory, view.zoom) + 3.5, 0, 7); pen.strokeStyle = ring; pen.lineWidth = 2.5; pen.stroke();
  }
  const taken = [], alive = some ? new Set(shown.map((memory) => memory.group)) : null;
  pen.textAlign = "center"; pen.textBaseline = "middle";
  for (const label of labels) if (label.words.length && (!wanted.groups.size || wanted.groups.has(label.group))) {
    const size = Math.round(Math.min(17, 11.5 + 5 * Math.sqrt(label.size / all.length) * 1.6) * (wide < 560 ? 0.86 : 1));
    pen.font = `600 ${size}px system-ui, sans-serif`;
    const text = label.words.slice(0, wide < 560 ? 2 : 3).join(" · "), at = label.x * view.zoom;
    pen.globalAlpha = alive && !alive.has(label.group) ? 0.4 : 1;
    lettered(pen, text, at, label.y * view.zoom - size - dot, size, back, scheme === "groups" ? solid(hue(label.group, "var(--label)")) : ink, taken, 4.5, left, right);
  }
  pen.globalAlpha = 1;
  if (seen.length > 60 && !(view.zoom > base * 3 && seen.length < 400)) return;
  pen.font = "12px system-ui, sans-serif"; pen.textBaseline = "top";
  for (const memory of seen) {
    if (memory.x * view.zoom < left || memory.x * view.zoom > right) continue;
    const text = memory.brief.length > 36 ? memory.brief.slice(0, 35) + "…" : memory.brief;
    lettered(pen, text, memory.x * view.zoom, memory.y * view.zoom + sized(memory, view.zoom) + 3, 13, back, ink, taken, 3.5, left, right);
  }
}
function lettered(pen, text, at, y, size, halo, ink, taken, width, left, right) {  // where two would cover each other, the first is written
  const half = pen.measureText(text).width / 2 + 6;
  if (at < left - half || at > right + half) return;
  const x = Math.max(left + half, Math.min(right - half, at)), box = [x - half, y - size * 0.6, x + half, y + size * 0.9];
  if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) return;
  taken.push(box); written(pen, text, x, y, halo, ink, width);
}
const cells = new Map(), CELL = 40, cellOf = (x, y) => Math.floor(x / CELL) * 4096 + Math.floor(y / CELL);
for (const memory of all) { const key = cellOf(memory.x, memory.y); if (!cells.has(key)) cells.set(key, []); cells.get(key).push(memory); }
function atMap(point, view) {
  const reach = 9 / view.zoom, steps = Math.min(60, Math.ceil(reach / CELL));
  let best = null, least = Math.max(reach, (dot * 1.4) / view.zoom);
  for (let i = -steps; i <= steps; i++) for (let j = -steps; j <= steps; j++) {
    for (const memory of cells.get(cellOf(point.x + i * CELL, point.y + j * CELL)) || []) {
      const far = Math.hypot(memory.x - point.x, memory.y - point.y);
      if (isShown[memory.row] && far < least) { least = far; best = memory; }
    }
  }
  return best;
}
function hint(memory, event) {
  const box = $("hint"), stage = $("stage").getBoundingClientRect();
  box.hidden = !memory || event.pointerType === "touch";
  if (box.hidden) return;
  box.replaceChildren(made("div", memory.brief, { dir: "auto" }), made("small", [memory.speaker, memory.kind === "fact" ? "" : memory.kind, day(memory.time), memory.tags.map((tag) => "#" + tag).join(" ")].filter(Boolean).join(" · ")));
  const x = event.clientX - stage.left, y = event.clientY - stage.top;
  box.style.left = `${Math.max(6, Math.min(x + 14, stage.width - box.offsetWidth - 6))}px`;
  box.style.top = `${y + 18 + box.offsetHeight > stage.height ? y - box.offsetHeight - 12 : y + 18}px`;
}
const map = newSheet($("map"), { paint: paintMap, at: atMap, over: hint, choose: (memory) => open(memory) });
map.draw();

// --- the graph ---
const ends = new Set(edges.flatMap((edge) => [edge.from, edge.to]));
const nodes = all.filter((memory) => ends.has(memory.id)).map((memory) => ({ id: memory.id, title: memory.brief, memory, get color() { return memory.color; } }));
const graph = newGraph($("graph"), nodes, edges, (node) => open(node && node.memory));

// --- the timeline ---
const HOUR = 36e5, DAY = 24 * HOUR;
const span = all.length ? [first - Math.max(HOUR, (last - first) * 0.015), last + Math.max(HOUR, (last - first) * 0.015)] : [0, 1];
const EDGE = 16;
const across = (time, wide) => EDGE + ((time - span[0]) / (span[1] - span[0])) * (wide - 2 * EDGE);
const timeAt = (x, wide) => span[0] + ((x - EDGE) / (wide - 2 * EDGE)) * (span[1] - span[0]);
function ticks(wide) {
  const most = Math.max(2, wide / 90), from = new Date(span[0]), whole = (span[1] - span[0]) / most;
  const found = [], push = (date, text) => { if (date >= span[0] && date <= span[1]) found.push([+date, text]); };
  if (whole < DAY) { const step = [1, 2, 3, 6, 12, 24].find((hours) => hours * HOUR >= whole) || 24; for (let n = 0, start = new Date(from).setMinutes(0, 0, 0); n < 400; n++) { const date = new Date(start + n * HOUR); if (date > span[1]) break; if (date.getHours() % step === 0) push(date, date.getHours() ? date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }) : date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })); } }
  else if (whole < 27 * DAY) { const step = [1, 2, 5, 10, 15].find((days) => days * DAY >= whole) || 15; for (let date = new Date(from.getFullYear(), from.getMonth(), from.getDate()); date <= span[1]; date.setDate(date.getDate() + 1)) { const n = date.getDate(); if ((n - 1) % step === 0 && n < 30) push(new Date(date), date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })); } }
  else { const step = [1, 2, 3, 6, 12, 24, 60, 120, 600, 2400].find((months) => months * 30 * DAY >= whole) || 12000; for (let year = from.getFullYear() - from.getFullYear() % Math.max(1, step / 12), month = 0, n = 0; n < 4000; n++, month += step) { const date = new Date(year, month, 1); if (date > span[1]) break; push(date, step >= 12 || date.getMonth() === 0 ? String(date.getFullYear()) : date.toLocaleDateString("en-GB", { month: "short" })); } }
  return found;
}
const times = $("timeline");
function drawTime() {
  const wide = times.clientWidth, high = times.clientHeight, ratio = devicePixelRatio || 1, pen = times.getContext("2d");
  if (!wide) return;
  times.width = wide * ratio; times.height = high * ratio; pen.scale(ratio, ratio);
  const foot = high - 20, bars = Math.max(10, Math.floor((wide - 2 * EDGE) / 7)), everything = new Float64Array(bars), some = new Float64Array(bars);
  const bar = (time) => Math.min(bars - 1, Math.max(0, Math.floor(((time - span[0]) / (span[1] - span[0])) * bars)));
  for (const memory of all) { const n = bar(memory.time); everything[n] += 1; if (anyTime[memory.row]) some[n] += 1; }
  const top = everything.reduce((a, b) => Math.max(a, b), 1), tall = (count) => (count ? Math.max(2, Math.sqrt(count / top) * (foot - 27)) : 0);
  const each = (wide - 2 * EDGE) / bars, accent = inked("accent"), faint = inked("line"), soft = inked("soft");
  for (let n = 0; n < bars; n++) {
    const x = EDGE + n * each, middle = span[0] + ((n + 0.5) / bars) * (span[1] - span[0]), out = middle < wanted.from || middle >= wanted.to;
    pen.fillStyle = faint; pen.fillRect(x + 0.5, foot - tall(everything[n]), each - 1.5, tall(everything[n]));
    pen.globalAlpha = out ? 0.25 : 1; pen.fillStyle = accent; pen.fillRect(x + 0.5, foot - tall(some[n]), each - 1.5, tall(some[n])); pen.globalAlpha = 1;
  }
  pen.fillStyle = soft; pen.font = "11px system-ui, sans-serif"; pen.textAlign = "center"; pen.textBaseline = "top";
  if (all.length) for (const [time, text] of ticks(wide)) { const x = Math.min(wide - 20, Math.max(20, across(time, wide))); pen.fillText(text, x, foot + 5); pen.fillRect(across(time, wide), foot, 1, 3); }
  pen.fillStyle = faint; pen.fillRect(EDGE, foot, wide - 2 * EDGE, 1);
  if (isTimed()) {
    const from = Math.max(EDGE, across(wanted.from, wide)), to = Math.min(wide - EDGE, across(wanted.to, wide));
    pen.globalAlpha = 0.1; pen.fillStyle = accent; pen.fillRect(from, 4, to - from, foot - 4);
    pen.globalAlpha = 1; for (const x of [from, to]) { pen.fillRect(x - 1, 4, 2, foot - 4); pen.beginPath(); pen.roundRect(x - 3.5, foot / 2 - 8, 7, 20, 3.5); pen.fill(); }
  }
  $("anytime").hidden = !isTimed();
  if (isTimed()) $("anytime").textContent = `${wanted.from > -Infinity ? day(wanted.from) : "…"} – ${wanted.to < Infinity ? day(wanted.to - 1) : "…"}  ✕`;
}
const asDay = (time) => { const date = new Date(time); return Number.isFinite(time) ? `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}` : ""; };
function setTime(from, to) { wanted.from = from; wanted.to = to; $("from").value = asDay(from); $("to").value = asDay(to - 1); update(); }
let brush = null;
times.addEventListener("pointerdown", (event) => {
  const wide = times.clientWidth, x = event.offsetX, from = across(wanted.from, wide), to = across(wanted.to, wide);
  times.setPointerCapture(event.pointerId);
  const fixed = Math.abs(x - from) < 9 ? to : Math.abs(x - to) < 9 ? from : null;
  brush = fixed !== null && Number.isFinite(fixed) ? { fixed, moved: true } : isTimed() && x > from && x < to ? { at: x, from, to, moved: false } : { fixed: x, moved: false };
});
times.addEventListener("pointermove", (event) => {
  if (!brush) return;
  const wide = times.clientWidth, x = Math.max(EDGE, Math.min(wide - EDGE, event.offsetX));
  if (!brush.moved && Math.abs(x - (brush.at ?? brush.fixed)) < 4) return;
  brush.moved = true;
  const pair = "at" in brush ? [brush.from + x - brush.at, brush.to + x - brush.at] : [Math.min(x, brush.fixed), Math.max(x, brush.fixed)];
  setTime(timeAt(pair[0], wide), timeAt(pair[1], wide));
});
for (const name of ["pointerup", "pointercancel"]) times.addEventListener(name, () => { if (brush && !brush.moved && isTimed()) setTime(-Infinity, Infinity); brush = null; });
$("anytime").addEventListener("click", () => setTime(-Infinity, Infinity));
for (const name of ["from", "to"]) $(name).addEventListener("change", () => {
  const parse = (text) => (text ? new Date(text + "T00:00").getTime() : NaN), from = parse($("from").value), to = parse($("to").value);
  wanted.from = Number.isNaN(from) ? -Infinity : from; wanted.to = Number.isNaN(to) ? Infinity : to + DAY; update();
});
new ResizeObserver(drawTime).observe(times);

// --- the filters ---
const MOST_TAGS = 24;
let everyTag = false;
function choices(place, values, set, count, about = {}) {
  const focused = document.activeElement && place.contains(document.activeElement) ? document.activeElement.dataset.value : null;
  place.parentElement.hidden = values.length < (about.least || 2);
  place.replaceChildren(...values.map((value) => {
    const button = made("button"), dot = made("i");
    if (about.color) { dot.style.background = about.color(value); button.append(dot); }
    button.append(made("span", about.name ? about.name(value) : value), made("small", (count.get(value) || 0).toLocaleString("en")));
    button.className = count.get(value) ? "" : "none"; button.setAttribute("aria-pressed", set.has(value)); button.dataset.value = value;
    button.addEventListener("click", () => { set.has(value) ? set.delete(value) : set.add(value); update(); });
    return button;
  }));
  if (focused !== null) for (const button of place.children) if (button.dataset.value === focused) button.focus();
}
function facets() {
  choices($("kinds"), kinds, wanted.kinds, counted(shown.map((memory) => memory.kind)));
  choices($("spaces"), spaces, wanted.spaces, counted(shown.map((memory) => memory.space)));
  const some = everyTag ? tags : [...new Set([...tags.slice(0, MOST_TAGS), ...wanted.tags])];
  choices($("tags"), some, wanted.tags, counted(shown.flatMap((memory) => memory.tags)), { least: 1 });
  if (tags.length > some.length) { const more = made("button", `${tags.length - some.length} more`); more.addEventListener("click", () => { everyTag = true; facets(); }); $("tags").append(more); }
  const told = labels.filter((label) => label.words.length).map((label) => label.group);
  choices($("groups"), told, wanted.groups, counted(shown.map((memory) => memory.group)), { color: (group) => (scheme === "groups" ? hue(group) : "var(--faint)"), name: (group) => labels[group].words.join(", ") });
}
$("importance").addEventListener("input", () => { wanted.least = Number($("importance").value); $("least").textContent = wanted.least ? wanted.least.toFixed(2) : "any"; update(); });
$("colors").append(...Object.keys(SCHEMES).map((name) => made("option", `by ${name === "groups" ? "group" : name === "tags" ? "tag" : name}`, { value: name })));
$("colors").addEventListener("change", () => { scheme = $("colors").value; recolor(); update(); graph.sheet.draw(); });
$("clear").addEventListener("click", () => {
  for (const set of [wanted.kinds, wanted.tags, wanted.spaces, wanted.groups]) set.clear();
  wanted.least = 0; $("importance").value = 0; $("least").textContent = "any"; $("find").value = wanted.query = "";
  setTime(-Infinity, Infinity);
});

// --- the list ---
const PAGE = 60;
let listed = 0;
function list() { listed = 0; $("list").replaceChildren(); $("listed").scrollTop = 0; if (!chosen) $("side").scrollTop = 0; longer(); }
function longer() {
  const words = split(wanted.query);
  $("list").append(...shown.slice(listed, listed + PAGE).map((memory) => line(memory, words)));
  listed = Math.min(shown.length, listed + PAGE);
}
function line(memory, words) {
  const item = made("li", undefined, { tabIndex: 0 }), dot = made("i"), text = made("p", undefined, { dir: "auto" });
  dot.style.background = memory.css;
  if (memory.speaker) text.append(made("b", memory.speaker + ": "));
  if (memory.title) text.append(made("b", memory.title + " "));
  text.append(...marked(words.length ? around(memory.text, words) : memory.text.slice(0, 400), words));
  const about = [day(memory.time), memory.kind === "fact" ? "" : memory.kind, spaces.length > 1 ? memory.space : "", memory.tags.map((tag) => "#" + tag).join(" ")];
  item.append(dot, text, made("small", about.filter(Boolean).join(" · ")));
  item.dataset.id = memory.id;
  return item;
}
const escaped = (words) => words.map((word) => word.replace(/[^\p{L}\p{N}_]/gu, "")).join("|");
function around(text, words) {  // the part of a long text that has the first of the words
  const at = text.length > 240 ? plain(text).search(new RegExp(`(?<![\\p{L}\\p{N}_])(${escaped(words)})`, "u")) : 0;
  return at > 160 ? "…" + text.slice(at - 60, at + 340) : text.slice(0, 400);
}
function marked(text, words) {
  if (!words.length || plain(text).length !== text.length) return [text];  // an accent may be a letter of its own: no places to go by
  const parts = [], pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(${escaped(words)})`, "gu"), folded = plain(text);
  let last = 0;
  for (const match of folded.matchAll(pattern)) { parts.push(text.slice(last, match.index), made("mark", text.slice(match.index, match.index + match[0].length))); last = match.index + match[0].length; }
  return [...parts, text.slice(last)];
}
$("list").addEventListener("click", (event) => { const item = event.target.closest("li"); if (item) open(byId.get(item.dataset.id), true); });
$("list").addEventListener("keydown", (event) => {
  const item = event.target.closest("li"), to = { ArrowDown: item.nextElementSibling, ArrowUp: item.previousElementSibling }[event.key];
  if (event.key === "Enter") open(byId.get(item.dataset.id), true);
  else if (to) { to.focus(); event.preventDefault(); }
  else if (event.key === "ArrowUp") $("find").focus();
});
new IntersectionObserver((seen) => { if (seen[0].isIntersecting && listed < shown.length) longer(); }, { root: $("side"), rootMargin: "600px" }).observe($("more"));

// --- one memory ---
function open(memory, go) {
  const before = chosen;
  chosen = memory || null;
  document.body.classList.toggle("reading", !!chosen);
  $("about").hidden = !chosen; $("listed").hidden = !!chosen; $("hint").hidden = true;
  graph.choose(chosen && graph.byId.get(chosen.id) || null);
  if (chosen) {
    show(chosen); $("side").scrollTop = 0;
    if (go) { away(map, chosen); const node = graph.byId.get(chosen.id); if (node) away(graph.sheet, node); }
  } else if (before) { for (const item of $("list").children) if (item.dataset.id === before.id) { item.scrollIntoView({ block: "center" }); item.focus({ preventScroll: true }); } }
  try { history.replaceState(null, "", chosen ? "#" + encodeURIComponent(chosen.id) : "#"); } catch { /* not where pages have no address */ }
  map.draw();
}
function away(sheet, point) {  // to it, if it is out of sight
  const { view } = sheet, canvas = sheet === map ? $("map") : $("graph"), x = point.x * view.zoom + view.x, y = point.y * view.zoom + view.y;
  if (Math.abs(x) > canvas.clientWidth / 2 - 40 || Math.abs(y) > canvas.clientHeight / 2 - 40) sheet.go(point);
}
function show(memory) {
  const place = shown.indexOf(memory);
  $("title").hidden = !memory.title; $("title").textContent = memory.title;
  $("text").replaceChildren(...marked(memory.text, split(wanted.query)));
  $("tagged").replaceChildren(...memory.tags.map((tag) => { const button = made("button", "#" + tag); button.addEventListener("click", () => { wanted.tags.add(tag); open(null); update(); }); return button; }));
  const meter = made("meter", undefined, { min: 0, max: 1, value: memory.importance, title: String(memory.importance) });
  const facts = [
    ["created", new Date(memory.time).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" })], ["kind", memory.kind === "fact" ? "" : memory.kind],
    ["said by", memory.speaker], ["conversation", memory.conversation], ["importance", meter], ["space", memory.space], ["source", memory.source], ["agent", memory.agent], ["team", memory.team],
    ["group", labels[memory.group] && labels[memory.group].words.length ? labels[memory.group].words.join(", ") : ""], ["id", made("code", memory.id)],
  ];
  $("facts").replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value]) => { const dd = made("dd", undefined, { dir: "auto" }); dd.append(value); return [made("dt", name), dd]; }));
  const said = memory.kind === "turn" ? all.filter((one) => one.kind === "turn" && one.conversation === memory.conversation && one.space === memory.space && Math.abs(one.position - memory.position) < 3 && one !== memory).sort((a, b) => a.position - b.position) : [];
  const links = [...memory.links].sort((a, b) => b.weight - a.weight);
  $("links").replaceChildren(
    ...part("Connected", links.map(({ type, weight, away, other }) => [other, `${away ? "→" : "←"} ${type} ${weight.toFixed(2)}`, graph.colors.get(type)])),
    ...part("In the conversation", said.map((one) => [one, one.position < memory.position ? "before" : "after"])),
    ...part("Near in meaning", memory.near.map(([row, cosine]) => [all[row], cosine.toFixed(2)])));
  $("previous").disabled = place <= 0; $("next").disabled = place < 0 || place + 1 >= shown.length;
}
function part(title, those) {
  return those.length ? [made("h2", title), ...those.map(([other, told, color]) => {
    const button = made("button"), small = made("small", told), text = made("span", (other.speaker ? other.speaker + ": " : "") + other.brief, { dir: "auto" });
    if (color) small.style.color = color;
    button.append(text, small); button.addEventListener("click", () => open(other, true));
    return button;
  })] : [];
}
const beside = (by) => { const place = shown.indexOf(chosen), other = shown[place + by]; if (place >= 0 && other) open(other, true); };
$("back").addEventListener("click", () => open(null));
$("previous").addEventListener("click", () => beside(-1));
$("next").addEventListener("click", () => beside(1));

// --- what is in sight ---
function tab(name) {
  document.body.dataset.tab = name;
  for (const button of document.querySelectorAll("[role=tab]")) { const is = button.dataset.tab === name; button.setAttribute("aria-selected", is); button.tabIndex = is ? 0 : -1; }
  const none = !all.length ? ["Nothing is remembered here yet.", 'memcli store "..."'] : name === "graph" && !edges.length ? ["No memory here is connected with another yet.", "memcli graph connect FROM TO --type about"] : null;
  $("nothing").hidden = !none; $("nothing").replaceChildren();
  if (none) $("nothing").append(none[0], made("code", none[1]));
  $("legend").hidden = name === "graph" || !all.length; $("zoom").hidden = !!none;
  map.draw(); graph.sheet.draw();
}
for (const button of document.querySelectorAll("[role=tab]")) {
  button.addEventListener("click", () => { if (chosen && button.dataset.tab === "list") open(null); tab(button.dataset.tab); });
  button.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key], tabs = [...document.querySelectorAll("[role=tab]")].filter((one) => one.offsetWidth);
    if (way) { const next = tabs[(tabs.indexOf(button) + way + tabs.length) % tabs.length]; next.focus(); next.click(); }
  });
}
for (const button of $("zoom").children) button.addEventListener("click", () => {
  const isGraph = document.body.dataset.tab === "graph", sheet = isGraph ? graph.sheet : map, by = Number(button.dataset.by);
  if (by) sheet.zoomAt({ x: 0, y: 0 }, by); else if (isGraph) sheet.fit(nodes, { left: 110, right: 110, top: 60, bottom: 60 }, 1.6); else fitMap();
});
function walk(dx, dy) {  // to the nearest memory in that direction
  const from = chosen || shown[0];
  let best = null, least = Infinity;
  for (const memory of shown) {
    const x = memory.x - from.x, y = memory.y - from.y, along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (memory !== from && along > 0 && along + 2.5 * aside < least) { least = along + 2.5 * aside; best = memory; }
  }
  if (best || !chosen) open(best || from, true);
}
$("map").addEventListener("keydown", (event) => {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (way && shown.length) { walk(...way); event.preventDefault(); }
  else if (event.key === "+" || event.key === "=") map.zoomAt({ x: 0, y: 0 }, 1.3);
  else if (event.key === "-") map.zoomAt({ x: 0, y: 0 }, 0.77);
  else if (event.key === "0") fitMap();
  else if (event.key === "Enter" && chosen) $("about").focus();
});
let waiting = 0;
$("find").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => { wanted.query = $("find").value; if (chosen) open(null); update(); }, all.length > 3000 ? 80 : 0); });
$("find").addEventListener("focus", indexed, { once: true });
$("find").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && shown.length) open(shown[0], true);
  else if (event.key === "ArrowDown" && $("list").firstChild) { $("list").firstChild.focus(); event.preventDefault(); }
});
$("search").addEventListener("click", () => $("find").focus());
addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "range";
  if (event.key === "Escape") {
    if (document.body.classList.contains("filtering")) filtering(false);
    else if (chosen) open(null);
    else if ($("find").value) { $("find").value = wanted.query = ""; update(); }
    else document.activeElement.blur();
  } else if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  else if (event.key === "/") { $("find").focus(); $("find").select(); event.preventDefault(); }
  else if (event.key === "m") tab("map");
  else if (event.key === "g") tab("graph");
  else if (event.key === "j") chosen ? beside(1) : shown.length && open(shown[0], true);
  else if (event.key === "k") beside(-1);
});
function filtering(on) { document.body.classList.toggle("filtering", on); $("filter").setAttribute("aria-expanded", on); }
$("filter").addEventListener("click", () => filtering(!document.body.classList.contains("filtering")));
$("stage").addEventListener("pointerdown", () => filtering(false));
function themed() { recolor(); list(); facets(); map.draw(); graph.sheet.draw(); drawTime(); }
$("theme").addEventListener("click", () => {
  const root = document.documentElement, isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark"; themed();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themed);
addEventListener("resize", () => { if (!chosen && map.view.zoom === base) fitMap(); });

document.title = `${data.space} · memcli`;
$("space").textContent = data.space;
recolor(); update(); tab("map");
const linked = all.find((memory) => location.hash === "#" + encodeURIComponent(memory.id));
if (linked) open(linked, true);
