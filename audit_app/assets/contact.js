/* What the rater's page sends by itself: drafts, and signs that it is open. Plain requests, to
   stay light; what becomes of them is told to the functions given. */
"use strict";
(() => {
  const KEEP_AFTER_MS = 300;
  const KEEP_WITHIN_MS = 5000;
  const SIGN_EVERY_MS = 15000;
  const TAB = "warmth-audit tab";

  function randomKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* A refresh is the same tab. */
  function nameOfTab() {
    const name = window.WarmthAuditTabMemory.read(TAB) || randomKey();
    window.WarmthAuditTabMemory.keep(TAB, name);
    return name;
  }

  function post(address, content, signal) {
    return fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(content),
      keepalive: true,
      signal: signal,
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
      this.changes = 0; // that were made in this tab
      this.kept = 0; // so many of them the server has
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
      this.changes += 1;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.keep(), KEEP_AFTER_MS);
    }

    /* What is chosen goes another way for now; if that fails, it is kept at the next sign. */
    holdDraft() {
      clearTimeout(this.timer);
      this.timer = null;
    }

    /* The sheet is left: of what was chosen nothing is to be kept any more. */
    forgetDraft() {
      this.holdDraft();
      this.kept = this.changes;
    }

    /* Nothing that the server has already: another tab or device may have gone on since. */
    unkept() {
      return this.kept < this.changes ? this.draft() : null;
    }

    async keep(draft = this.unkept()) {
      this.holdDraft();
      if (draft === null) {
        return;
      }
      const changes = this.changes;
      let isKept = false;
      try {
        const signal = AbortSignal.timeout(KEEP_WITHIN_MS);
        const answer = await post("/rate/draft", { ...draft, tab: this.tab }, signal);
        isKept = answer.ok;
        await this.hearIfEnded(answer);
      } catch (error) {
        isKept = false;
      }
      if (isKept) {
        this.kept = Math.max(this.kept, changes);
      }
      if (draft.token === this.token() && this.timer === null) {
        this.onKept(isKept);
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
          if (this.timer === null) {
            await this.keep();
          }
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
