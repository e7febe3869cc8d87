// Nodes from values. Everything that comes from outside becomes a text node or an attribute of a
// fixed name; nothing is ever parsed as HTML.
const SVG = "http://www.w3.org/2000/svg";

function filled(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  add(node, children);
  return node;
}

export function add(node, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export const h = (tag, props, ...children) => filled(document.createElement(tag), props, children);
export const s = (tag, props, ...children) => filled(document.createElementNS(SVG, tag), props, children);

export function text(node, value) {
  const said = String(value);
  if (node.textContent !== said) node.textContent = said;
  return node;
}

export function attr(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
  return node;
}

export const replace = (node, ...children) => add((node.replaceChildren(), node), ...children);

// Children of `parent`, one per item in order; kept by key, so that focus and scrolling survive.
// `make(item)` gives a node with a method `show(item)`.
export function keyed(parent, items, keyOf, make) {
  const wanted = new Set(items.map((item) => String(keyOf(item))));
  const kept = new Map();
  for (const child of [...parent.children]) {
    if (wanted.has(child.dataset.key)) kept.set(child.dataset.key, child);
    else child.remove();
  }
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let node = kept.get(key);
    if (!node) {
      node = make(item);
      node.dataset.key = key;
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
    node.show(item);
  }
}

export function panel(title, about, ...children) {
  const end = h("div", { class: "end" });
  const node = h("section", { class: "panel" }, h("header", null, h("h2", null, title), about && h("p", null, about), end), ...children);
  node.end = end;
  return node;
}

export function table(caption, columns) {
  const body = h("tbody");
  const heads = columns.map(([name, kind]) => h("th", { scope: "col", class: kind }, name));
  const node = h("table", null, h("caption", { class: "hidden-text" }, caption), h("thead", null, h("tr", null, heads)), body);
  node.body = body;
  return node;
}

export const chip = (said, tone) => h("span", { class: "chip", "data-tone": tone }, said);
