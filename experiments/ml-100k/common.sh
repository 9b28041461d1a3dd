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
