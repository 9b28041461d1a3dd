#!/bin/bash
# How much of a gain is leakage: the same text encoder under the three protocols, which differ in the rows that a prompt may hold and in
# who may see it, on users with trained rows and on users without. Three seeds, the same options for every arm.
# Goes on where it was interrupted. Needs run.sh to have been run in WORK.
#
#   experiments/ml-100k/protocols.sh ASSETS WORK
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
llm4msr=${LLM4MSR:-$here/../../llm4msr}
assets=$(cd "$1" && pwd)
work=$2
jobs=${JOBS:-2}   # trainings at once, one thread each
cd "$work"
mkdir -p protocols

for split in user user-holdout; do
    for protocol in past-only train-part whole-period; do
        "$llm4msr" knowledge encode "data-$split" --encoder "$assets/models/all-minilm-l6-v2.fp16.onnx" --protocol "$protocol" \
            --workers "$jobs" --out "protocols/$split.$protocol.db" --json > "protocols/$split.$protocol.json"
        # A text encoder reads items and no prompt, so that prompts are not proven (exit code 3); what rows saw is counted all the same.
        "$llm4msr" audit leak "data-$split" --knowledge "protocols/$split.$protocol.db" --json > "protocols/$split.$protocol.audit.json" || [ $? = 3 ]
    done
done
cells() {
    local split protocol arm
    for split in user user-holdout; do
        echo "$split.none.none data-$split --enhancement none"
        for protocol in past-only train-part whole-period; do
            for arm in real shuffled; do
                echo "$split.$protocol.$arm data-$split --enhancement llm4msr --knowledge protocols/$split.$protocol.db --arm $arm"
            done
        done
    done
}
export llm4msr
cells | xargs -P "$jobs" -L 1 bash -c '"$llm4msr" train "${@:2}" --backbone shared-bottom --seeds 3 --out "protocols/$1" --json > "protocols/$1.run.json" || { echo "failed: $1" >&2; exit 255; }' cell
dotnet run "$here/protocols.cs" -- . > "$here/protocols.md"
echo "Written: $here/protocols.md"
