#!/bin/sh
# Finds or installs a Chromium for the browser tests: a system one, else Debian's package when
# root, else Playwright's own. Argument: the folder of the virtual environment's programs.
set -u
if [ -n "${WARMTH_AUDIT_CHROMIUM:-}" ] || command -v chromium >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium from the system's packages."
  if apt-get -qq update >/dev/null 2>&1 &&
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium >/dev/null 2>&1; then exit 0; fi
fi
echo "Installing Playwright's Chromium."
if "$1/playwright" install chromium >/dev/null 2>&1; then exit 0; fi
echo "The browser tests need Chromium, and neither the system's packages nor Playwright gave one; install chromium, or name one in WARMTH_AUDIT_CHROMIUM" >&2
exit 2
