/* What both cards do: put text in place, ask with native radios, answer to keys, say what
   happened. Text from models is only ever set by textContent. */
"use strict";
(() => {
  const ANSWER_WITHIN_MS = 15000;

  function isTyping(target) {
    return target instanceof Element && target.matches("textarea, input[type=text], select");
  }

  class Card {
    constructor(element, trigger, collect) {
      this.element = element;
      this.trigger = trigger;
      this.collect = collect;
      this.form = element.querySelector("form[data-card]");
      this.questions = [...this.form.querySelectorAll("fieldset[data-question]")];
      this.attempt = 0;
      this.waitingFor = null;
      this.part("submit").addEventListener("click", () => this.submit());
      this.part("keys").addEventListener("click", () => this.part("help").showModal());
      this.part("close-help").addEventListener("click", () => this.part("help").close());
      this.form.addEventListener("submit", (event) => event.preventDefault());
      document.addEventListener("keydown", (event) => this.onKey(event));
    }

    part(name) {
      return this.element.querySelector('[data-part~="' + name + '"]');
    }

    write(name, text) {
      this.part(name).textContent = text;
    }

    showView(view) {
      for (const section of this.element.querySelectorAll("[data-view]")) {
        section.hidden = section.dataset.view !== view;
      }
      this.view = view;
    }

    focusHeading() {
      const shown = this.element.querySelector('[data-view="' + this.view + '"] h1');
      shown.focus();
      window.scrollTo(0, 0);
    }

    chosen(question) {
      return this.form.elements[question].value;
    }

    choose(question, value) {
      for (const radio of this.form.elements[question]) {
        radio.checked = radio.value === value;
      }
    }

    missing() {
      return this.questions.filter((field) => !this.chosen(field.dataset.question));
    }

    saySaved(text) {
      this.write("saved", text);
    }

    sayProblem(text) {
      const status = this.part("status");
      status.textContent = "";
      status.textContent = text;
    }

    submit() {
      if (this.view !== this.form.dataset.card || this.waitingFor !== null) {
        return;
      }
      const content = this.collect();
      if (content === null) {
        return;
      }
      this.attempt += 1;
      this.waitingFor = this.attempt;
      this.part("submit").setAttribute("aria-busy", "true");
      this.sayProblem("");
      this.saySaved("Saving…");
      this.timeout = setTimeout(() => {
        this.settle();
        this.saySaved("");
        this.sayProblem(
          "Not saved yet: the server did not answer. What you entered is still here; submit again."
        );
      }, ANSWER_WITHIN_MS);
      this.trigger("submit", { ...content, attempt: this.attempt });
    }

    /* To be called with each value that the server sends; true when it answers a submit. */
    answers(value) {
      if (this.waitingFor === null || value.attempt !== this.waitingFor) {
        return false;
      }
      this.settle();
      this.saySaved(value.saved || "");
      this.sayProblem(value.problem || "");
      return true;
    }

    settle() {
      clearTimeout(this.timeout);
      this.waitingFor = null;
      this.part("submit").removeAttribute("aria-busy");
    }

    askFor(field) {
      const question = field.querySelector("legend").textContent.trim();
      this.sayProblem("Not submitted: “" + question + "” is not answered yet.");
      this.focusOn(field);
    }

    focusOn(field) {
      const radios = [...field.querySelectorAll("input[type=radio]")];
      (radios.find((radio) => radio.checked) || radios[0]).focus();
    }

    onKey(event) {
      if (this.view !== this.form.dataset.card || this.part("help").open) {
        return;
      }
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.submit();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
        return;
      }
      if (event.key === "?") {
        event.preventDefault();
        this.part("help").showModal();
      } else if (/^[0-9]$/.test(event.key)) {
        this.onDigit(event);
      }
    }

    onDigit(event) {
      const field = document.activeElement.closest("fieldset[data-question]") || this.missing()[0];
      const radio =
        field && field.querySelector('input[data-keys~="' + event.key + '"]');
      if (!radio) {
        return;
      }
      event.preventDefault();
      radio.checked = true;
      radio.dispatchEvent(new Event("change", { bubbles: true }));
      const after = this.questions[this.questions.indexOf(field) + 1];
      if (after) {
        this.focusOn(after);
      } else {
        this.part("after-questions").focus();
      }
    }
  }

  window.WarmthAuditCard = Card;
})();
