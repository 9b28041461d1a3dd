# Sourced by the scripts beside it, with ASSETS and WORK: where things are, and the data that they share.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
llm4msr=${LLM4MSR:-$here/../../llm4msr}
assets=$(cd "$1" && pwd)
work=$2
jobs=${JOBS:-2}   # trainings at once, one thread each
cd "$work"

# Both splits of the same interactions; the users held out are the pilot's.
prepare_splits() {
    [ -d data-user ] || "$llm4msr" prepare ml-100k "$assets/data/ml-100k" --out data-user
    [ -d data-user-holdout ] || "$llm4msr" prepare ml-100k "$assets/data/ml-100k" --out data-user-holdout \
        --split user-holdout --holdout "$assets/knowledge/ml-100k-user-holdout.json"
}

# SmolLM2's vectors (T = 15) as the pilot made them, of two snapshots: what asking takes an hour for. $1: store, $2: data, $3: its name.
import_pilot() {
    local state vectors=() smollm2=$assets/knowledge/ml-100k-smollm2-t15
    for state in after_last_token last_prompt_token mean_of_generated; do
        vectors+=(--vectors "user@40%:$state=$smollm2-snapshot40.safetensors#user.$state")
        vectors+=(--vectors "user@80%:$state=$smollm2-train-part.safetensors#user.$state")
        vectors+=(--vectors "scenario:$state=$smollm2-train-part.safetensors#scenario.$state")
    done
    [ -f "$1" ] || "$llm4msr" knowledge import "$1" --data "$2" --name "$3" "${vectors[@]}"
}

# What a command prints becomes the page $1 beside the scripts, whole or not at all.
publish() {
    "${@:2}" > page.md
    mv page.md "$here/$1"
    echo "Written: $here/$1"
}

# Users held out by a draw. $1: data, then the options that name the draw.
prepare_draw() { [ -d "$1" ] || "$llm4msr" prepare ml-100k "$assets/data/ml-100k" --split user-holdout --out "$@"; }

# SmolLM2 is asked what the store $1 lacks about the data $2. Users' prompts do not depend on the draw; three scenario prompts do, since they count the training part.
ask() { "$llm4msr" reason "$2" --model "$assets/models/SmolLM2-135M-Instruct.Q4_1.gguf" --out "$1.db" "${@:3}" --json > "reason-$1-$2.json"; }
