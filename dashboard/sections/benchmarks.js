export const title = "Benchmarks over time";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, { api }) {
  return {};
}
