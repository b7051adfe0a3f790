// What the columns mean: the name and kind of an attribute are asked for attributes only.
(() => {
  const form = document.querySelector("[data-import-columns]");
  if (!form) return;
  const show = (select) => {
    const isAttribute = select.value === "attribute";
    for (const part of select.closest("li").querySelectorAll("[data-attribute]")) part.hidden = !isAttribute;
  };
  for (const select of form.querySelectorAll("[data-target]")) {
    show(select);
    select.addEventListener("change", () => show(select));
  }
})();
