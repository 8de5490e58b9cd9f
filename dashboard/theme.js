// Runs before the first paint, so that a page that is to be dark never flashes white. No module: those are deferred.
(() => {
  let kept = null;
  try {
    kept = localStorage.getItem("theme");
  } catch {
    // A browser that keeps nothing for pages: the system's theme it is.
  }
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
})();
