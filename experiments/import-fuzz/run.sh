#!/bin/bash
# Broken logs through the import, each imported with counts that balance or refused by name. Equal numbers give equal logs.
#
#   experiments/import-fuzz/run.sh [FIRST] [FILES]           from log FIRST on (0), FILES of them (2000), imported by the tests' own process
#   experiments/import-fuzz/run.sh --child [FIRST] [FILES]   the same through 'llm4msr prepare', with a process for each import
#
# Several ranges at once: build first, then start this with NO_BUILD=1.
set -euo pipefail
cd "$(dirname "$0")/../.."
project=Import; tests='*AnyBrokenLogIs*'
if [ "${1:-}" = --child ]; then
  project=Cli; tests='*AnyBrokenLogEnds*'
  shift
fi
export LLM4MSR_FUZZ_FIRST=${1:-0} LLM4MSR_FUZZ_FILES=${2:-2000}
[ -n "${NO_BUILD:-}" ] || dotnet build -c Release test/Llm4Msr.$project.Tests --nologo -v q
dotnet test/Llm4Msr.$project.Tests/bin/Release/net10.0/Llm4Msr.$project.Tests.dll --filter-method "$tests" --output Detailed
