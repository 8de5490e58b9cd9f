/** How new an answer has to be: at least as new as the newest snapshot that the page knows of. */

/**
 * Return the header that asks for it; none where nothing is published, or the snapshots are not told.
 * @param {Promise<import("../../api.js").Answer>} snapshots the answer of `/snapshots`
 * @returns {Promise<Record<string, string>>}
 */
export async function atLeast(snapshots) {
  try {
    const [newest] = (await snapshots).body.snapshots;
    return newest ? { "min-bookmark": newest.bookmark } : {};
  } catch {
    return {}; // the figures of the whole say why: they show the same answer
  }
}
