// A canvas that is looked at like a sheet of paper: drag to pan, scroll or pinch to zoom. Shared by the pages.
// `acts`: paint(pen, view, wide, high) draws; at(point) names what is at a point of the sheet; over(thing, event)
// and choose(thing) hear of it; drag(thing, point), if there is one, moves what is held.
function newSheet(canvas, acts) {
  const pen = canvas.getContext("2d"), view = { x: 0, y: 0, zoom: 1 }, fingers = new Map(), limits = [0.04, 60];
  let asked = false, over = null, held = null, moved = 0, spread = 0;
  const draw = () => { if (!asked) { asked = true; requestAnimationFrame(paint); } };
  function paint() {
    asked = false;
    const ratio = devicePixelRatio || 1, wide = canvas.clientWidth, high = canvas.clientHeight;
    if (!wide || !high) return;
    const across = Math.round(wide * ratio), down = Math.round(high * ratio);
    if (canvas.width !== across || canvas.height !== down) { canvas.width = across; canvas.height = down; }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, wide, high);
    pen.translate(wide / 2 + view.x, high / 2 + view.y);
    acts.paint(pen, view, wide, high);
  }
  function fromMiddle(event) {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  }
  function onSheet(event) {
    const point = fromMiddle(event);
    return { x: (point.x - view.x) / view.zoom, y: (point.y - view.y) / view.zoom };
  }
  function zoomAt(point, by) {
    const zoom = Math.min(limits[1], Math.max(limits[0], view.zoom * by)), real = zoom / view.zoom;
    view.x = (view.x - point.x) * real + point.x;
    view.y = (view.y - point.y) * real + point.y;
    view.zoom = zoom; draw();
  }
  function hover(thing, event) {
    if (thing !== over) { over = thing; canvas.classList.toggle("over", thing !== null); draw(); }
    if (acts.over) acts.over(thing, event);
  }
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault(); zoomAt(fromMiddle(event), Math.exp(-event.deltaY * 0.0015));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event); moved = 0; spread = 0;
    held = fingers.size === 1 ? acts.at(onSheet(event), view) : null;
    canvas.classList.add("moving");
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) { hover(acts.at(onSheet(event), view), event); return; }
    const x = event.clientX - before.clientX, y = event.clientY - before.clientY;
    fingers.set(event.pointerId, event); moved += Math.abs(x) + Math.abs(y);
    if (fingers.size === 2) {
      const [one, two] = [...fingers.values()], now = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
      const middle = { clientX: (one.clientX + two.clientX) / 2, clientY: (one.clientY + two.clientY) / 2 };
      if (spread) zoomAt(fromMiddle(middle), now / spread);
      spread = now;
    } else if (held !== null && acts.drag) { if (moved > 4) acts.drag(held, onSheet(event)); }
    else { view.x += x; view.y += y; }
    if (moved > 4) hover(null, event);
    draw();
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => {
    fingers.delete(event.pointerId); spread = 0;
    if (!fingers.size) canvas.classList.remove("moving");
    const thing = held; held = null;
    if (name === "pointerup" && moved <= 4) acts.choose(thing);
  });
  canvas.addEventListener("pointerleave", (event) => hover(null, event));
  new ResizeObserver(draw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  return {
    view, draw, zoomAt, limits,
    get over() { return over; },
    get held() { return held; },
    go(point) { view.x = -point.x * view.zoom; view.y = -point.y * view.zoom; draw(); },
    // All of `points` in sight, with `room` {left, top, right, bottom} around them.
    fit(points, room, most) {
      if (!points.length || !canvas.clientWidth) return;
      let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
      for (const { x, y } of points) { left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = Math.max(bottom, y); }
      const wide = canvas.clientWidth - room.left - room.right, high = canvas.clientHeight - room.top - room.bottom;
      view.zoom = Math.min(most, Math.max(limits[0], Math.min(wide / (right - left || 1), high / (bottom - top || 1))));
      view.x = -(right + left) / 2 * view.zoom + (room.left - room.right) / 2;
      view.y = -(bottom + top) / 2 * view.zoom + (room.top - room.bottom) / 2;
      draw();
    },
  };
}

const $ = (id) => document.getElementById(id);
const inked = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
function written(pen, text, x, y, halo, ink, width) {
  pen.lineWidth = width; pen.strokeStyle = halo; pen.lineJoin = "round";
  pen.strokeText(text, x, y); pen.fillStyle = ink; pen.fillText(text, x, y);
}
