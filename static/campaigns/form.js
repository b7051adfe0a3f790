// The form of a campaign: a message that is added gets the next free letter for its label.
"use strict";

document.addEventListener("formset:added", (event) => {
  if (event.detail.formsetName !== "variants") return;
  const own = event.target.querySelector("input[name$='-label']");
  const taken = new Set(
    [...document.querySelectorAll("input[name^='variants-'][name$='-label']")]
      .filter((field) => field !== own && !field.name.includes("__prefix__"))
      .map((field) => field.value.trim().toUpperCase()),
  );
  const free = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].find((letter) => !taken.has(letter));
  if (own && free) own.value = free;
});
