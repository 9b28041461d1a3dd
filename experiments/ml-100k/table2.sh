#!/bin/bash
# The paper's second table on MovieLens-100K with SmolLM2: six backbones, each alone, with Dynamic Network, EPNet and LLM4MSR, five seeds,
# for users with trained rows and for users without. Knowledge is SmolLM2's, asked by the pilot in plain PyTorch (T = 15), of two snapshots
# under past-only: what run.sh asks for takes an hour, these vectors none.
# Goes on where it was interrupted. Two hours of one core.
#
#   experiments/ml-100k/table2.sh ASSETS WORK
set -euo pipefail
mkdir -p "$2"
source "$(dirname "$0")/common.sh" "$1" "$2"
prepare_splits

for split in user user-holdout; do
    import_pilot "pilot-past-only-$split.db" "data-$split" pilot-past-only
    "$llm4msr" reproduce table2 "data-$split" --knowledge "pilot-past-only-$split.db" --seeds 5 --jobs "$jobs" --out "table2-$split" --json > "table2-$split.json"
done
publish table2.md dotnet run "$here/table2.cs" -- .
