// A conversation: begins at its end, fetches what is new, counts what is typed, sends once.
"use strict";

(() => {
  const EVERY = 4000;
  const PAUSE = 300;

  const listOf = async (url) => {
    const response = await fetch(url, { headers: { "X-Requested-With": "XMLHttpRequest" } });
    // After a logout the answer is a page, not a list.
    if (!response.ok || response.redirected) throw new Error(`HTTP ${response.status}`);
    const holder = document.createElement("ol");
    holder.innerHTML = await response.text();
    return Array.from(holder.children);
  };
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";
  const post = (url, values) =>
    fetch(url, { method: "POST", headers: { "X-CSRFToken": token() }, body: new URLSearchParams(values) });

  const start = (thread) => {
    const items = thread.querySelector(".cv-items");
    const box = thread.querySelector(".cv-scroll");
    const known = (key) => items.querySelector(`:scope > [data-key="${CSS.escape(key)}"]`);
    const atEnd = () => box.scrollTop + box.clientHeight >= box.scrollHeight - 60;
    const toEnd = () => {
      box.scrollTop = box.scrollHeight;
    };

    // Items that are there already are replaced where they changed; new ones go behind the one before them.
    const mergeNewest = (fetched) => {
      let previous = null;
      for (const item of fetched) {
        if (item.dataset.key === "earlier") continue;
        const old = known(item.dataset.key);
        if (old) {
          if (old.outerHTML !== item.outerHTML) old.replaceWith(item);
          previous = old.isConnected ? old : item;
        } else {
          if (previous) previous.after(item);
          else items.append(item);
          previous = item;
        }
      }
    };
    const putEarlier = (fetched) => {
      const height = box.scrollHeight;
      known("earlier")?.remove();
      for (const item of fetched) known(item.dataset.key)?.remove();
      items.prepend(...fetched);
      box.scrollTop += box.scrollHeight - height;
    };

    items.addEventListener("click", async (event) => {
      const link = event.target.closest("[data-earlier]");
      if (!link || event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      try {
        putEarlier(await listOf(link.dataset.items));
        box.focus({ preventScroll: true });
      } catch {
        location.assign(link.href);
      }
    });

    let busy = false;
    const fetchNewest = async () => {
      if (busy || document.hidden) return;
      busy = true;
      try {
        const follow = atEnd();
        mergeNewest(await listOf(thread.dataset.items));
        if (follow) toEnd();
        seen();
      } catch {
        // The next round tries again.
      } finally {
        busy = false;
      }
    };
    // An older page stands still: it was asked for.
    if (!new URLSearchParams(location.search).has("before")) {
      toEnd();
      setInterval(fetchNewest, EVERY);
      document.addEventListener("visibilitychange", fetchNewest);
    }

    let told = "";
    const seen = () => {
      if (!thread.dataset.seen || document.hidden) return;
      const times = items.querySelectorAll(".cv-inbound time");
      const until = times.length ? times[times.length - 1].dateTime : "";
      if (!until || until === told) return;
      told = until;
      post(thread.dataset.seen, { until }).catch(() => {
        told = "";
      });
    };
    seen();
  };

  const startAnswer = (form) => {
    const field = form.querySelector("textarea");
    const shown = form.querySelector("[role=status]");
    let timer = 0;
    let asked = 0;

    const grow = () => {
      field.style.height = "auto";
      field.style.height = `${Math.min(field.scrollHeight + 2, 220)}px`;
    };
    const show = (counted) => {
      shown.classList.toggle("bad", Boolean(counted.problem));
      if (counted.problem) {
        shown.textContent = counted.problem;
        return;
      }
      const sms = `${counted.segments} SMS, ${counted.encoding}`;
      const why = counted.culprits.length ? ` because of ${counted.culprits.join(" ")}` : "";
      shown.textContent = `${field.value.length} characters, ${sms}${why}`;
    };
    const count = async () => {
      const mine = ++asked;
      if (!field.value.trim()) {
        shown.textContent = "";
        return;
      }
      try {
        const response = await post(form.dataset.count, { text: field.value });
        if (response.ok && !response.redirected && mine === asked) show(await response.json());
      } catch {
        shown.textContent = "";
      }
    };
    field.addEventListener("input", () => {
      grow();
      clearTimeout(timer);
      timer = setTimeout(count, PAUSE);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    form.addEventListener("submit", () => {
      form.querySelector("button").disabled = true;
    });
    // Back from the next page, the button works again; the same text is not sent twice.
    addEventListener("pageshow", () => {
      form.querySelector("button").disabled = false;
    });
    if (field.value) {
      grow(); // typed before this script was there, or kept by the browser
      count();
    }
  };

  document.querySelectorAll("[data-thread]").forEach(start);
  document.querySelectorAll("[data-answer]").forEach(startAnswer);
})();
