/** Small helpers that make elements. Nothing here parses HTML, so no text of a row can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 * @param {string} name `div`, or `div.card.wide` with classes
 * @param {Record<string, unknown>} [attributes] a function is a listener (`onclick`); true is an empty attribute; what
 *   is null, undefined or false is left out; `style` is an object of properties, custom ones among them
 * @param {...(Node | string | number | null | undefined | false | (Node | string | null)[])} children
 * @returns {HTMLElement}
 */
export function make(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.classList.add(...classes);
  return fill(attribute(element, attributes), ...children);
}

/**
 * Make an element of a picture.
 * @param {string} name
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {SVGElement}
 */
export function draw(name, attributes = {}, ...children) {
  return fill(attribute(document.createElementNS(SVG, name), attributes), ...children);
}

/**
 * Put children in place of those that an element has.
 * @template {Element} T
 * @param {T} element
 * @param {...unknown} children
 * @returns {T}
 */
export function fill(element, ...children) {
  const kept = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
  element.replaceChildren(...kept.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/**
 * Make a table: a caption for those who hear it, a head, a body.
 * @param {string} caption
 * @param {{text: string, isNumber?: boolean}[]} columns
 * @param {(Node | string)[][]} rows
 * @returns {HTMLElement} in a region that scrolls sideways where the table is wider
 */
export function table(caption, columns, rows) {
  const kind = (column) => ({ class: column.isNumber ? "number" : null });
  const head = columns.map((column) => make("th", { scope: "col", ...kind(column) }, column.text));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell, i) => make("td", kind(columns[i]), cell))));
  return make(
    "div.scroller",
    { tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption.hidden", {}, caption), make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body)),
  );
}

/**
 * Make a figure with its name: `term` above, large `value`, small `note` below.
 * @param {string} term
 * @param {Node | string} value
 * @param {Node | string | null} [note]
 */
export function figure(term, value, note = null) {
  return make("div.figure", {}, make("dt", {}, term), make("dd", {}, value), note && make("dd.note", {}, note));
}

/**
 * Return a colour of the style sheet as the canvas wants it, in the theme of now.
 * @param {string} property `--series-1`
 */
export function colour(property) {
  const probe = make("span", { style: { color: `var(${property})`, display: "none" } });
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function attribute(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === "class") element.classList.add(...String(value).split(" "));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  return element;
}
