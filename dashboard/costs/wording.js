/** Numbers and lists as the console says them (console/wording.py). */

const THREE = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, roundingMode: "halfEven" });

/** Return a round number as people say it, by three digits that count: `1,230`, `3.35 million`. @param {number} value */
export function quantity(value) {
  if (value >= 1e9) return `${THREE.format(value / 1e9)} billion`;
  return value >= 1e6 ? `${THREE.format(value / 1e6)} million` : THREE.format(value);
}

/** Return texts as a list: `a, b and c`. @param {string[]} texts */
export const joined = (texts) =>
  texts.length > 1 ? `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}` : (texts[0] ?? "");
