#!/bin/bash
# Planted interests at two sizes: do meta layers find what is there, and do the controls say so? Users' knowledge is what was planted, which no
# language model can be ahead of; the best AUC that the data allow is known. Users of the test part were never trained on.
# Settings are those that another draw (seed 2, 3,000 users) chose on its validation users; embeddings start larger than by default, since training stops on
# the plateau at its beginning otherwise. Goes on where it was interrupted. Half an hour of one core.
#
#   experiments/generated/run.sh WORK
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
llm4msr=${LLM4MSR:-$here/../../llm4msr}
jobs=${JOBS:-2}   # trainings at once, one thread each
mkdir -p "$1"
cd "$1"

sizes=("1000 5" "3000 3")   # users and seeds
settings=(--backbone shared-bottom --set model.fusion.components=48 --set model.fusion.userHidden=8 --set training.generatorLearningRate=0.001
    --set training.weightDecay=0.001 --set training.idDropout=0.9 --set model.embeddingDeviation=0.1)
for size in "${sizes[@]}"; do
    read -r users seeds <<< "$size"
    [ -d "$users" ] || "$llm4msr" data generate --scale tiny --users "$users" --format prepared --split user-holdout --out "$users" > "$users.generated"
    [ -f "$users.db" ] || "$llm4msr" knowledge import "$users.db" --data "$users" --protocol train-part --name planted \
        --vectors "user@80%:interests=$users/truth/vectors.safetensors#interests" --vectors "scenario:interests=$users/truth/vectors.safetensors#tastes"
    "$llm4msr" controls "$users" --knowledge "$users.db" --seeds "$seeds" --jobs "$jobs" --out "controls-$users" "${settings[@]}" > "controls-$users.txt"
    for arm in none real; do
        run=$(grep "^$arm," "controls-$users/controls.csv" | sed 's/.*,//')
        "$llm4msr" data judge "$run" > "judge-$users-$arm.txt"
    done
done
{
    echo "# Planted interests at two sizes"
    echo
    echo "Made by \`experiments/generated/run.sh\`, $(date -u +%Y-%m-%d): \`${settings[*]}\`."
    for size in "${sizes[@]}"; do
        read -r users seeds <<< "$size"
        printf '\n## %s users, %s seeds\n\n```text\n' "$users" "$seeds"
        cat "controls-$users.txt"
        for arm in none real; do
            printf '\n%s:\n' "$arm"
            cat "judge-$users-$arm.txt"
        done
        echo '```'
    done
} > page.md   # so that a page is replaced by a whole one
mv page.md "$here/results.md"
echo "Written: $here/results.md"
