#!/usr/bin/env bash
# A TypeScript program that imports AssemblyScript's compiler, assemblyscript/asc 0.28.20, is no longer told that an empty list has nothing
# at its end: the package's declarations give Array and typed arrays an `at` whose result is never undefined, for every file of
# the program. Without the import, strict TypeScript 6.0.3 refuses the same line.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{ "type": "module" }' > package.json
npm install --silent --no-fund --no-audit --ignore-scripts assemblyscript@0.28.20 typescript@6.0.3 > /dev/null
echo 'export const lastOf = (list: readonly string[], own: string[]): number => own.at(-1).length + list.length' > last.ts
echo "import asc from 'assemblyscript/asc'; export const compile = asc.main" > build.ts
options=(--noEmit --strict --skipLibCheck --target es2023 --module nodenext)
judge() {
  if npx tsc "${options[@]}" "$@" > out.txt; then echo 'accepted'; else sed 's/: Object.*//' out.txt; fi
}
echo "last.ts alone: $(judge last.ts)" | tee seen.txt
echo "last.ts beside a file that imports assemblyscript/asc: $(judge last.ts build.ts)" | tee -a seen.txt
# Seen on 2026-11-30:
diff seen.txt - <<'TXT'
last.ts alone: last.ts(1,75): error TS2532
last.ts beside a file that imports assemblyscript/asc: accepted
TXT
