/** How a percentile went from one benchmark to the next, as far as more than noise is shown. */

import { make } from "../../elements.js";
import { overlap } from "../verdict/choice.js";

const NOT_SHOWN = "no difference shown";

/**
 * Say how a percentile changed: in colour where the 95 % intervals do not overlap.
 * @param {any[]} points a home's, oldest first
 * @param {any} point one of them
 * @param {string} percentile
 * @returns {HTMLElement | null} null where the benchmark before is none to compare with
 */
export function change(points, point, percentile) {
  const share = point[`${percentile}_change`] ?? null;
  if (share === null) return null;
  const [before, now] = [points[points.indexOf(point) - 1], point].map((it) => it[`${percentile}_interval`] ?? null);
  if (!before || !now || overlap(before, now)) return make("span.change", {}, ` ${NOT_SHOWN}`);
  const shown = `${share > 0 ? "+" : "−"}${Math.abs(share * 100).toFixed(0)} %`;
  return make("span.change", { "data-kind": share > 0 ? "worse" : "better" }, ` ${shown}`);
}
