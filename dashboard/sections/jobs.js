export const title = "Jobs";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, { api }) {
  return {};
}
