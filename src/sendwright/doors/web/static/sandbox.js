// The sandbox pages work without this: it adds copy buttons, and looks again while a send is on its way.
"use strict";

for (const button of document.querySelectorAll("button.copy")) {
  const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  if (!navigator.clipboard) break; // only pages that came by HTTPS or from this machine may write there
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source ? source.textContent : button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}

const moving = document.querySelector("[data-look-again]");
if (moving) {
  setTimeout(() => {
    // not under the hands of somebody who reads or types
    if (!document.hidden && !document.querySelector("details[open]") && scrollY < 200) location.reload();
  }, Number(moving.dataset.lookAgain));
}
