/** Numbers, sizes, durations, times and money as text: three significant digits, and a unit always. */

const NONE = "–";
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const CENTS = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const SIZES = ["bytes", "kB", "MB", "GB", "TB"];
/** Each unit, its seconds, and from how many of it on the next one is better. */
const SPANS = [["second", 1, 60], ["minute", 60, 60], ["hour", 3600, 24], ["day", 86_400, Infinity]];

const isNone = (value) => value === null || value === undefined || Number.isNaN(value);

/** A number as it is shown: the unit is chosen by it, so that none reads `1,000 kB`. */
const rounded = (value) => Number(Number(value).toPrecision(3));

/** Return a count: `12,345`. @param {number | bigint | null} value */
export const count = (value) => (isNone(value) ? NONE : WHOLE.format(value));

/** Return a number: `0.482` in three significant digits, `12,345` whole. @param {number | bigint | null} value */
export function number(value) {
  if (isNone(value)) return NONE;
  return typeof value === "bigint" || Math.abs(value) >= 1000 ? WHOLE.format(value) : SHORT.format(value);
}

/** Return so many of something: `1 row`, `12 rows`. @param {number} value @param {string} one @param {string} [many] */
export const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** Return a size: `934 kB`. @param {number | bigint | null} value in bytes */
export function bytes(value) {
  if (isNone(value)) return NONE;
  const step = Math.max(0, SIZES.findLastIndex((_, power) => Math.abs(rounded(value)) >= 1000 ** power));
  return step === 0 ? counted(value, "byte") : `${SHORT.format(Number(value) / 1000 ** step)} ${SIZES[step]}`;
}

/** Return a duration: `0.131 ms`, `1.25 s`. @param {number | null} value in milliseconds */
export function ms(value) {
  if (isNone(value)) return NONE;
  return rounded(value) < 1000 ? `${SHORT.format(value)} ms` : seconds(value / 1000);
}

/** Return a duration: `3.4 s`, `12 min`, `5 h`, `3 days`. @param {number | null} value in seconds */
export function seconds(value) {
  if (isNone(value)) return NONE;
  if (rounded(value) < 120) return `${SHORT.format(value)} s`;
  if (Math.round(value / 60) < 120) return `${WHOLE.format(value / 60)} min`;
  return Math.round(value / 3600) < 48 ? `${WHOLE.format(value / 3600)} h` : `${WHOLE.format(value / 86_400)} days`;
}

/** Return money: `1.66 USD`; less than a cent in two digits: `0.0012 USD`. @param {number | null} value in US dollars */
export function dollars(value) {
  if (isNone(value)) return NONE;
  const small = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
  return `${value !== 0 && Math.abs(value) < 0.01 ? small.format(value) : CENTS.format(value)} USD`;
}

/** Return a share: `12 %`, `0.4 %`. @param {number | null} value from 0 to 1 */
export function percent(value) {
  return isNone(value) ? NONE : `${value >= 0.1 || value === 0 ? WHOLE.format(value * 100) : SHORT.format(value * 100)} %`;
}

/** Return a time of the API to the second, in UTC: `2026-11-22 13:34:25`. @param {string | null} value ISO 8601 */
export const time = (value) => (value ? value.slice(0, 19).replace("T", " ") : NONE);

/** Return how long ago that was: `3 min. ago`. @param {string | null} value ISO 8601 @param {number} [now] in ms */
export function ago(value, now = Date.now()) {
  if (!value) return NONE;
  const passed = (Date.parse(value) - now) / 1000;
  const [unit, size] = SPANS.find(([, span, most]) => Math.round(Math.abs(passed) / span) < most);
  return AGO.format(Math.round(passed / size), unit);
}
