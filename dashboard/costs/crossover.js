/** Where the cheapest of several changes as one number grows: console/costs/crossover.py, step by step the same. */

export function cheapest({ constants }, costs) {
  const least = Math.min(...Object.values(costs));
  return Object.keys(costs).filter((name) => costs[name] === least || costs[name] - least <= constants.TOLERANCE * least);
}

/** All changes of the cheapest between two positive numbers, in order: [{at, below, above}]. */
export function crossings(model, costs, low, high) {
  const known = new Map();
  const look = (at) => {
    if (!known.has(at)) known.set(at, costs(at));
    return known.get(at);
  };
  const merged = [];
  const all = steps(model, low, high);
  for (let number = 1; number < all.length; number += 1) {
    for (let found of between(model, look, all[number - 1], all[number])) {
      // A change on a step is seen from both sides: until there the costs differ, there they are equal.
      if (merged.length && found.at <= merged.at(-1).at * (1 + 10 * model.constants.BESIDE)) {
        found = { ...merged.pop(), above: found.above };
      }
      if (!same(found.below, found.above)) merged.push(found);
    }
  }
  return merged;
}

function steps({ constants }, low, high) {
  const count = Math.max(1, Math.ceil(Math.log10(high / low) * constants.STEPS_PER_DECADE));
  return Array.from({ length: count + 1 }, (_, step) =>
    step === 0 ? low : step === count ? high : low * (high / low) ** (step / count),
  );
}

function* between(model, costs, from, to) {
  let left = from;
  let below = cheapest(model, costs(left));
  while (left < to && !same(below, cheapest(model, costs(to)))) {
    const at = solved(model, costs, left, to) || bisected(model, costs, left, to, below);
    left = Math.min(to, at * (1 + model.constants.BESIDE));
    const above = cheapest(model, costs(left));
    yield { at, below, above };
    below = above;
  }
}

/** Where a straight line between both ends says that they cost the same, if they do there; null if not. */
function solved(model, costs, left, right) {
  const below = cheapest(model, costs(left));
  const first = below[0];
  const last = cheapest(model, costs(right)).at(-1);
  const atLeft = costs(left)[first] - costs(left)[last];
  const atRight = costs(right)[first] - costs(right)[last];
  if (!(atLeft < 0 && atRight > 0)) return null;
  const at = left + ((right - left) * atLeft) / (atLeft - atRight);
  const there = cheapest(model, costs(at));
  const before = cheapest(model, costs(at * (1 - model.constants.BESIDE)));
  return there.includes(first) && there.includes(last) && same(before, below) ? at : null;
}

function bisected(model, costs, from, to, below) {
  let left = from;
  let right = to;
  while (right - left > model.constants.TOLERANCE * right) {
    const middle = (left + right) / 2;
    if (same(cheapest(model, costs(middle)), below)) left = middle;
    else right = middle;
  }
  return right;
}

const same = (one, other) => one.join() === other.join();
