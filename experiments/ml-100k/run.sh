#!/bin/bash
# MovieLens-100K with SmolLM2: does knowledge help, and is it the knowledge? Every step is skipped that is done already,
# so an interrupted run goes on. Needs about an hour on two cores.
#
#   experiments/ml-100k/run.sh ASSETS WORK
#
# ASSETS holds data/ml-100k (the unpacked archive), models/SmolLM2-135M-Instruct.Q4_1.gguf, and knowledge/ (the vectors of
# the pilot in plain PyTorch, which are read for comparison). WORK is where data, knowledge and runs go.
set -euo pipefail
mkdir -p "$2/runs"
source "$(dirname "$0")/common.sh" "$1" "$2"
seeds=${SEEDS:-3}
"$llm4msr" doctor --json > doctor.json

# 1. Data: both splits of the same interactions.
prepare_splits

# 2. Our knowledge, past-only. The second call asks for three scenario prompts only: users' prompts do not depend on the split.
for split in user user-holdout; do
    "$llm4msr" reason "data-$split" --model "$assets/models/SmolLM2-135M-Instruct.Q4_1.gguf" --out smollm2.db --json > "reason-$split.json.new"
    # What a finished run did stays on record when it is called again and has nothing to do.
    [ -s "reason-$split.json" ] && rm "reason-$split.json.new" || mv "reason-$split.json.new" "reason-$split.json"
done
"$llm4msr" knowledge stats smollm2.db --json > smollm2-stats.json

# 3. The pilot's knowledge, one store for each split, since the scenarios' vectors belong to a training part.
pilot=$assets/knowledge
smol80=$pilot/ml-100k-smollm2-t15-train-part.safetensors
smol40=$pilot/ml-100k-smollm2-t15-snapshot40.safetensors
encoder=$pilot/ml-100k-text-encoder.safetensors
states=(after_last_token last_prompt_token mean_of_generated)
for split in user user-holdout; do
    eighty=() forty=()
    for state in "${states[@]}"; do
        eighty+=(--vectors "user@80%:$state=$smol80#user.$state" --vectors "scenario:$state=$smol80#scenario.$state")
        forty+=(--vectors "user@40%:$state=$smol40#user.$state")
    done
    import() { [ -f "$1-$split.db" ] || "$llm4msr" knowledge import "$1-$split.db" --data "data-$split" --name "$1" "${@:2}"; }
    import pilot-train-part --protocol train-part "${eighty[@]}"
    import pilot-past-only --protocol past-only "${eighty[@]}" "${forty[@]}"
    import encoder-train-part --protocol train-part --vectors "user@80%:mean=$encoder#user.train_part" --vectors "scenario:mean=$encoder#scenario"
    import encoder-past-only --protocol past-only --vectors "user@40%:mean=$encoder#user.past_only_half" \
        --vectors "user@80%:mean=$encoder#user.train_part" --vectors "scenario:mean=$encoder#scenario"
done

# 4. The cells: a run folder's name, then the options of 'train'. Every arm has the same options and seeds.
cells() {
    local split backbone arm
    for split in user user-holdout; do
        for backbone in star shared-bottom; do
            cell() { echo "$split.$backbone.$1 data-$split --backbone $backbone ${*:2}"; }
            cell none --enhancement none
            for arm in real shuffled random; do
                cell "own.$arm" --enhancement llm4msr --knowledge smollm2.db --arm "$arm"
                cell "pilot-train-part.$arm" --enhancement llm4msr --knowledge "pilot-train-part-$split.db" --arm "$arm"
            done
        done
    done
    # What the pilot did beside that, on users never trained on. It left out the rows that see no knowledge under past-only.
    split=user-holdout
    for backbone in star shared-bottom; do
        cell later-half.none --enhancement none --knowledge "pilot-past-only-$split.db" --drop-rows-without-knowledge
        for arm in real shuffled; do
            cell "pilot-past-only-later-half.$arm" --enhancement llm4msr --knowledge "pilot-past-only-$split.db" --drop-rows-without-knowledge --arm "$arm"
            cell "encoder-past-only-later-half.$arm" --enhancement llm4msr --knowledge "encoder-past-only-$split.db" --drop-rows-without-knowledge --arm "$arm"
        done
    done
    backbone=shared-bottom
    for arm in real shuffled; do
        for state in last_prompt_token mean_of_generated; do
            cell "pilot-train-part-$state.$arm" --enhancement llm4msr --knowledge "pilot-train-part-$split.db" --state "$state" --arm "$arm"
            cell "own-$state.$arm" --enhancement llm4msr --knowledge smollm2.db --state "$state" --arm "$arm"
        done
        cell "encoder-train-part.$arm" --enhancement llm4msr --knowledge "encoder-train-part-$split.db" --arm "$arm"
        cell "encoder-past-only.$arm" --enhancement llm4msr --knowledge "encoder-past-only-$split.db" --arm "$arm"
    done
}
export llm4msr seeds
cells | xargs -P "$jobs" -L 1 bash -c '"$llm4msr" train "${@:2}" --seeds "$seeds" --out "runs/$1" --json > "runs/$1.json" || { echo "failed: $1" >&2; exit 255; }' cell

# 5. What a training step costs, and the page.
[ -s training-step.md ] || dotnet run -c Release --project "$here/../../bench/Llm4Msr.Benchmarks" -- training-step \
    --data data-user --knowledge smollm2.db > training-step.md
publish results.md dotnet run "$here/summary.cs" -- .
publish training-step.md cat training-step.md
