/** The fields beside the load: what most reads are like, and within how many milliseconds the slowest should be. */

import { make } from "../../elements.js";

/** Workloads of which one request is one read, as most reads of a data set are. */
const WORKLOADS = { "newest-100": "the newest 100 rows", "by-id": "one row by its id", range: "rows within a range" };

/**
 * Make the fields.
 * @param {any} session
 * @param {{workload: string, withinMs: number | null}} asked
 * @param {(changes: Partial<{workload: string, withinMs: number | null}>) => void} onAsk
 */
export function question(session, asked, onAsk) {
  const known = session ? Object.keys(WORKLOADS).filter((name) => session.settings.workloads.includes(name)) : [];
  const options = Object.entries(WORKLOADS).map(([name, text]) =>
    make("option", { value: name, selected: name === asked.workload, disabled: session && !known.includes(name) }, text),
  );
  const fault = make("span.fault", { id: "fault-within", role: "status" });
  const within = make("input", {
    id: "within",
    type: "text",
    inputmode: "decimal",
    value: asked.withinMs ?? "",
    placeholder: "any",
    "aria-describedby": "fault-within",
    onchange: () => {
      const value = within.value.trim() === "" ? null : Number(within.value);
      const isWrong = value !== null && !(value > 0 && value < Infinity);
      within.setAttribute("aria-invalid", String(isWrong));
      fault.textContent = isWrong ? "a number of milliseconds, or nothing" : "";
      if (!isWrong) onAsk({ withinMs: value });
    },
  });
  return make(
    "div.columns",
    {},
    make("label.field", {}, make("span", {}, "Most reads ask for"), make("select", { id: "workload", onchange: (event) => onAsk({ workload: event.target.value }) }, ...options)),
    make("label.field", {}, make("span", {}, "99 % of reads within (ms)"), within, fault),
  );
}
