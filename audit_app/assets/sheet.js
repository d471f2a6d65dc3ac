/* A sheet in the rater's card: its texts and questions, built from what the server sent, and
   the answers read back. Nothing is chosen beforehand. */
"use strict";
(() => {
  const STACKED = window.matchMedia("(max-width: 720px)");
  const MESSAGE = "warmth-audit message";

  function make(tag, content = {}, ...inside) {
    const { dataset, ...properties } = content;
    const made = Object.assign(document.createElement(tag), properties);
    Object.assign(made.dataset, dataset);
    made.append(...inside);
    return made;
  }

  function label(type, name, value, words, keys) {
    const input = make("input", { type: type, name: name, value: value });
    if (keys) {
      input.dataset.keys = keys;
    }
    return make("label", {}, input, make("span", { textContent: words }));
  }

  function fieldset({ name, legend, kind, choices }) {
    const labels = choices.map((choice) =>
      label("radio", name, choice.value, choice.label, choice.keys)
    );
    const scale = make("div", { className: "wa-scale wa-" + kind }, ...labels);
    const title = make("legend", { textContent: legend });
    return make("fieldset", { className: "wa-ask", dataset: { question: name } }, title, scale);
  }

  class SheetView {
    constructor(card) {
      this.card = card;
      this.reason = card.form.elements.reason;
      this.checkbox = null;
      for (const radio of card.form.elements.shown) {
        radio.addEventListener("change", () => {
          card.part("replies").dataset.shown = card.chosen("shown");
        });
      }
      const messages = [...card.form.querySelectorAll("details.wa-message")];
      for (const message of messages) {
        message.open = window.WarmthAuditMemory.read(MESSAGE) !== "closed";
        message.addEventListener("toggle", () => {
          window.WarmthAuditMemory.keep(MESSAGE, message.open ? "open" : "closed");
        });
      }
    }

    /* Another sheet, with the answers that were given to it before. */
    show({ form, texts, questions, checkbox, answers }) {
      this.form = form;
      for (const section of this.card.form.querySelectorAll("[data-form]")) {
        section.hidden = section.dataset.form !== form;
      }
      const section = this.card.form.querySelector('[data-form="' + form + '"]');
      for (const place of section.querySelectorAll("[data-text]")) {
        place.textContent = texts[place.dataset.text];
      }
      for (const part of section.querySelectorAll("[data-only-with]")) {
        part.hidden = texts[part.dataset.onlyWith] === null;
      }
      this.startAtTheFirstReply();
      this.showQuestions(questions, checkbox);
      this.fill(answers);
    }

    /* Who looks at one reply at a time begins with A on each sheet. */
    startAtTheFirstReply() {
      if (this.card.chosen("shown") === "right") {
        this.card.choose("shown", "left");
        this.card.part("replies").dataset.shown = "left";
      }
    }

    showQuestions(questions, checkbox) {
      const asked = questions.map(fieldset);
      this.checkbox = null;
      if (checkbox) {
        const tick = label("checkbox", checkbox.name, "yes", checkbox.label);
        tick.className = "wa-tick";
        this.checkbox = tick.querySelector("input");
        asked.push(tick);
      }
      this.card.part("questions").replaceChildren(...asked);
      this.card.announceKeys();
    }

    fill(answers) {
      for (const field of this.card.questions) {
        const given = answers[field.dataset.question];
        for (const radio of field.querySelectorAll("input")) {
          radio.checked = radio.value === given;
        }
      }
      if (this.checkbox) {
        this.checkbox.checked = answers[this.checkbox.name] === "yes";
      }
      this.reason.value = answers.reason || "";
    }

    /* What is answered so far, by question. */
    answers() {
      const given = {};
      for (const field of this.card.questions) {
        const chosen = field.querySelector("input:checked");
        if (chosen) {
          given[field.dataset.question] = chosen.value;
        }
      }
      if (this.checkbox && this.checkbox.checked) {
        given[this.checkbox.name] = "yes";
      }
      return given;
    }

    layout() {
      if (!STACKED.matches) {
        return "columns";
      }
      return this.form === "pair" && this.card.chosen("shown") !== "both" ? "switched" : "stacked";
    }
  }

  window.WarmthAuditSheet = SheetView;
  window.WarmthAuditMake = make;
})();
