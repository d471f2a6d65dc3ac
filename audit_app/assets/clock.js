/* The clock of a sheet: time in which the page could be seen and somebody was there. After a
   minute without any sign of a hand it stops; that minute counts. The tab remembers over a refresh
   what it counted; what is known to other devices comes with a draft. */
"use strict";
(() => {
  const IDLE_AFTER_MS = 60000;
  const SPENT = "warmth-audit seconds ";
  const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "scroll", "touchstart"];

  class Clock {
    constructor() {
      this.sheet = null;
      this.counted = 0;
      this.since = null;
      this.isRunning = false;
      this.lastSign = performance.now();
      for (const sign of SIGNS) {
        window.addEventListener(sign, () => this.onSign(), { capture: true, passive: true });
      }
      window.addEventListener("pagehide", () => this.remember());
      document.addEventListener("visibilitychange", () => {
        if (document.hidden) {
          this.fold();
          this.remember();
        } else {
          this.onSign();
        }
      });
    }

    /* Begin with a sheet, by its token, on which some seconds were spent before. */
    start(sheet, seconds) {
      this.stop();
      this.sheet = sheet;
      const here = Number(window.WarmthAuditTabMemory.read(SPENT + sheet)) || 0;
      this.counted = Math.max(seconds, here) * 1000;
      this.isRunning = true;
      this.onSign();
    }

    stop() {
      this.fold();
      this.remember();
      this.isRunning = false;
    }

    remember() {
      if (this.isRunning) {
        window.WarmthAuditTabMemory.keep(SPENT + this.sheet, String(this.seconds()));
      }
    }

    /* Whether somebody was at the page, in view, within the last minute; on any view. */
    hasLife() {
      return !document.hidden && performance.now() < this.lastSign + IDLE_AFTER_MS;
    }

    seconds() {
      return Math.round((this.counted + this.stretch()) / 100) / 10;
    }

    /* How much of the present stretch counts, in ms. */
    stretch() {
      if (this.since === null) {
        return 0;
      }
      return Math.min(performance.now(), this.lastSign + IDLE_AFTER_MS) - this.since;
    }

    fold() {
      this.counted += this.stretch();
      this.since = null;
    }

    onSign() {
      if (document.hidden) {
        return;
      }
      if (this.isRunning) {
        this.fold();
        this.since = performance.now();
      }
      this.lastSign = performance.now();
    }
  }

  window.WarmthAuditClock = Clock;
})();
