// A judge's scorecard. What is typed is kept on this device at once, and sent as soon as the card is whole; without a
// network it waits here, and is merged with what somebody else may have saved meanwhile.
"use strict";
(() => {
  const PREFIX = "podium.card.";
  const AGAIN_AFTER = 10_000;
  const form = document.getElementById("card");
  const state = document.getElementById("state");
  const clash = document.getElementById("clash");
  const sending = new Set();

  const read = (key) => { try { return JSON.parse(localStorage.getItem(PREFIX + key)); } catch { return null; } };
  const write = (key, draft) => { try { localStorage.setItem(PREFIX + key, JSON.stringify(draft)); } catch { /* full */ } };
  const forget = (key) => localStorage.removeItem(PREFIX + key);
  const waiting = () => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
  const same = (a, b) => (a && a.state) === (b && b.state) && Number(a && a.value) === Number(b && b.value);
  const cookie = (name) => document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.split("=")[1] || "";

  function say(text, kind) {
    if (!state) return;
    state.textContent = text;
    state.className = `badge ${kind || ""}`;
  }

  // The form

  const fields = form ? [...form.querySelectorAll("fieldset")] : [];
  const input = (field) => field.querySelector("input[type=number]");
  const abstains = (field) => field.querySelector("input[type=checkbox]");

  function markOf(field) {
    if (abstains(field).checked) return { state: "abstained", value: null };
    const box = input(field);
    return box.value === "" || !box.checkValidity() ? null : { state: "scored", value: box.value };
  }

  function put(field, mark) {
    abstains(field).checked = mark?.state === "abstained";
    input(field).value = mark?.value == null ? "" : String(Number(mark.value));
    input(field).disabled = mark?.state === "abstained";
  }

  const marksOf = () => Object.fromEntries(fields.map((field) => [field.dataset.criterion, markOf(field)]));

  function baseOf() {
    const entries = fields.map((f) => [f.dataset.criterion, f.dataset.state ? { state: f.dataset.state, value: f.dataset.value || null } : null]);
    return Object.fromEntries(entries);
  }

  function fault(field, text) {
    const place = field.querySelector(".error");
    place.hidden = !text;
    place.textContent = text || "";
  }

  function changed() {
    for (const field of fields) {
      input(field).disabled = abstains(field).checked;
      fault(field, abstains(field).checked || input(field).checkValidity() ? "" : input(field).validationMessage);
    }
    const key = form.dataset.key, before = read(key);
    write(key, {
      address: form.dataset.save, organization: form.dataset.organization,
      tag: before?.tag || form.dataset.tag, base: before?.base || baseOf(), marks: marksOf(),
    });
    if (Object.values(marksOf()).every(Boolean)) { say("Saving…"); send(key); } else say("Kept here; not complete");
  }

  // Sending

  async function ask(draft, method, body) {
    const headers = { Accept: "application/json", "X-Organization": draft.organization };
    if (body) Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": cookie("csrftoken"), "If-Match": draft.tag });
    return fetch(draft.address, { method, headers, credentials: "same-origin", body: body && JSON.stringify(body) });
  }

  async function send(key) {
    const draft = read(key);
    if (sending.has(key) || !draft || draft.asks || draft.held || !Object.values(draft.marks).every(Boolean)) return;
    sending.add(key);
    const here = form?.dataset.key === key;
    let text = JSON.stringify(draft.marks);
    try {
      const marks = Object.entries(draft.marks).map(([criterion, mark]) => ({ criterion, ...mark }));
      const answer = await ask(draft, "PUT", { marks });
      if (answer.ok) await saved(key, draft, await answer.json(), here);
      else if (answer.status === 412) { text = null; await merge(key, draft, here); }
      else if (answer.status === 401) { text = null; if (here) say("Sign in again: kept here, will be sent", "live"); }
      else if (answer.status >= 500 || answer.status === 429) { text = null; if (here) say("Kept here; will be sent", "live"); }
      else await refused(key, draft, await answer.json(), here);
    } catch {
      text = null;
      if (here) say("No network: kept here, will be sent", "live");
    } finally {
      sending.delete(key);
    }
    const now = read(key);  // typed on while it was sent
    if (text !== null && now && JSON.stringify(now.marks) !== text) send(key);
  }

  async function saved(key, draft, card, here) {
    const now = read(key), tag = `"${card.version}"`, base = marksIn(card);
    if (now && JSON.stringify(now.marks) !== JSON.stringify(draft.marks)) write(key, { ...now, tag, base }); else forget(key);
    if (!here) { document.querySelector(`[data-card="${key}"]`)?.classList.add("done"); return; }
    remember(tag, base);
    clash.hidden = true;
    say("Saved", "certified");
  }

  function remember(tag, base) {
    form.dataset.tag = tag;
    for (const field of fields) {
      const mark = base[field.dataset.criterion];
      field.dataset.state = mark?.state || "";
      field.dataset.value = mark?.value ?? "";
    }
  }

  const marksIn = (card) => Object.fromEntries(card.marks.map((m) => [m.criterion, m.state ? { state: m.state, value: m.value } : null]));

  // Somebody saved the card first: what only one of us has changed is taken; what both have is asked.
  async function merge(key, draft, here) {
    const answer = await ask(draft, "GET");
    if (!answer.ok) { if (here) say("Kept here; will be sent", "live"); return; }
    const card = await answer.json(), theirs = marksIn(card), merged = {}, both = [];
    draft = read(key) || draft;  // typed on while it was asked
    for (const [criterion, mine] of Object.entries(draft.marks)) {
      const base = draft.base[criterion], their = theirs[criterion];
      merged[criterion] = same(mine, base) && their ? their : mine;
      if (their && !same(mine, base) && !same(their, base) && !same(mine, their)) both.push(criterion);
    }
    // `asks`: nothing is sent until the judge has chosen, on the card itself.
    write(key, { ...draft, tag: `"${card.version}"`, base: theirs, marks: merged, asks: both });
    if (here) for (const field of fields) put(field, merged[field.dataset.criterion]);
    if (!both.length) {
      write(key, { ...read(key), asks: undefined });
      sending.delete(key);
      await send(key);
    } else if (here) askWhich(key, both, theirs, card.version);
  }

  function askWhich(key, both, theirs, version) {
    clash.hidden = false;
    clash.replaceChildren(text("p", "Somebody else has saved this card meanwhile:"));
    for (const criterion of both) {
      const field = fields.find((each) => each.dataset.criterion === criterion);
      const their = theirs[criterion];
      const name = field.querySelector("legend").firstChild.textContent.trim();
      clash.append(text("p", `${name}: theirs ${their.value ?? their.state}, yours ${markOf(field)?.value ?? "abstained"}`));
    }
    const mine = text("button", "Keep mine"), take = text("button", "Take theirs");
    mine.type = take.type = "button";
    mine.addEventListener("click", () => { clash.hidden = true; changed(); });
    take.addEventListener("click", () => {
      for (const field of fields) put(field, theirs[field.dataset.criterion]);
      forget(key);
      remember(`"${version}"`, theirs);
      clash.hidden = true;
      say("Saved", "certified");
    });
    clash.append(mine, " ", take);
    say("Not saved: choose", "live");
    mine.focus();
  }

  function text(tag, content) {
    const element = document.createElement(tag);
    element.textContent = content;
    return element;
  }

  // What is refused stays here, and is not sent again until the judge changes it or opens the card.
  async function refused(key, draft, problem, here) {
    const now = read(key);
    if (now && JSON.stringify(now.marks) === JSON.stringify(draft.marks)) write(key, { ...now, held: true });
    if (!here) return;
    say(problem.detail || problem.title, "error");
    for (const error of problem.errors || []) {
      const place = /^#\/marks\/(\d+)/.exec(error.pointer);
      if (place && fields[Number(place[1])]) fault(fields[Number(place[1])], error.detail);
    }
  }

  // Beginning

  if (form) {
    const draft = read(form.dataset.key);
    if (draft?.held) write(form.dataset.key, { ...draft, held: false });
    if (draft) for (const field of fields) put(field, draft.marks[field.dataset.criterion]);
    for (const field of fields) input(field).disabled = abstains(field).checked;
    if (draft?.asks) {
      const version = draft.tag.replaceAll('"', "");
      askWhich(form.dataset.key, draft.asks, draft.base, version);
    }
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", changed);
    form.addEventListener("click", (event) => {
      const by = event.target.dataset?.by;
      if (!by) return;
      const box = input(event.target.closest("fieldset"));
      if (box.value === "") box.value = by > 0 ? box.min : box.max; else if (by > 0) box.stepUp(); else box.stepDown();
      changed();
    });
  }
  const flush = () => waiting().forEach(send);
  addEventListener("online", flush);
  setInterval(flush, AGAIN_AFTER);
  flush();
})();
