// Small drawings. Each gives a node with a method `show(values)`.
import { attr, h, replace, s } from "./dom.js";

const finite = (values) => values.filter((value) => value !== null && value !== undefined && Number.isFinite(value));

// A line over even steps; a missing value is a gap. `limits` are horizontal lines: [value, class].
export function spark({ width = 120, height = 26, least = 0, most = null, limits = [], label = null }) {
  const area = s("path", { class: "area" });
  const line = s("path", { class: "line" });
  const marks = limits.map(([, kind]) => s("line", { class: `limit ${kind}`, x1: 0, x2: width }));
  const node = s("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }) }, area, line, marks);
  node.show = (values, slots = values.length) => {
    const top = most ?? Math.max(...finite(values), ...limits.map(([value]) => value), least + 1e-9) * 1.08;
    const y = (value) => height - 1 - ((Math.min(value, top) - least) / (top - least)) * (height - 2);
    const step = width / Math.max(1, slots - 1);
    const from = slots - values.length;
    let path = "", filled = "", open = null;
    values.forEach((value, place) => {
      const x = ((from + place) * step).toFixed(1);
      if (value === null || value === undefined || !Number.isFinite(value)) { open = null; return; }
      path += `${open === null ? "M" : "L"}${x} ${y(value).toFixed(1)}`;
      if (open === null) { filled += `${filled ? "Z" : ""}M${x} ${height}L${x} ${y(value).toFixed(1)}`; open = x; } else filled += `L${x} ${y(value).toFixed(1)}`;
      const next = values[place + 1];
      if (next === null || next === undefined) filled += `L${x} ${height}`;
    });
    attr(line, "d", path || null);
    attr(area, "d", filled ? `${filled}Z` : null);
    limits.forEach(([value], place) => { attr(marks[place], "y1", y(value)); attr(marks[place], "y2", y(value)); });
  };
  return node;
}

// A bar of parts of a whole: [share of 0..1, class].
export function bar() {
  const node = h("span", { class: "bar", "aria-hidden": "true" });
  node.show = (parts, tone) => {
    attr(node, "data-tone", tone ?? null);
    while (node.children.length < parts.length) node.append(h("i"));
    while (node.children.length > parts.length) node.lastChild.remove();
    let left = 0;
    parts.forEach(([share, kind], place) => {
      const part = node.children[place];
      const width = Math.max(0, Math.min(1 - left, share || 0));
      attr(part, "class", kind ?? "");
      part.style.left = `${100 * left}%`;
      part.style.width = `${100 * width}%`;
      left += width;
    });
  };
  return node;
}

// Tasks on the left, models on the right, bands between them as wide as what went there.
export function sankey({ width = 720, height = 300, label, colour }) {
  const node = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart sankey", role: "img", "aria-label": label });
  const BAR = 10, GAP = 12;
  node.show = (flows) => { // {task, model, spilled, n}
    const wide = node.clientWidth || width;
    attr(node, "viewBox", `0 0 ${wide} ${height}`);
    const LEFT = wide < 500 ? 74 : 110, RIGHT = wide - (wide < 500 ? 96 : 150);
    const total = flows.reduce((sum, flow) => sum + flow.n, 0);
    if (!total) { replace(node); return; }
    const side = (name) => {
      const sums = new Map();
      for (const flow of flows) sums.set(flow[name], (sums.get(flow[name]) ?? 0) + flow.n);
      const scale = (height - 8 - GAP * (sums.size - 1)) / total;
      let y = 4;
      const places = new Map();
      for (const [each, n] of sums) { places.set(each, { y, next: y, height: n * scale, n }); y += n * scale + GAP; }
      return { places, scale };
    };
    const tasks = side("task"), models = side("model");
    const scale = Math.min(tasks.scale, models.scale);
    for (const { places } of [tasks, models]) {
      let y = (height - total * scale - GAP * (places.size - 1)) / 2;
      for (const place of places.values()) { place.height = place.n * scale; place.y = place.next = y; y += place.height + GAP; }
    }
    const bands = flows.map((flow) => {
      const from = tasks.places.get(flow.task), to = models.places.get(flow.model);
      const thick = flow.n * scale, a = from.next, b = to.next, middle = (LEFT + BAR + RIGHT) / 2;
      from.next += thick; to.next += thick;
      const d = `M${LEFT + BAR} ${a}C${middle} ${a} ${middle} ${b} ${RIGHT} ${b}V${b + thick}C${middle} ${b + thick} ${middle} ${a + thick} ${LEFT + BAR} ${a + thick}Z`;
      return s("path", { d, class: flow.spilled ? "band spill" : `band ${colour(flow.model)}` }, s("title", null, `${flow.task} → ${flow.model}: ${flow.n}${flow.spilled ? " (spill)" : ""}`));
    });
    const ends = (side_, x, out) => [...side_.places].flatMap(([name, place]) => [
      s("rect", { x, y: place.y, width: BAR, height: Math.max(1, place.height), rx: 2, class: out ? `fill ${colour(name)}` : "end" }),
      s("text", { x: out ? x + BAR + 7 : x - 7, y: place.y + place.height / 2 - 1, "text-anchor": out ? "start" : "end", class: "strong" }, name),
      s("text", { x: out ? x + BAR + 7 : x - 7, y: place.y + place.height / 2 + 12, "text-anchor": out ? "start" : "end" }, `${place.n} · ${Math.round((100 * place.n) / total)} %`),
    ]);
    replace(node, bands, ends(tasks, LEFT, false), ends(models, RIGHT, true));
  };
  return node;
}

// Columns over time, each a stack of [value, class]; `peak` keeps the scale still between frames.
export function stacks({ width = 720, height = 150, label, slots }) {
  const node = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": label });
  node.show = (columns, unit, names) => {
    width = node.clientWidth || width;
    attr(node, "viewBox", `0 0 ${width} ${height}`);
    const most = Math.max(1, ...columns.map((column) => column.reduce((sum, [value]) => sum + value, 0)));
    const top = niceTop(most), base = height - 18, left = 30, wide = (width - left) / slots;
    const grid = [0.5, 1].flatMap((part) => {
      const y = base - part * (base - 16);
      return [s("line", { class: "grid", x1: left, x2: width, y1: y, y2: y }), s("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, round(top * part))];
    });
    const rects = columns.flatMap((column, place) => {
      let y = base;
      return column.filter(([value]) => value > 0).map(([value, kind, said]) => {
        const tall = (value / top) * (base - 16);
        y -= tall;
        return s("rect", { x: left + place * wide + 0.5, y, width: Math.max(1, wide - 1), height: Math.max(0.4, tall - 0.4), class: kind }, said && s("title", null, said));
      });
    });
    const axis = s("line", { class: "axis", x1: left, x2: width, y1: base, y2: base });
    const said = names.map(([part, name]) => s("text", { x: left + part * (width - left), y: height - 4, "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle" }, name));
    replace(node, grid, axis, rects, said, s("text", { x: left + 4, y: 9, class: "unit" }, unit));
  };
  return node;
}

const round = (value) => (value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1));
export function niceTop(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 5, 8, 10].map((step) => step * power).find((step) => step >= most) ?? most;
}

// A mean with its interval on 0..1.
export function interval({ width = 220, height = 18 }) {
  const node = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart interval", "aria-hidden": "true" });
  const y = height / 2, x = (value) => 4 + value * (width - 8);
  node.show = (low, mean, high, kind) => replace(node,
    s("line", { class: "axis", x1: x(0), x2: x(1), y1: y, y2: y }),
    [0, 0.5, 1].map((at) => s("line", { class: "axis", x1: x(at), x2: x(at), y1: y - 3, y2: y + 3 })),
    s("line", { class: `stroke range ${kind}`, x1: x(low), x2: x(high), y1: y, y2: y }),
    s("circle", { class: `fill ${kind}`, cx: x(mean), cy: y, r: 4 }));
  return node;
}
