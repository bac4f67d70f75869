// Marks who has moved since the last look of this browser. Ranks stay on this device.
"use strict";
(() => {
  const standings = document.getElementById("standings");
  const key = `podium.ranks.${standings.dataset.contest}`;
  const seen = () => { try { return JSON.parse(localStorage.getItem(key)) || {}; } catch { return {}; } };

  function mark() {
    const before = seen(), now = {};
    for (const row of standings.querySelectorAll("tr[data-contestant]")) {
      const id = row.dataset.contestant, rank = Number(row.dataset.rank) || null, last = before[id];
      now[id] = rank;
      const cell = row.querySelector(".moved");
      if (!rank || !last || rank === last) continue;
      const places = Math.abs(last - rank), up = rank < last;
      cell.textContent = `${up ? "▲" : "▼"} ${places}`;
      cell.classList.add(up ? "up" : "down");
      cell.setAttribute("aria-label", `${up ? "up" : "down"} ${places}`);
    }
    if (Object.keys(now).length) try { localStorage.setItem(key, JSON.stringify(now)); } catch { /* private mode */ }
  }

  mark();
  standings.addEventListener("htmx:afterSwap", mark);
})();
