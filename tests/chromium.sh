#!/usr/bin/env bash
# Print the path of a Chromium: one that is there, else the system's package where it can be installed, else nothing.
set -euo pipefail
find_one() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" && return 0
    done
    return 1
}
find_one && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "Installing Chromium for the browser tests" >&2
    { apt-get update -qq && apt-get install -y -qq chromium; } >/dev/null 2>&1 && find_one && exit 0
fi
echo "No Chromium: the browser tests will be skipped. Install the package chromium to run them." >&2
