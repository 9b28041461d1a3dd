#!/bin/bash
# How much of a gain is leakage: the same text encoder under the three protocols, which differ in the rows that a prompt may hold and in
# who may see it, on users with trained rows and on users without. Three seeds, the same options for every arm.
# Goes on where it was interrupted. Half an hour of one core.
#
#   experiments/ml-100k/protocols.sh ASSETS WORK
set -euo pipefail
mkdir -p "$2/protocols"
source "$(dirname "$0")/common.sh" "$1" "$2"
prepare_splits
for split in user user-holdout; do
    stores=()
    for protocol in past-only train-part whole-period; do
        stores+=("protocols/$split.$protocol.db")
        "$llm4msr" knowledge encode "data-$split" --encoder "$assets/models/all-minilm-l6-v2.fp16.onnx" --protocol "$protocol" --workers "$jobs" --out "${stores[-1]}"
    done
    "$llm4msr" protocols "data-$split" --knowledge "${stores[@]}" --backbone shared-bottom --seeds 3 --jobs "$jobs" --out "protocols/$split" > "protocols/$split.txt"
done
page() {
    echo "# How much of a gain is leakage: one text encoder, three protocols"
    echo
    echo "Made by \`experiments/ml-100k/protocols.sh\`, $(date -u +%Y-%m-%d): Shared Bottom with its defaults, three seeds, items' words by all-MiniLM-L6-v2."
    for split in user user-holdout; do
        [ "$split" = user ] && who="users with trained rows" || who="users never trained on"
        printf '\n## Split `%s`: %s\n\n```text\n' "$split" "$who"
        cat "protocols/$split.txt"
        echo '```'
    done
}
publish protocols.md page
