#!/usr/bin/env bash
# Installs what is missing, builds, and runs the whole test suite: everything with the release build, then again with
# ASan+UBSan, and what has threads with TSan. Usage: ./test.sh [release|asan|tsan …]
set -uo pipefail
cd "$(dirname "$0")" || exit 1
tools/dependencies.sh test || exit 1

presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(release asan tsan)
passed=0
failed=0
for preset in "${presets[@]}"; do
  echo "== $preset: building"
  started=$SECONDS
  log=build/$preset/build.log
  mkdir -p "build/$preset"
  if ! { cmake --preset "$preset" && cmake --build --preset "$preset"; } >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "$preset did not build; the whole log is in $log"
    failed=$((failed + 1))
    continue
  fi
  echo "== $preset: built in $((SECONDS - started)) s, testing"
  report=build/$preset/ctest.log
  ctest --preset "$preset" 2>&1 | tee "$report"
  # "97% tests passed, 1 tests failed out of 34"
  line=$(grep -E 'tests passed, [0-9]+ tests failed out of [0-9]+' "$report" | tail -n 1)
  bad=$(sed -E 's/.*, ([0-9]+) tests failed out of.*/\1/' <<<"$line")
  all=$(sed -E 's/.*out of ([0-9]+).*/\1/' <<<"$line")
  if [ -z "$line" ]; then
    failed=$((failed + 1))
    continue
  fi
  passed=$((passed + all - bad))
  failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
