// The progress of a campaign: fetched again every few seconds while it runs. When its state changes, so do the buttons.
"use strict";

(() => {
  const EVERY_MS = 3000;
  const box = document.querySelector("[data-progress-url]");
  if (!box) return;

  const live = () => box.querySelector("#cp-live");

  const refresh = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch(box.dataset.progressUrl, { headers: { Accept: "text/html" } });
      if (!response.ok || response.redirected) return;
      const before = live().dataset.state;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      box.replaceChildren(page.querySelector("#cp-live"));
      if (live().dataset.state !== before) window.location.reload();
    } catch {
      // The network may be away for a moment; the next round asks again.
    }
  };

  const tick = async () => {
    if (live()?.dataset.live === "yes") await refresh();
    window.setTimeout(tick, EVERY_MS);
  };
  window.setTimeout(tick, EVERY_MS);
})();
