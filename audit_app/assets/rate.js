/* The rater's card: which view is due, what each control sends, and what is said afterwards. A
   sheet is built in sheet.js, the views between sheets in views.js; the card, the clock and the
   contact have files of their own. */
"use strict";
window.warmthAuditRate = function (element, trigger, props, watch) {
  const STATES = {
    open: "",
    paused: "The study is paused. You can still submit what you have open.",
    closed: "The study has ended. You can still submit what you have open.",
  };
  const NOT_KEPT = "Draft not kept: the server did not take it";
  const HERE = " What you wrote stays here as long as this page is open.";
  const LINK = " Open your own sign-in link in another tab, come back to this one and submit.";
  const LOOKS_AGAIN = ["loading", "waiting", "paused"];
  const OUT = {
    ended:
      "Your access has ended, so nothing can be sent any more." +
      HERE +
      " If this is a mistake, turn to the person who sent you the link.",
    signed_out: "You are signed out in this browser, so nothing can be sent." + HERE + LINK,
    somebody_else:
      "Somebody else is signed in in this browser now, so nothing can be sent." + HERE + LINK,
  };

  const card = new window.WarmthAuditCard(element, trigger, collect);
  const view = new window.WarmthAuditSheet(card);
  const words = window.WarmthAuditWords;
  const views = new window.WarmthAuditViews(card, (token) => {
    leaveFor({ action: "reopen", token: token });
  });
  const clock = new window.WarmthAuditClock();
  let sheet = null; // as the server sent it; none in other views
  let isTouched = false;
  let wantsMine = new URLSearchParams(window.location.search).has("mine");
  let afterBreak = null;
  let lastSent = { content: "", key: "" };
  const contact = new window.WarmthAuditContact({
    draft: draft,
    token: () => (sheet || afterBreak || { token: null }).token,
    hasLife: () => clock.hasLife(),
    onKept: (kept) => card.write("draft", kept ? "Draft kept" : NOT_KEPT),
    onPulse: hearPulse,
    onEnd: setOut,
  });

  /* One key for one content, be it sent twice; another one once it is changed. */
  function keyOf(content) {
    const text = JSON.stringify(content);
    if (text !== lastSent.content) {
      lastSent = { content: text, key: window.WarmthAuditKey() };
    }
    return lastSent.key;
  }

  function collect() {
    const open = card.missing();
    if (open.length) {
      card.askFor(open[0]);
      return null;
    }
    contact.holdDraft();
    const said = {
      action: "rate",
      token: sheet.token,
      answers: view.answers(),
      reason: view.reason.value,
    };
    return {
      ...said,
      idempotency_key: keyOf(said),
      seconds: clock.seconds(),
      layout: view.layout(),
    };
  }

  /* What the server keeps until the submit. Practice is kept nowhere. */
  function draft() {
    if (sheet === null || sheet.practice) {
      return null;
    }
    const seconds = String(clock.seconds());
    const answers = { ...view.answers(), reason: view.reason.value, seconds: seconds };
    return { token: sheet.token, answers: answers };
  }

  function onEntry(event) {
    if (event.target.name === "shown") {
      return;
    }
    isTouched = true;
    if (!sheet.practice) {
      card.write("draft", "");
      contact.keepSoon();
    }
  }

  /* Leave the sheet for something else; what is entered stays on the server. */
  async function leaveFor(content) {
    if (card.isWaiting) {
      return;
    }
    await contact.keep();
    card.send(content);
  }

  async function cancelChange() {
    if (isTouched) {
      await contact.keep({ token: sheet.token, answers: sheet.answers });
    }
    isTouched = false;
    card.send({ action: "next" });
  }

  function hearPulse({ other_tab: otherTab, state }) {
    card.part("other-tab").hidden = !otherTab;
    const isShown = STATES[state] !== "" && sheet !== null;
    card.part("study-state").hidden = !isShown;
    card.write("study-state", isShown ? STATES[state] : "");
  }

  /* Why nothing can be sent any more; null when it can. */
  function setOut(reason) {
    const text = reason === null ? "" : OUT[reason] || OUT.ended;
    const bar = card.part("ended");
    if (bar.textContent === text) {
      return;
    }
    bar.hidden = reason === null;
    card.write("ended", text);
    card.giveUp("Not saved.");
    disableEntries(reason !== null);
  }

  function disableEntries(isEnded) {
    const ours = ":is(form:not(.wa-leave), .wa-tools) :is(input, button)";
    for (const entry of element.querySelectorAll(ours)) {
      entry.disabled = isEnded && entry.name !== "shown";
    }
    // read only, so that words can be copied out of it
    view.reason.readOnly = isEnded;
  }

  function showPlace(value) {
    const { practice, changing, minutes_left: minutes } = value;
    const { number, total } = practice || value;
    card.write("heading", words.headingOf(value));
    card.part("progress").max = total;
    card.part("progress").value = number - 1;
    card.part("progress").hidden = changing;
    card.write("time-left", minutes === null ? "" : "about " + minutes + " min left");
    card.part("practice-note").hidden = !practice;
    card.part("skip").hidden = changing || Boolean(practice);
    card.part("problem").hidden = Boolean(practice);
    card.part("cancel").hidden = !changing;
    card.part("submit").textContent = changing ? "Save the change" : "Submit and go on";
  }

  /* What stands above every view. */
  function offerTools({ practice, can_undo: canUndo, done, ratings }) {
    const canLook = ["sheet", "break", "waiting"].includes(card.view);
    card.part("mine").hidden = !canLook || Boolean(practice);
    card.part("undo").hidden = !(canUndo || done || (ratings && ratings.length));
  }

  function showSheet(value) {
    const isSame = sheet !== null && sheet.token === value.token;
    sheet = isSame ? { ...value, answers: sheet.answers } : value;
    showPlace(value);
    if (isSame) {
      return;
    }
    isTouched = false;
    contact.forgetDraft();
    card.write("draft", "");
    view.show(value);
    disableEntries(!card.part("ended").hidden);
    clock.start(value.token, Number(value.answers.seconds) || 0);
    contact.sign();
  }

  function offerBreak(value) {
    afterBreak = value;
    const done = value.number - 1 + " of " + value.total;
    card.write("break-count", "You have done " + done + ", and every answer is saved.");
    contact.sign();
  }

  function open(value) {
    const isBreak = value.view === "sheet" && value.break_due;
    if (value.view === "sheet" && !isBreak) {
      afterBreak = null;
      card.showView("sheet");
      offerTools(value);
      showSheet(value);
      return;
    }
    sheet = null;
    afterBreak = null;
    clock.stop();
    contact.forgetDraft();
    card.part("study-state").hidden = true;
    card.showView(isBreak ? "break" : value.view);
    offerTools(value);
    if (isBreak) {
      offerBreak(value);
    } else {
      views.show(value);
    }
  }

  /* In sight stands the time of the last rating or what became of something else; aloud both are
     said together with what came up. */
  function tell(value) {
    const time = value.saved ? "Saved " + words.timeOf(value.saved) : "";
    card.saySaved([value.said, time].filter(Boolean).join(" "));
    const heading = card.shown.querySelector("h1").textContent;
    const said = value.said || (value.saved ? "Saved." : "");
    card.write("live", value.problem ? "" : said + " " + heading + ".");
  }

  /* Who comes from the end to change a rating is not sent back there at once. */
  function asksForMine(value) {
    const isDue = value.view === "waiting" || value.to === "/finish/";
    return wantsMine && (isDue || (value.view === "sheet" && !value.practice));
  }

  function show(value) {
    // one that was asked for by the clock, and comes when something else is shown already
    if (!("attempt" in value) && card.view && !LOOKS_AGAIN.includes(card.view)) {
      return;
    }
    if (asksForMine(value)) {
      wantsMine = false;
      window.history.replaceState(null, "", window.location.pathname);
      card.send({ action: "mine" });
      return;
    }
    if (value.view === "go") {
      sheet = null;
      clock.stop();
      window.location.replace(value.to);
      return;
    }
    const before = { view: card.view, token: contact.token() };
    const isAnswer = card.answers(value);
    if (isAnswer && !value.problem) {
      lastSent = { content: "", key: "" };
      remarks.forEach((remark) => remark.settle());
    }
    open(value);
    const isNew = card.view !== before.view || contact.token() !== before.token;
    if (isAnswer || isNew) {
      tell(value);
    }
    if (isAnswer && isNew) {
      card.focusHeading();
    }
  }

  const remarks = ["skip", "problem"].map((kind) => {
    const dialog = card.part(kind + "-dialog");
    const form = dialog.querySelector("form");
    const problem = dialog.querySelector(".wa-problem");
    let isSent = false;
    card.onClick(kind, () => dialog.showModal());
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => (problem.textContent = ""));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { reason, text } = form.elements;
      if (!reason.value) {
        problem.textContent = "Not sent: choose a reason.";
        reason[0].focus();
        return;
      }
      const said = { action: kind, token: sheet.token, reason: reason.value, text: text.value };
      isSent = true;
      dialog.close();
      leaveFor({ ...said, idempotency_key: keyOf(said) });
    });
    return {
      settle() {
        if (isSent) {
          form.reset();
          isSent = false;
        }
      },
    };
  });

  card.form.addEventListener("change", onEntry);
  view.reason.addEventListener("input", onEntry);
  card.onClick("cancel", cancelChange);
  card.onClick("undo", () => leaveFor({ action: "undo" }));
  card.onClick("mine", () => leaveFor({ action: "mine" }));
  card.onClick("back", () => card.send({ action: "next" }));
  card.onClick("go-on", () => card.send({ action: "next" }));
  card.onClick("continue", () => {
    open({ ...afterBreak, break_due: false });
    card.focusHeading();
  });
  card.onDelay = () => contact.sign();
  watch("value", () => show(props.value));
  show(props.value);
};
