"use strict";
// Comfort only: without this the page shows the same.
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code");
    let copied = true;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      copied = document.execCommand("copy");
    }
    button.textContent = copied ? "copied" : "select it";
    setTimeout(() => (button.textContent = "copy"), 1500);
  });
}

const filter = document.getElementById("filter");
const rows = [...document.querySelectorAll("[data-row]")].map((row) => [row, row.textContent.toLowerCase()]);
if (rows.length > 0) filter.closest("label").hidden = false;
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/);
  for (const [row, text] of rows) row.hidden = !words.every((word) => text.includes(word));
});

// A deep link into a collapsed list opens it.
function reveal() {
  const list = document.getElementById(location.hash.slice(1))?.closest("details");
  if (!list) return;
  list.open = true;
  document.getElementById(location.hash.slice(1)).scrollIntoView();
}
addEventListener("hashchange", reveal);
reveal();
