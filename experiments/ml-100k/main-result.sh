#!/bin/bash
# The main question, fixed before looking: on users never trained on, does LLM4MSR with real knowledge of SmolLM2 beat (1) no
# knowledge, (2) shuffled knowledge, (3) the same knowledge as a feature field? Everything is chosen on the validation users of
# one draw, with the same trials for each arm; then each user is tested once, over five folds of another draw.
# Goes on where it was interrupted. Needs run.sh to have been run in WORK.
#
#   experiments/ml-100k/main-result.sh ASSETS WORK choose    # trials, and what the validation users choose
#   experiments/ml-100k/main-result.sh ASSETS WORK test      # once, with what was chosen
set -euo pipefail
source "$(dirname "$0")/common.sh" "$1" "$2"

choose() {
    prepare_draw selection --split-seed 3 --fold 1/5
    ask smollm2 selection
    sweep() {
        "$llm4msr" sweep selection --set model.backbone=shared-bottom --set seeds=2 --trials 16 --jobs "$jobs" \
            --vary training.weightDecay=0,0.00001,0.0001 --vary training.idDropout=0.5,0.8 --out "trials-$1" --json "${@:2}" > "trials-$1.json"
    }
    knowing() {
        sweep "$@" --set knowledge=smollm2.db --vary training.learningRate=0.001,0.0005 \
            --vary state=state_that_produced_last,after_last_token,last_prompt_token,mean_of_generated \
            --vary model.fusion.components=8,16,32 --vary training.knowledgeDropout=0.1,0.3
    }
    fused() { knowing "$@" --vary model.fusion.rank=null,8 --vary training.generatorLearningRate=0.0001,0.00003,0.00001; }
    # Sixteen trials each; who has less to choose tries more learning rates.
    sweep none --compare model.enhancement=none --vary training.learningRate=0.002,0.001,0.0005,0.0003
    knowing field --compare model.enhancement=knowledge-field
    fused real --compare model.enhancement=llm4msr
    fused shuffled --set arm=shuffled --compare model.enhancement=llm4msr
}

test() {
    local k arm
    local -A chosen
    mkdir -p main
    for arm in none field real shuffled; do
        chosen[$arm]=$(dotnet run "$here/main-result.cs" -- . chosen "$arm")
    done
    for k in 1 2 3 4 5; do
        prepare_draw "fold-$k" --split-seed 2 --fold "$k/5"
        ask smollm2 "fold-$k"
        cell() { echo "fold-$k.$1 fold-$k --set model.backbone=shared-bottom ${*:2} ${chosen[$1]}"; }
        cell none --set model.enhancement=none
        cell field --set model.enhancement=knowledge-field --set knowledge=smollm2.db
        cell real --set model.enhancement=llm4msr --set knowledge=smollm2.db
        cell shuffled --set model.enhancement=llm4msr --set knowledge=smollm2.db --set arm=shuffled
    done | xargs -P "$jobs" -L 1 bash -c '"$llm4msr" train "${@:2}" --seeds 5 --out "main/$1" > /dev/null || { echo "failed: $1" >&2; exit 255; }' cell
    publish main-result.md dotnet run "$here/main-result.cs" -- .
}
export llm4msr
case $3 in choose | test) "$3" ;; *) sed -n '2,9s/^# *//p' "$0" >&2; exit 2 ;; esac
