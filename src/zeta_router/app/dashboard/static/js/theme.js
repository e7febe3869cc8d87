// Runs before the first paint, so that the page does not flash in the other theme.
(() => {
  const KEY = "zeta-theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => { try { return localStorage.getItem(KEY) ?? "system"; } catch { return "system"; } };
  const apply = () => {
    const choice = kept();
    document.documentElement.dataset.theme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    return choice;
  };
  apply();
  dark.addEventListener("change", apply);
  window.zetaTheme = {
    get: kept,
    next() {
      const order = ["system", "light", "dark"];
      const choice = order[(order.indexOf(kept()) + 1) % order.length];
      try { localStorage.setItem(KEY, choice); } catch { /* private window: for this page only */ }
      document.documentElement.dataset.theme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
      return choice;
    },
  };
})();
