/* What a rater sees between sheets: what practice teaches, the own ratings, why there is nothing
   to rate; and how sheets, counts and times are put in words. */
"use strict";
(() => {
  const THINGS = { pair: "Pair", reply: "Reply", rewrite: "Rewrite", context: "Sentence" };

  function make(...content) {
    return window.WarmthAuditMake(...content);
  }

  const words = {
    headingOf({ form, number, total, practice, changing }) {
      if (practice) {
        return "Practice pair " + practice.number + " of " + practice.total + ", not counted";
      }
      if (changing) {
        return "Change your rating of " + THINGS[form].toLowerCase() + " " + number;
      }
      return THINGS[form] + " " + number + " of " + total;
    },
    ratings(number) {
      return number === 1 ? "1 rating" : number + " ratings";
    },
    /* In the time of this place. */
    timeOf(iso) {
      return new Date(iso).toLocaleTimeString("en-GB");
    },
    dayAndTimeOf(iso) {
      const look = { dateStyle: "medium", timeStyle: "short" };
      return new Date(iso).toLocaleString("en-GB", look);
    },
  };

  class Views {
    constructor(card, reopen) {
      this.card = card;
      this.reopen = reopen;
    }

    show(value) {
      if (value.view === "waiting") {
        const done = "You have given " + words.ratings(value.done) + " so far.";
        this.card.write("waiting-heading", value.heading);
        this.card.write("waiting-text", value.text);
        this.card.write("waiting-count", value.done ? done : "");
      } else if (value.view === "paused") {
        this.card.write("paused-text", value.text);
      } else if (value.view === "feedback") {
        this.showFeedback(value);
      } else if (value.view === "mine") {
        this.showMine(value.ratings);
      }
    }

    showFeedback({ practice, items, explanation }) {
      const { number, total } = practice;
      this.card.write("feedback-heading", "Practice pair " + number + " of " + total);
      this.card.write("go-on", number === total ? "Begin with the study" : "Next practice pair");
      this.card.write("explanation", explanation);
      this.card.part("feedback-items").replaceChildren(
        ...items.map(({ legend, yours, ours, right }) => {
          const verdict = right ? "As we see it" : "We see it differently";
          return make(
            "li",
            { className: right ? "wa-right" : "wa-other" },
            make("h2", { textContent: legend }),
            make("p", { className: "wa-verdict", textContent: verdict }),
            make("p", { textContent: "Your answer: " + yours }),
            make("p", { textContent: "Ours: " + ours })
          );
        })
      );
    }

    showMine(ratings) {
      const many = "You have given " + words.ratings(ratings.length) + ". You can change any.";
      this.card.write("mine-count", ratings.length ? many : "You have not rated anything yet.");
      this.card.part("mine-list").replaceChildren(...ratings.map((own) => this.ownRating(own)));
    }

    ownRating({ token, form, number, excerpt, answers, rated_at: ratedAt }) {
      const name = THINGS[form] + " " + number;
      const unseen = make("span", { className: "wa-unseen" }, " " + name.toLowerCase());
      const change = make("button", { type: "button", className: "wa-quiet" }, "Change", unseen);
      change.addEventListener("click", () => this.reopen(token));
      const when = make("small", { textContent: words.dayAndTimeOf(ratedAt) });
      const told = make(
        "div",
        {},
        make("h2", {}, name + " ", when),
        make("p", { className: "wa-excerpt", textContent: excerpt }),
        make("p", { textContent: answers })
      );
      return make("li", {}, told, change);
    }
  }

  window.WarmthAuditViews = Views;
  window.WarmthAuditWords = words;
})();
