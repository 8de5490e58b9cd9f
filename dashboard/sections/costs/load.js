/** The load that costs and verdict are about: what the visitor set, else what the data set says, else what is assumed. */

import { scenarioOf } from "../../costs/scenario.js";
import { describe } from "../../description.js";

/** What was set last on this page: both sections go on with it. @type {Record<string, number>} */
let latest = {};

/**
 * Return what the data set says of a scenario: whether PostgreSQL is there, its rows and, where the snapshot is large enough to tell, a row's bytes.
 * @param {import("../../api.js").Api} api
 * @param {any} model
 * @param {AbortSignal} signal
 * @returns {Promise<{bookmark: string | null, values: Record<string, number>}>} no rows where there are none yet
 */
export async function measuredData(api, model, signal) {
  const [{ body }, { homes }] = await Promise.all([api.get("/snapshots", { signal }), describe(api)]);
  const { rows = 0, bytes = 0, bookmark = null } = body.snapshots[0] ?? {};
  const there = homes.includes("postgres") ? { postgres: 1 } : {};
  if (!rows) return { bookmark, values: there };
  if (bytes <= model.constants.TELLING_BYTES) return { bookmark, values: { ...there, rows } };
  const [snapshotEach, { SNAPSHOT_BYTES_A_ROW_BYTE }] = [bytes / rows, model.constants];
  return { bookmark, values: { ...there, rows, snapshot_row_bytes: snapshotEach, row_bytes: snapshotEach / SNAPSHOT_BYTES_A_ROW_BYTE } };
}

/**
 * Put a scenario together: what is given beats what is measured, which beats what is assumed.
 * @param {any} model
 * @param {Record<string, number>} measured
 * @param {URLSearchParams} query of the page's address: members of the scenario by name
 */
export function startingLoad(model, measured, query) {
  const given = Object.fromEntries(
    Object.keys(model.inputs).flatMap((name) => {
      const value = query.has(name) ? allowed(model, name, query.get(name)) : null;
      return value === null ? [] : [[name, value]];
    }),
  );
  latest = Object.keys(given).length ? given : latest;
  return { scenario: scenarioOf(model, { ...measured, ...latest }), given: { ...latest } };
}

/** Remember what was set. @param {Record<string, number>} given */
export function keepLoad(given) {
  latest = { ...given };
}

/** Return what was typed as a number within the input's limits; null where it is none. */
export function allowed(model, name, text) {
  const { least, most } = model.inputs[name];
  const value = Number(String(text).replaceAll(/[\s,_]/g, ""));
  return String(text).trim() === "" || !(least <= value && value <= most) ? null : value;
}
