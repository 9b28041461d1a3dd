using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr train</c>: fit one backbone, with or without knowledge, once per seed.</summary>
internal static class TrainVerb
{
    private enum Preset
    {
        Default,
        Paper,
    }

    public static Command Create(Cli cli)
    {
        var model = new ModelArguments();
        var training = new TrainingOptions();
        var run = new RunOptions();

        var data = new Argument<string>("data") { Description = "Folder written by 'llm4msr prepare'." };
        var output = new Option<string>("--out") { Description = "Run folder: made, or gone on with.", Required = true };
        var knowledge = new Option<string?>("--knowledge") { Description = "Knowledge store of this data.", HelpName = "KNOWLEDGE.db" };
        var state = new Option<string?>("--state") { Description = "Which hidden state is read [default: the first that the store names]." };
        var arm = Spelling.Option("--arm", "Real knowledge, or a control in its place.", run.Arm);
        var preset = Spelling.Option("--preset", "paper: equations 7 to 9 to the letter, with the paper's rates.", Preset.Default);
        var seeds = new Option<int>("--seeds") { Description = "How many models, with seeds counted from --first-seed.", DefaultValueFactory = _ => 1 };
        var firstSeed = new Option<int>("--first-seed") { Description = "The first seed.", DefaultValueFactory = _ => 1 };
        var batch = new Option<int>("--batch-size") { Description = "Rows per step.", DefaultValueFactory = _ => training.BatchSize };
        var rate = new Option<double?>("--learning-rate") { Description = Inv($"Of everything but the generators [default: {training.LearningRate}; paper: 0.002].") };
        var generatorRate = new Option<double?>("--generator-learning-rate") { Description = Inv($"Of the generators [default: {training.GeneratorLearningRate:0.#######}; paper: as the rest].") };
        var decay = new Option<double>("--weight-decay") { Description = "Added to gradients, as in Adam.", DefaultValueFactory = _ => training.WeightDecay };
        var epochs = new Option<int>("--epochs") { Description = "The most epochs that are trained.", DefaultValueFactory = _ => training.Epochs };
        var patience = new Option<int?>("--patience") { Description = $"Epochs without a better validation before stopping [default: {training.Patience}; paper: 3]." };
        var monitor = Spelling.Option("--monitor", "What on the validation part chooses the epoch.", training.Monitor);
        var knowledgeDropout = new Option<double?>("--knowledge-dropout") { Description = Inv($"Share of rows whose knowledge is hidden [default: {training.KnowledgeDropout}; paper: 0].") };
        var idDropout = new Option<double?>("--id-dropout") { Description = "Share of rows whose user id is hidden [default: 0.5 under user-holdout, else 0]." };
        var without = new Option<bool>("--drop-rows-without-knowledge") { Description = "Leave out training rows that no snapshot is older than." };
        var threads = new Option<int>("--threads") { Description = "Torch threads. One per process is fastest where several run.", DefaultValueFactory = _ => run.Threads };

        var minutes = new Option<double>("--checkpoint-minutes") { Description = "Minutes between checkpoints within an epoch; there is one after each epoch too.", DefaultValueFactory = _ => run.CheckpointMinutes };

        var verb = new Verb("train", "Fit a backbone, with or without knowledge.",
            "llm4msr train data --backbone star --seeds 3 --out runs/star",
            "llm4msr train data --backbone star --enhancement llm4msr --knowledge knowledge.db --seeds 3 --out runs/star-llm4msr")
        {
            data, output, knowledge, state, arm, preset, seeds, firstSeed,
            batch, rate, generatorRate, decay, epochs, patience, monitor, knowledgeDropout, idDropout, without, threads, minutes,
        };
        foreach (var option in model.All)
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            AtLeast.Check(1, ("--seeds", parsed.GetValue(seeds)));
            AtLeast.Check(0, ("--first-seed", parsed.GetValue(firstSeed)));
            Libtorch.Require();
            var paper = parsed.GetValue(preset).Value == Preset.Paper;
            var store = parsed.GetValue(knowledge);
            if (parsed.GetValue(without) && store is null)
                throw new Llm4MsrException(FaultKind.Usage, "--drop-rows-without-knowledge needs --knowledge, which says which rows have any.");

            var dataset = InteractionDataset.Open(parsed.GetRequiredValue(data));
            var network = model.Read(parsed, paper, dataset.Description.Scenarios);
            CheckKnowledge(network, store, parsed.GetValue(arm).Value);
            var learningRate = parsed.GetValue(rate) ?? (paper ? 2e-3 : training.LearningRate);
            var options = new RunOptions
            {
                Model = network,
                Training = training with
                {
                    BatchSize = parsed.GetValue(batch),
                    LearningRate = learningRate,
                    GeneratorLearningRate = parsed.GetValue(generatorRate) ?? (paper ? learningRate : training.GeneratorLearningRate),
                    WeightDecay = parsed.GetValue(decay),
                    Epochs = parsed.GetValue(epochs),
                    Patience = parsed.GetValue(patience) ?? (paper ? 3 : training.Patience),
                    Monitor = parsed.GetValue(monitor).Value,
                    KnowledgeDropout = parsed.GetValue(knowledgeDropout) ?? (paper ? 0 : training.KnowledgeDropout),
                    IdDropout = parsed.GetValue(idDropout) ?? (dataset.Description.Split.Kind == SplitKind.UserHoldout && !paper ? 0.5 : 0),
                },
                Arm = parsed.GetValue(arm).Value,
                State = parsed.GetValue(state),
                KeepRowsWithoutKnowledge = !parsed.GetValue(without),
                Threads = parsed.GetValue(threads),
                CheckpointMinutes = parsed.GetValue(minutes),
            };
            return Run(cli, dataset, parsed.GetRequiredValue(data), store, options, parsed.GetRequiredValue(output),
                [.. Enumerable.Range(parsed.GetValue(firstSeed), parsed.GetValue(seeds))]);
        });
        return verb;
    }

    private static int Run(Cli cli, InteractionDataset data, string dataFolder, string? storePath, RunOptions options, string output, int[] seeds)
    {
        options.Check();
        torch.set_num_threads(options.Threads);
        KnowledgeTable? table = null;
        if (storePath is not null)
        {
            table = KnowledgeFor.Data(data, storePath, options.State, cli.Terminal.Say);
            options = options with { State = table.Origin.State };
        }
        foreach (var remark in ModelArguments.Remarks(options.Model, data.Description.Scenarios))
            cli.Terminal.Say(remark);
        var run = new TrainingRun(data, dataFolder, table, options, output);
        if (seeds.Intersect(run.Folder.Seeds).ToList() is { Count: > 0 } done)
            cli.Terminal.Say($"Trained before, and read from '{run.Path}': seed {string.Join(", ", done)}.");
        List<SeedResult> results = [];
        cli.Terminal.WithProgress("train", seeds.Length * (double)options.Training.Epochs, report =>
        {
            for (var k = 0; k < seeds.Length; k++)
            {
                var line = new TrainingLine(seeds[k], options.Training);
                results.Add(run.Train(seeds[k],
                    (epoch, step, steps, loss) =>
                    {
                        cli.Cancellation.ThrowIfCancellationRequested();
                        var (done, text) = line.After(epoch, step, steps, loss);
                        report(k * options.Training.Epochs + done, text);
                    },
                    line.After, cli.Terminal.Say));
            }
        });
        MetricsReport.Print(cli.Terminal, $"{ModelName.Of(options.Model, options.Arm)}, test part", results.Select(r => (r.Seed, r.Test)),
            new { run = run.Path, model = options.Model, rows = run.TrainingRows, seeds = results },
            $"Models are in {run.Path}. Next: 'llm4msr evaluate {run.Path}', or 'llm4msr predict {run.Path} --input rows.csv --output scores.csv'.");
        return 0;
    }

    private static void CheckKnowledge(ModelOptions model, string? store, KnowledgeArm arm)
    {
        var enhancement = Spelling.Of(model.Enhancement);
        if (model.Fusion is not null && store is null)
            throw new Llm4MsrException(FaultKind.Usage, $"--enhancement {enhancement} needs knowledge: add --knowledge KNOWLEDGE.db, made by 'llm4msr reason' or 'llm4msr knowledge import'.");
        if (model.Fusion is null && arm != KnowledgeArm.Real)
            throw new Llm4MsrException(FaultKind.Usage, $"--arm {Spelling.Of(arm)} puts other vectors where knowledge is read, and --enhancement {enhancement} reads none. Leave it out, or say --enhancement llm4msr.");
    }

    private static string Inv(FormattableString text) => FormattableString.Invariant(text);
}
