export const title = "Homes, side by side";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, { api }) {
  return {};
}
