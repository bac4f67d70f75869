// Shows a running job's state anew until it has ended. Without a script the page reloads itself.
"use strict";

const SECOND = 1000;
const place = document.querySelector("[data-job]");

async function look() {
  try {
    const answer = await fetch(place.dataset.job, { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) {
      place.innerHTML = await answer.text();
    }
  } catch {
    // The server is away for a moment: ask again.
  }
  watch();
}

function watch() {
  if (place.querySelector("[data-unfinished]")) {
    setTimeout(look, SECOND);
  }
}

if (place) {
  watch();
}
