#!/bin/bash
# Goal F5: broken logs through the import, each imported with counts that balance or refused by name. Equal numbers give equal logs.
#
#   experiments/import-fuzz/run.sh [FIRST] [FILES]     from log FIRST on (0), FILES of them (2000)
set -euo pipefail
cd "$(dirname "$0")/../.."
export LLM4MSR_FUZZ_FIRST=${1:-0} LLM4MSR_FUZZ_FILES=${2:-2000}
dotnet build -c Release test/Llm4Msr.Import.Tests --nologo -v q
dotnet test/Llm4Msr.Import.Tests/bin/Release/net10.0/Llm4Msr.Import.Tests.dll --filter-method '*AnyBrokenLog*' --output Detailed
