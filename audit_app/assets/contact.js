/* What the rater's page sends by itself: drafts, and signs that it is open. Plain requests, to
   stay light; what becomes of them is told to the functions given. */
"use strict";
(() => {
  const KEEP_AFTER_MS = 300;
  const SIGN_EVERY_MS = 15000;
  const TAB = "warmth-audit tab";

  function randomKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* A refresh is the same tab. */
  function nameOfTab() {
    try {
      const name = sessionStorage.getItem(TAB) || randomKey();
      sessionStorage.setItem(TAB, name);
      return name;
    } catch (error) {
      return randomKey();
    }
  }

  function post(address, content) {
    return fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(content),
      keepalive: true,
    });
  }

  class Contact {
    /* `draft` gives {token, answers}, or null when there is nothing to keep; `hasLife` says
       whether somebody is at the page; `onKept` hears whether a draft was kept, `onPulse` what the
       server says of the study, `onEnd` why it lets this person in no more, or null. */
    constructor({ draft, token, hasLife, onKept, onPulse, onEnd }) {
      Object.assign(this, { draft, token, hasLife, onKept, onPulse, onEnd });
      this.tab = nameOfTab();
      this.timer = null;
      this.greetOtherTabs();
      setInterval(() => this.signIfSeen(), SIGN_EVERY_MS);
      window.addEventListener("pagehide", () => this.keep());
      document.addEventListener("visibilitychange", () => {
        if (document.hidden) {
          this.keep();
        } else {
          this.sign();
        }
      });
    }

    /* A tab that was duplicated took its name along: the newer one draws another. */
    greetOtherTabs() {
      if (!window.BroadcastChannel) {
        return;
      }
      const channel = new BroadcastChannel(TAB);
      const born = performance.timeOrigin;
      channel.onmessage = ({ data }) => {
        if (data.tab !== this.tab || data.born === born) {
          return;
        }
        if (data.born > born) {
          channel.postMessage({ tab: this.tab, born: born });
        } else {
          this.tab = randomKey();
        }
      };
      channel.postMessage({ tab: this.tab, born: born });
    }

    keepSoon() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.keep(), KEEP_AFTER_MS);
    }

    forgetDraft() {
      clearTimeout(this.timer);
      this.timer = null;
    }

    async keep(draft = this.draft()) {
      this.forgetDraft();
      if (draft === null) {
        return;
      }
      let kept = false;
      try {
        const answer = await post("/rate/draft", { ...draft, tab: this.tab });
        kept = answer.ok;
        await this.hearIfEnded(answer);
      } catch (error) {
        kept = false;
      }
      if (draft.token === this.token() && this.timer === null) {
        this.onKept(kept);
      }
    }

    signIfSeen() {
      if (!document.hidden) {
        this.sign();
      }
    }

    async sign() {
      const sign = { token: this.token(), tab: this.tab, active: this.hasLife() };
      try {
        const answer = await post("/rate/activity", sign);
        await this.hearIfEnded(answer);
        if (answer.ok) {
          this.onPulse(await answer.json());
        }
      } catch (error) {
        return; // the next sign comes soon
      }
    }

    async hearIfEnded(answer) {
      if (answer.ok) {
        this.onEnd(null);
      } else if (answer.status === 401) {
        this.onEnd("signed_out");
      } else if (answer.status === 403) {
        this.onEnd((await answer.json()).reason);
      }
    }
  }

  window.WarmthAuditContact = Contact;
  window.WarmthAuditKey = randomKey;
})();
