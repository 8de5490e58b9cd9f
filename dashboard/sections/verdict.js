export const title = "The verdict";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, { api }) {
  return {};
}
