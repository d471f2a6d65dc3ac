/* What both cards do: put text in place, ask with native radios, answer to keys, say what
   happened. Text from models is only ever set by textContent. */
"use strict";
(() => {
  const ANSWER_WITHIN_MS = 15000;
  const WONDER_AFTER_MS = 2000;
  const SINGLE_KEYS = "warmth-audit single keys";

  function isTyping(target) {
    return target instanceof Element && target.matches("textarea, input[type=text], select");
  }

  /* What this browser or this tab remembers; it may be forbidden to remember anything. */
  function memoryOf(storage) {
    return {
      read(name) {
        try {
          return window[storage].getItem(name);
        } catch (error) {
          return null;
        }
      },
      keep(name, value) {
        try {
          window[storage].setItem(name, value);
        } catch (error) {
          // then it holds until the page is left
        }
      },
    };
  }

  const memory = memoryOf("localStorage");

  class Card {
    /* `collect` gives what a submit sends, or null when something is missing yet. */
    constructor(element, trigger, collect) {
      this.element = element;
      this.trigger = trigger;
      this.collect = collect;
      this.form = element.querySelector("form[data-card]");
      this.attempt = 0;
      this.answered = 0;
      this.isWaiting = false;
      this.onDelay = () => {}; // something sent was not answered soon: still signed in?
      this.onClick("submit", () => this.submit());
      this.onClick("keys", () => this.part("help").showModal());
      this.onClick("close-help", () => this.part("help").close());
      this.form.addEventListener("submit", (event) => event.preventDefault());
      document.addEventListener("keydown", (event) => this.onKey(event));
      this.setUpSingleKeys();
    }

    part(name) {
      return this.element.querySelector('[data-part~="' + name + '"]');
    }

    onClick(name, action) {
      this.part(name).addEventListener("click", action);
    }

    write(name, text) {
      this.part(name).textContent = text;
    }

    get questions() {
      return [...this.form.querySelectorAll("fieldset[data-question]")];
    }

    /* The part of the card that is shown. */
    get shown() {
      return this.element.querySelector('[data-view="' + this.view + '"]');
    }

    showView(view) {
      for (const section of this.element.querySelectorAll("[data-view]")) {
        section.hidden = section.dataset.view !== view;
      }
      this.view = view;
    }

    focusHeading() {
      this.shown.querySelector("h1").focus();
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

    /* Where the eyes are: in the view that is shown. */
    sayProblem(text) {
      const status = this.shown.querySelector(".wa-problem") || this.part("status");
      status.textContent = "";
      status.textContent = text;
    }

    submit() {
      const content = this.isWaiting ? null : this.collect();
      if (content !== null) {
        this.send(content);
      }
    }

    /* One thing at a time: while an answer is awaited nothing else is sent. */
    send(content) {
      if (this.isWaiting) {
        return;
      }
      this.attempt += 1;
      this.isWaiting = true;
      this.part("submit").setAttribute("aria-busy", "true");
      this.sayProblem("");
      this.saySaved("Sending…");
      this.wondering = setTimeout(() => this.onDelay(), WONDER_AFTER_MS);
      this.timeout = setTimeout(() => {
        this.giveUp(
          "Not saved yet: the server did not answer. What you entered is still here; submit again."
        );
      }, ANSWER_WITHIN_MS);
      this.trigger("submit", { ...content, attempt: this.attempt });
    }

    /* To be called with each value that the server sends; true when it answers the last thing
       sent, even if late. */
    answers(value) {
      if (value.attempt !== this.attempt || this.answered === this.attempt) {
        return false;
      }
      this.answered = this.attempt;
      this.settle();
      this.saySaved(value.saved || "");
      this.sayProblem(value.problem || "");
      return true;
    }

    /* Wait no longer for an answer to what was sent. */
    giveUp(problem) {
      if (this.isWaiting) {
        this.settle();
        this.saySaved("");
        this.sayProblem(problem);
      }
    }

    settle() {
      clearTimeout(this.wondering);
      clearTimeout(this.timeout);
      this.isWaiting = false;
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

    setUpSingleKeys() {
      const box = this.part("single-keys");
      box.checked = memory.read(SINGLE_KEYS) !== "off";
      box.addEventListener("change", () => {
        memory.keep(SINGLE_KEYS, box.checked ? "on" : "off");
        this.announceKeys();
      });
      this.announceKeys();
    }

    /* Tell assistive technology of the single keys that work at this moment; the script that
       adds controls calls this too. */
    announceKeys() {
      for (const control of this.element.querySelectorAll("[data-key], [data-keys]")) {
        if (this.part("single-keys").checked) {
          const keys = control.dataset.key || control.dataset.keys;
          control.setAttribute("aria-keyshortcuts", keys);
        } else {
          control.removeAttribute("aria-keyshortcuts");
        }
      }
    }

    onKey(event) {
      // a key held down would run through what comes up next
      if (event.repeat || this.element.querySelector("dialog[open]") || !this.shown) {
        return;
      }
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        this.press(event, this.shown.querySelector(".wa-submit"));
        return;
      }
      const isSingle = !(event.ctrlKey || event.metaKey || event.altKey);
      if (!isSingle || isTyping(event.target) || !this.part("single-keys").checked) {
        return;
      }
      if (/^[0-9]$/.test(event.key)) {
        this.onDigit(event);
      } else {
        const key = event.key.toLowerCase();
        const isSeen = (control) => control.getClientRects().length > 0;
        const controls = [...this.element.querySelectorAll("[data-key]")].filter(isSeen);
        this.press(event, controls.find((control) => control.dataset.key === key));
      }
    }

    press(event, control) {
      if (control) {
        event.preventDefault();
        control.click();
      }
    }

    onDigit(event) {
      const field = document.activeElement.closest("fieldset[data-question]") || this.missing()[0];
      const radio = field && field.querySelector('input[data-keys~="' + event.key + '"]');
      if (!radio || radio.disabled) {
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

  Object.assign(window, {
    WarmthAuditCard: Card,
    WarmthAuditMemory: memory,
    WarmthAuditTabMemory: memoryOf("sessionStorage"),
  });
})();
