/** Rows as a table: each value exactly as the API gives it, numbers to the right, a row's id opens the row. */

import { jsonOf } from "../../api.js";
import { make } from "../../elements.js";
import { time } from "../../format.js";

const TIME_CHARACTERS = 10; // of a ULID

/**
 * Make the table of a page.
 * @param {string} caption
 * @param {import("../../description.js").Column[]} columns
 * @param {Record<string, unknown>[]} rows
 * @param {(id: string) => void} open
 */
export function rowsTable(caption, columns, rows, open) {
  const head = columns.map((column) => make("th", { scope: "col", class: isNumber(column) ? "number" : null }, column.name));
  const body = rows.map((row) => make("tr", {}, ...columns.map((column, place) => cell(column, row, place, open))));
  return make(
    "div.scroller.rows",
    { tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption.hidden", {}, caption), make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body)),
  );
}

/**
 * Return a value of a row as it is shown: a text for what is there, a dash for what is not.
 * @param {import("../../description.js").Column} column
 * @param {unknown} value
 * @returns {Node | string}
 */
export function shown(column, value) {
  if (value === null || value === undefined) return make("span.none", {}, "none");
  if (column.format === "date-time") return make("time", { datetime: value, title: value }, precise(String(value)));
  return typeof value === "object" ? make("code", {}, jsonOf(value)) : String(value);
}

/** To the second, and the fraction where there is one. */
function precise(value) {
  const fraction = /\.\d*[1-9]/.exec(value)?.[0] ?? "";
  return time(value) + fraction;
}

const isNumber = (column) => column.type === "number" || column.type === "integer";

function cell(column, row, place, open) {
  const value = row[column.name];
  if (place === 0) {
    return make("th", { scope: "row" }, opener(String(value), open));
  }
  return make("td", { class: isNumber(column) ? "number" : null }, shown(column, value));
}

/** A button with a row's id. Where there is no room its time is left out, which rows of a page have in common. */
function opener(id, open) {
  const [time, rest] = [id.slice(0, TIME_CHARACTERS), id.slice(TIME_CHARACTERS)];
  const attributes = { type: "button", title: `Show row ${id}`, "aria-label": id, onclick: () => open(id) };
  return make("button.link.mono", attributes, make("span.id-time", {}, time), rest);
}
