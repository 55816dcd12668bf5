// A graph as springs and dots on a sheet. `nodes` have id, title; `edges` have from, to, type, weight.
// `chose(node)` hears of a click; `room()` says how much of the sheet is covered by other things.
function newGraph(canvas, nodes, edges, chose, room) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const counts = new Map();
  for (const edge of edges) counts.set(edge.type, (counts.get(edge.type) || 0) + 1);
  const types = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
  const colors = new Map(types.map((type, n) => [type, `hsl(${(n * 137.5 + 15) % 360} 58% 52%)`]));
  const hidden = new Set();
  let chosen = null, found = null, heat = 1, settled = false;

  // --- the layout: springs along edges, repulsion by cells of a grid, a pull to the middle ---
  const golden = Math.PI * (3 - Math.sqrt(5));
  nodes.forEach((node, n) => {
    const far = 34 * Math.sqrt(n + 0.5);
    Object.assign(node, { x: far * Math.cos(n * golden), y: far * Math.sin(n * golden), dx: 0, dy: 0, degree: 0 });
  });
  const links = edges.map((edge) => ({ ...edge, a: byId.get(edge.from), b: byId.get(edge.to) })).filter((l) => l.a && l.b);
  for (const link of links) { link.a.degree += 1; link.b.degree += 1; }
  const between = new Map();
  for (const link of links) {
    const pair = [link.from, link.to].sort().join("\u0000");
    link.turn = between.get(pair) || 0;
    between.set(pair, link.turn + 1);
  }
  const CELL = 320;
  function step(heat) {
    const cells = new Map();
    for (const node of nodes) {
      const key = Math.floor(node.x / CELL) + ":" + Math.floor(node.y / CELL);
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push(node);
    }
    for (const node of nodes) {
      const column = Math.floor(node.x / CELL), row = Math.floor(node.y / CELL);
      for (let i = -1; i <= 1; i++) for (let j = -1; j <= 1; j++) {
        for (const other of cells.get(column + i + ":" + (row + j)) || []) {
          if (other === node) continue;
          const x = node.x - other.x, y = node.y - other.y;
          const square = Math.max(x * x + y * y, 60);
          if (square > CELL * CELL) continue;
          const push = 11000 / square;
          node.dx += (x / Math.sqrt(square)) * push;
          node.dy += (y / Math.sqrt(square)) * push;
        }
      }
      node.dx -= node.x * 0.007;  // screens are wider than high
      node.dy -= node.y * 0.014;
    }
    for (const { a, b, weight } of links) {
      const x = b.x - a.x, y = b.y - a.y, length = Math.hypot(x, y) || 1;
      const pull = ((length - 150) * (0.03 + 0.05 * weight)) / Math.sqrt(Math.min(a.degree, b.degree) || 1);
      a.dx += (x / length) * pull; a.dy += (y / length) * pull;
      b.dx -= (x / length) * pull; b.dy -= (y / length) * pull;
    }
    for (const node of nodes) {
      const length = Math.hypot(node.dx, node.dy) || 1, most = Math.min(length, 40 * heat);
      if (node !== sheet.held) { node.x += (node.dx / length) * most; node.y += (node.dy / length) * most; }
      node.dx = node.dy = 0;
    }
  }
  function settle() {  // before anybody looks, as far as that is quick; then show all of it
    settled = true;
    for (let n = 0, until = performance.now() + 400; n < 300 && performance.now() < until; n++) { step(heat); heat = Math.max(0.05, heat * 0.985); }
    const { left = 0, right = 0 } = room ? room() : {};
    sheet.fit(nodes, { left: left + 110, right: right + 110, top: 60, bottom: 60 }, 1.6);
  }

  // --- drawing ---
  const radius = (node) => 5 + Math.min(9, 1.6 * Math.sqrt(node.degree));
  const shown = (link) => !hidden.has(link.type);
  let ink = {};
  function paint(pen, view) {
    if (!settled) { settle(); return; }
    if (heat > 0.02) { step(heat); heat *= nodes.length > 2000 ? 0.94 : 0.985; sheet.draw(); }
    for (const name of ["back", "ink", "node", "ring"]) ink[name] = inked(name);
    pen.scale(view.zoom, view.zoom);
    const near = new Set(), over = sheet.over;
    if (chosen) { near.add(chosen); for (const l of links) if (shown(l)) { if (l.a === chosen) near.add(l.b); if (l.b === chosen) near.add(l.a); } }
    for (const link of links) if (shown(link)) arrow(pen, view, link, !chosen || link.a === chosen || link.b === chosen);
    const labelled = view.zoom > 0.3, named = [];
    for (const node of nodes) {
      const bright = node === chosen || (found ? found.has(node.id) : !chosen || near.has(node));
      pen.globalAlpha = bright ? 1 : 0.22;
      pen.beginPath(); pen.arc(node.x, node.y, radius(node), 0, 7);
      pen.fillStyle = node.color || ink.node; pen.fill();
      if (node === chosen || node === over) { pen.lineWidth = 3; pen.strokeStyle = ink.ring; pen.stroke(); }
      if (node === over || (bright && (labelled || (chosen && near.has(node))))) named.push(node);
    }
    pen.globalAlpha = 1;
    const taken = [], first = (node) => (node === chosen || node === over ? 1e9 : node.degree);
    for (const node of named.sort((a, b) => first(b) - first(a))) label(pen, view, node, taken);
  }
  function label(pen, view, node, taken) {  // where two would cover each other, the better connected one is named
    const must = node === chosen || node === sheet.over;
    const text = node.title.length > 34 && !must ? node.title.slice(0, 33) + "…" : node.title;
    pen.font = `${12 / Math.max(view.zoom, 0.8)}px system-ui, sans-serif`;
    pen.textAlign = "center"; pen.textBaseline = "top";
    const y = node.y + radius(node) + 3, half = pen.measureText(text).width / 2, tall = 14 / Math.max(view.zoom, 0.8);
    const box = [node.x - half, y, node.x + half, y + tall];
    if (!must && taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) return;
    taken.push(box);
    written(pen, text, node.x, y, ink.back, ink.ink, 4 / view.zoom);
  }
  function arrow(pen, view, link, bright) {
    const { a, b, turn } = link, x = b.x - a.x, y = b.y - a.y, length = Math.hypot(x, y) || 1;
    const side = (link.from < link.to ? 1 : -1) * (turn ? (turn % 2 ? 1 : -1) * Math.ceil(turn / 2) : 0);
    const bend = side * 34, mx = (a.x + b.x) / 2 - (y / length) * bend, my = (a.y + b.y) / 2 + (x / length) * bend;
    const ex = b.x - mx, ey = b.y - my, end = Math.hypot(ex, ey) || 1, stop = radius(b) + 3;
    const tx = b.x - (ex / end) * stop, ty = b.y - (ey / end) * stop;
    pen.globalAlpha = bright && (!found || (found.has(a.id) && found.has(b.id))) ? 0.35 + 0.65 * link.weight : 0.07;
    pen.strokeStyle = pen.fillStyle = colors.get(link.type);
    pen.lineWidth = 0.8 + 2.2 * link.weight;
    pen.beginPath(); pen.moveTo(a.x, a.y); pen.quadraticCurveTo(mx, my, tx, ty); pen.stroke();
    const size = 5 + 2 * link.weight, ux = ex / end, uy = ey / end;
    pen.beginPath(); pen.moveTo(tx + ux * 2, ty + uy * 2);
    pen.lineTo(tx - ux * size - uy * size * 0.55, ty - uy * size + ux * size * 0.55);
    pen.lineTo(tx - ux * size + uy * size * 0.55, ty - uy * size - ux * size * 0.55);
    pen.fill();
    if (chosen && bright && view.zoom > 0.5) {
      pen.globalAlpha = 1; pen.font = `${11 / Math.max(view.zoom, 0.8)}px system-ui, sans-serif`;
      pen.textAlign = "center"; pen.textBaseline = "middle";
      const said = `${link.type} ${link.weight.toFixed(2)}`;
      written(pen, said, (a.x + b.x) / 4 + mx / 2, (a.y + b.y) / 4 + my / 2, ink.back, colors.get(link.type), 4 / view.zoom);
    }
  }
  function at(point, view) {
    let best = null, least = Infinity;
    for (const node of nodes) {
      const far = Math.hypot(node.x - point.x, node.y - point.y) - radius(node);
      if (far < least) { least = far; best = node; }
    }
    return least < 6 / view.zoom ? best : null;
  }
  const sheet = newSheet(canvas, {
    paint, at, choose: chose,
    drag(node, point) { Object.assign(node, point); heat = Math.max(heat, 0.25); },
  });
  sheet.limits[1] = 6;
  sheet.draw();
  return {
    sheet, byId, links, types, counts, colors, hidden,
    get chosen() { return chosen; },
    choose(node) { chosen = node; sheet.draw(); },
    find(ids) { found = ids; sheet.draw(); },
    // The edges of `node` that are shown, the strongest first, each with what is at its other end.
    of(node) {
      return links.filter((link) => shown(link) && (link.a === node || link.b === node))
        .sort((a, b) => b.weight - a.weight).map((link) => ({ link, other: link.a === node ? link.b : link.a, away: link.a === node }));
    },
  };
}
