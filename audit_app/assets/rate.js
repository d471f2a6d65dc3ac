/* The rater's card: shows a pair, keeps unsent answers on the server, submits once. */
"use strict";
window.warmthAuditRate = function (element, trigger, props, watch) {
  const KEEP_AFTER_MS = 300;
  const QUESTIONS = ["warmer", "more_accurate"];
  const STACKED = window.matchMedia("(max-width: 720px)");

  const card = new window.WarmthAuditCard(element, trigger, collect);
  const reason = card.form.elements.reason;
  let token = null;
  let submitKey = null;
  let secondsBefore = 0;
  let shownSince = null;
  let keepTimer = null;

  function randomKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* Time during which the pair could be seen, over refreshes too. */
  function seconds() {
    const now = shownSince === null ? 0 : (performance.now() - shownSince) / 1000;
    return Math.round((secondsBefore + now) * 10) / 10;
  }

  function collect() {
    const open = card.missing();
    if (open.length) {
      card.askFor(open[0]);
      return null;
    }
    clearTimeout(keepTimer);
    keepTimer = null;
    return {
      token: token,
      warmer: card.chosen("warmer"),
      more_accurate: card.chosen("more_accurate"),
      reason: reason.value,
      seconds: seconds(),
      layout: STACKED.matches ? "stacked" : "columns",
      idempotency_key: submitKey,
    };
  }

  async function keepDraft() {
    clearTimeout(keepTimer);
    keepTimer = null;
    const answers = { reason: reason.value, seconds: String(seconds()) };
    for (const question of QUESTIONS) {
      if (card.chosen(question)) {
        answers[question] = card.chosen(question);
      }
    }
    const keptFor = token;
    let kept = false;
    try {
      const answer = await fetch("/rate/draft", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token: token, answers: answers }),
        keepalive: true,
      });
      kept = answer.ok;
    } catch (error) {
      kept = false;
    }
    if (keptFor === token && keepTimer === null) {
      card.write("draft", kept ? "Draft kept" : "Draft not kept: the server did not take it");
    }
  }

  function onChange() {
    submitKey = randomKey();
    card.write("draft", "");
    clearTimeout(keepTimer);
    keepTimer = setTimeout(keepDraft, KEEP_AFTER_MS);
  }

  /* Leaving keeps the time too, with or without an answer. Both events come when a page is left. */
  function pause() {
    if (shownSince === null) {
      return;
    }
    secondsBefore = seconds();
    shownSince = null;
    if (token !== null) {
      keepDraft();
    }
  }

  function resume() {
    if (shownSince === null && !document.hidden) {
      shownSince = performance.now();
    }
  }

  function showPair(value) {
    card.write("heading", "Pair " + value.number + " of " + value.total);
    if (value.token === token) {
      return;
    }
    token = value.token;
    submitKey = randomKey();
    card.write("prompt", value.prompt);
    card.write("left", value.left);
    card.write("right", value.right);
    card.write("draft", "");
    for (const question of QUESTIONS) {
      card.choose(question, value.answers[question] || "");
    }
    reason.value = value.answers.reason || "";
    secondsBefore = Number(value.answers.seconds) || 0;
    shownSince = document.hidden ? null : performance.now();
  }

  function show(value) {
    const answered = card.answers(value);
    card.showView(value.view);
    if (value.view === "pair") {
      showPair(value);
    } else if (value.view === "waiting" || value.view === "done") {
      token = null;
      const pairs = value.done === 1 ? "1 pair" : value.done + " pairs";
      card.write("waiting-count", value.done ? "You have rated " + pairs + " so far." : "");
      card.write("done-count", "You have rated " + pairs + ". Every answer is saved.");
    }
    if (answered && !value.problem) {
      card.focusHeading();
    }
  }

  card.form.addEventListener("change", onChange);
  reason.addEventListener("input", onChange);
  window.addEventListener("pagehide", pause);
  window.addEventListener("pageshow", resume);
  document.addEventListener("visibilitychange", () => (document.hidden ? pause() : resume()));
  watch("value", () => show(props.value));
  show(props.value);
};
