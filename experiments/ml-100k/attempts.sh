#!/bin/bash
# Later attempts at the main question of main-result.sh: other lengths of history, another wording of the prompt, embeddings that start larger.
# Judged on validation users alone: 473, who come from five folds of the draw that main-result.sh chose on. No test row is looked at.
# Every arm has ten trials and else the settings that it chose there. Knowledge is asked of SmolLM2, that of T = 15 imported from the pilot.
# Goes on where it was interrupted. Two hours on two cores, most of it asking.
#
#   experiments/ml-100k/attempts.sh ASSETS WORK
set -euo pipefail
mkdir -p "$2/attempts"
source "$(dirname "$0")/common.sh" "$1" "$2"

for k in 1 2 3 4 5; do
    data=draw-$k
    prepare_draw "$data" --split-seed 3 --fold "$k/5"
    import_pilot "t15-$k.db" "$data" t15
    ask t5 "$data" --history 5
    ask taste "$data" --template "$here/templates/taste.txt"
    ask t2 "$data" --history 2
done

# A run folder's name, FOLD ARM WHAT STATE, then the options of 'train'.
cells() {
    local k what state rate dropout larger="--set model.embeddingDeviation=0.1"
    local -A settings=(
        [real]="llm4msr --set training.weightDecay=0.0001 --set training.idDropout=0.5 --set model.fusion.rank=8 --set training.generatorLearningRate=0.0001 --set training.learningRate=0.0005 --set model.fusion.components=16 --set training.knowledgeDropout=0.1"
        [shuffled]="llm4msr --arm shuffled --set training.weightDecay=0.0001 --set training.idDropout=0.8 --set model.fusion.rank=8 --set training.generatorLearningRate=0.00001 --set training.learningRate=0.0005 --set model.fusion.components=8 --set training.knowledgeDropout=0.1"
        [field]="knowledge-field --set training.weightDecay=0 --set training.idDropout=0.5 --set training.learningRate=0.001 --set model.fusion.components=32 --set training.knowledgeDropout=0.3")
    for k in 1 2 3 4 5; do
        none() { echo "$k.none.$1 draw-$k --enhancement none --set training.weightDecay=0.0001" "${@:2}"; }
        for dropout in 0.5 0.8; do
            for rate in 0.002 0.001 0.0005 0.0003; do
                none "rate-$rate.dropout-$dropout" --set training.learningRate=$rate --set training.idDropout=$dropout
            done
            none "larger.dropout-$dropout" --set training.learningRate=0.002 --set training.idDropout=$dropout $larger
        done
        for state in after_last_token last_prompt_token; do
            for arm in real shuffled field; do
                knowing() { echo "$k.$arm.$1.$state draw-$k --knowledge $2 --state $state --enhancement ${settings[$arm]}" "${@:3}"; }
                knowing t5 t5.db
                knowing t15 "t15-$k.db"
                knowing t2 t2.db
                knowing taste taste.db
                knowing larger "t15-$k.db" $larger
            done
        done
    done
}
export llm4msr
cells | xargs -P "$jobs" -L 1 bash -c '"$llm4msr" train "${@:2}" --backbone shared-bottom --seeds 2 --out "attempts/$1" > /dev/null || { echo "failed: $1" >&2; exit 255; }' cell
publish attempts.md dotnet run "$here/attempts.cs" -- .
