// Numbers and lists as people read them: console/wording.py's rules.

const grouped = (value, digits) =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

export function threeDigits(value) {
  const shown = Number(value.toPrecision(3));
  return grouped(value, shown >= 100 ? 0 : shown >= 10 ? 1 : shown >= 1 || shown === 0 ? 2 : 3);
}

// A round number as people say it, by three digits that count: 1,230, 3.35 million.
export function quantity(value) {
  if (value >= 1e9) return `${Number((value / 1e9).toPrecision(3))} billion`;
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} million`;
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 10 });
}

// A sum of money without its unit; less than half a cent is <0.01, as it is not nothing.
export const usd = (amount) => (amount > 0 && amount < 0.005 ? "<0.01" : grouped(amount, 2));

export const megabytes = (bytes) => `${threeDigits(bytes / 1e6)} MB`;

export const interval = ([low, high]) =>
  high === null ? `${threeDigits(low)} or more` : `${threeDigits(low)} to ${threeDigits(high)}`;

export const joined = (texts) =>
  texts.length > 1 ? `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}` : (texts[0] ?? "");
