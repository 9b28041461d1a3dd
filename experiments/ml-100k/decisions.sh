#!/bin/bash
# What the decisions of docs/decisions.md change, measured: one option away from run.sh's cells, everything else alike.
# Goes on where it was interrupted. Needs run.sh to have been run in WORK, and about two hours of one core beside it.
#
#   experiments/ml-100k/decisions.sh WORK
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
llm4msr=${LLM4MSR:-$here/../../llm4msr}
work=$1
jobs=${JOBS:-2}   # trainings at once, one thread each
seeds=${SEEDS:-3}
mkdir -p "$work/decisions"
cd "$work"

# A run folder's name, which is the decision's letter and what was chosen, then the options of 'train'.
cells() {
    local knowledge arm order state
    local holdout="data-user-holdout --backbone shared-bottom --enhancement llm4msr"
    for arm in real shuffled; do
        for state in state_that_produced_last after_last_token last_prompt_token mean_of_generated; do
            echo "e.own.$state.$arm $holdout --knowledge smollm2.db --state $state --arm $arm"
        done
    done
    for knowledge in encoder-train-part pilot-train-part; do
        for arm in real shuffled; do
            cell() { echo "$1.$knowledge.$2.$arm $holdout --knowledge $knowledge-user-holdout.db" "${@:3}" "--arm $arm"; }
            cell 0 default
            cell b per-scenario --alpha per-scenario
            cell h low-rank --generator low-rank
            cell j user-meta --scenario-input user-meta
        done
        arm=real
        cell k 1e-3 --generator-learning-rate 0.001
        cell k 3e-4 --generator-learning-rate 0.0003
        cell k 1e-4 --generator-learning-rate 0.0001
        cell k 1e-5 --generator-learning-rate 0.00001
    done
    for order in 0,1,2 0,2,1 1,0,2 1,2,0 2,0,1 2,1,0; do
        echo "i.none-user.${order//,/}.none data-user --backbone aitm --enhancement none --scenario-order $order"
        echo "i.none-user-holdout.${order//,/}.none data-user-holdout --backbone aitm --enhancement none --scenario-order $order"
    done
    # Whole vectors into whole weights cost forty times as much per step, so they come last, with one seed and for the narrower vectors alone.
    knowledge=encoder-train-part
    for arm in real shuffled; do
        cell h full --generator full --seeds 1
        cell a paper --preset paper --seeds 1
    done
}
export llm4msr seeds
cells | xargs -P "$jobs" -L 1 bash -c '[[ " $* " == *" --seeds "* ]] || set -- "$@" --seeds "$seeds"; "$llm4msr" train "${@:2}" --out "decisions/$1" --json > "decisions/$1.json" || { echo "failed: $1" >&2; exit 255; }' cell
dotnet run "$here/decisions.cs" -- . > page.md   # so that a page is replaced by a whole one
mv page.md "$here/decisions.md"
echo "Written: $here/decisions.md"
