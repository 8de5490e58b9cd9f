/** A month's bill as bars, one for each home, cut by service; the whole width is the dearest home's. */

import { draw, make } from "../../elements.js";
import { dollars } from "../../format.js";

/** The services that a bar tells apart, each with the lines of the bill that it adds up. */
export const GROUPS = [
  { name: "HTTP API", lines: ["HTTP API"] },
  { name: "Lambda", lines: ["Lambda requests", "Lambda time"] },
  { name: "EFS", lines: ["EFS storage", "EFS reads", "EFS writes", "EFS metadata"] },
  { name: "DynamoDB", lines: ["DynamoDB reads", "DynamoDB writes", "DynamoDB storage", "DynamoDB recovery"] },
  { name: "logs, traces", lines: ["access log", "traces"] },
  { name: "PostgreSQL", lines: ["PostgreSQL"] },
];

/**
 * Make the bars.
 * @param {any} model
 * @param {ReturnType<typeof import("../../costs/study.js").study>} found
 * @returns {HTMLElement}
 */
export function bars(model, found) {
  const most = Math.max(...Object.values(found.totalsUsd));
  const groups = GROUPS.filter(({ lines }) => lines.some((line) => line in found.bills.ddb));
  return make(
    "div.cost-bars",
    {},
    ...found.homes.map((source) => home(source, found, most)),
    make("ul.legend", { "aria-label": "Services" }, ...groups.map(({ name }, i) => make("li", {}, swatch(i), name))),
  );
}

function home(source, found, most) {
  const isCheapest = found.cheapest.includes(source);
  const total = found.totalsUsd[source];
  const head = make(
    "div.cost-head",
    {},
    make("h3", {}, source),
    isCheapest && make("span.badge", { "data-kind": "good" }, "cheapest"),
    make("span.cost-total", {}, total === undefined ? "cannot run" : dollars(total)),
  );
  const reason = found.cannotRun[source];
  return make("div.cost-bar", {}, head, reason ? make("p.note", {}, `${capital(reason)}.`) : bar(source, found.bills[source], total, most));
}

function bar(source, lines, total, most) {
  const parts = GROUPS.map(({ name, lines: names }) => ({ name, usd: names.reduce((sum, each) => sum + (lines[each] ?? 0), 0) }));
  let from = 0;
  const pieces = parts.map(({ name, usd }, i) => {
    const [x, width] = [(100 * from) / most, (100 * usd) / most];
    from += usd;
    const shown = draw("title", {}, `${name}: ${dollars(usd)}`);
    return draw("rect", { x: `${x}%`, width: `${width}%`, y: 0, height: "100%", class: `fill-${i + 1}` }, shown);
  });
  const told = parts.filter(({ usd }) => usd).map(({ name, usd }) => `${name} ${dollars(usd)}`);
  const label = `${source}: ${dollars(total)} a month; ${told.join(", ")}`;
  return draw("svg", { class: "cost-line", role: "img", "aria-label": label, width: "100%", height: 22 }, ...pieces);
}

const swatch = (i) => make("span.swatch", { style: { background: `var(--series-${i + 1})` }, "aria-hidden": "true" });

const capital = (text) => text[0].toUpperCase() + text.slice(1);
