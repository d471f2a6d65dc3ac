/* The auditor's card: shows a flagged reply, takes a ruling, and in the end the arms. */
"use strict";
window.warmthAuditAudit = function (element, trigger, props, watch) {
  const FIELDS = ["label", "severity", "reason", "quoted_span"];
  const LABELS = Object.fromEntries(
    [...element.querySelectorAll("input[name=label]")].map((radio) => [
      radio.value,
      radio.parentElement.querySelector("b").textContent,
    ])
  );
  const card = new window.WarmthAuditCard(element, trigger, collect);
  const { reason, quoted_span: quoted } = card.form.elements;
  let token = null;

  function collect() {
    const open = card.missing();
    if (open.length) {
      card.askFor(open[0]);
      return null;
    }
    if (reason.value.trim().length < 3) {
      card.sayProblem("Not submitted: give a reason in a few words.");
      reason.focus();
      return null;
    }
    if (!card.part("reply").textContent.includes(quoted.value.trim())) {
      card.sayProblem("Not submitted: the quoted words do not stand in the reply like that.");
      quoted.focus();
      return null;
    }
    return {
      token: token,
      label: card.chosen("label"),
      severity: Number(card.chosen("severity")),
      quoted_span: quoted.value,
      reason: reason.value,
    };
  }

  /* Unsent entries stay in this tab only, under the reply's random name. */
  function draftName() {
    return "warmth-audit draft " + token;
  }

  function keepDraft() {
    const entries = FIELDS.map((field) => [field, card.form.elements[field].value]);
    sessionStorage.setItem(draftName(), JSON.stringify(Object.fromEntries(entries)));
  }

  function showReply(value) {
    card.write("heading", "Reply " + value.number + " of " + value.total);
    card.part("last").hidden = !value.is_last;
    if (value.token === token) {
      return;
    }
    token = value.token;
    for (const name of ["prompt", "reply", "reference", "flag_reason"]) {
      card.write(name, value[name]);
    }
    card.write("stated", value.stated === null ? "None was stated." : value.stated);
    const draft = JSON.parse(sessionStorage.getItem(draftName()) || "{}");
    card.choose("label", draft.label || "");
    card.choose("severity", draft.severity || "");
    reason.value = draft.reason || "";
    quoted.value = draft.quoted_span || "";
  }

  function showTold(replies) {
    const count = replies.length === 1 ? "1 reply" : replies.length + " replies";
    card.write(
      "done-count",
      "You have decided " + count + ". Your rulings are final now, and here is which arm each reply came from."
    );
    card.part("rows").replaceChildren(
      ...replies.map((told) => {
        const row = document.createElement("tr");
        const { reply_text: reply, arm, label, severity, reason: why } = told;
        for (const text of [reply, arm, LABELS[label], severity, why]) {
          row.appendChild(document.createElement("td")).textContent = text;
        }
        return row;
      })
    );
  }

  function show(value) {
    const before = token;
    const answered = card.answers(value);
    if (answered && !value.problem && before !== null) {
      sessionStorage.removeItem(draftName());
    }
    card.showView(value.view);
    if (value.view === "reply") {
      showReply(value);
    } else if (value.view === "waiting") {
      token = null;
      const replies = value.decided === 1 ? "1 reply" : value.decided + " replies";
      card.write("waiting-count", value.decided ? "You have decided " + replies + " so far." : "");
    } else if (value.view === "done") {
      token = null;
      showTold(value.told);
    }
    if (answered && !value.problem) {
      card.focusHeading();
    }
  }

  card.form.addEventListener("input", keepDraft);
  card.form.addEventListener("change", keepDraft);
  card.part("quote").addEventListener("click", () => {
    const selection = window.getSelection();
    if (card.part("reply").contains(selection.anchorNode) && String(selection).trim()) {
      quoted.value = String(selection).trim();
      keepDraft();
    } else {
      card.sayProblem("Mark some words of the reply first, then press that button.");
    }
  });
  card.onDelay = async () => {
    const answer = await fetch("/audit/gradio_api/app_id").catch(() => null);
    if (answer && answer.status === 401) {
      card.giveUp(
        "Not saved: you are signed out here. What you entered is still here; open your own sign-in " +
          "link in another tab, come back to this one and submit."
      );
    }
  };
  watch("value", () => show(props.value));
  show(props.value);
};
