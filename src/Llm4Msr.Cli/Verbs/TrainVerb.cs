using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using Spectre.Console;
using TorchSharp;
using static System.FormattableString;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr train</c>: fit one backbone, with or without knowledge, once per seed.</summary>
internal static class TrainVerb
{
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
        var rate = new Option<double?>("--learning-rate") { Description = Invariant($"Of everything but the generators [default: {training.LearningRate}; paper: 0.002].") };
        var generatorRate = new Option<double?>("--generator-learning-rate") { Description = Invariant($"Of the generators [default: {training.GeneratorLearningRate:0.#######}; paper: as the rest].") };
        var decay = new Option<double>("--weight-decay") { Description = "Added to gradients, as in Adam.", DefaultValueFactory = _ => training.WeightDecay };
        var epochs = new Option<int>("--epochs") { Description = "The most epochs that are trained.", DefaultValueFactory = _ => training.Epochs };
        var patience = new Option<int?>("--patience") { Description = $"Epochs without a better validation before stopping [default: {training.Patience}; paper: 3]." };
        var monitor = Spelling.Option("--monitor", "What on the validation part chooses the epoch.", training.Monitor);
        var knowledgeDropout = new Option<double?>("--knowledge-dropout") { Description = Invariant($"Share of rows whose knowledge is hidden [default: {training.KnowledgeDropout}; paper: 0].") };
        var idDropout = new Option<double?>("--id-dropout") { Description = "Share of rows whose user id is hidden [default: 0.5 under user-holdout, else 0]." };
        var without = new Option<bool>("--drop-rows-without-knowledge") { Description = "Leave out training rows that no snapshot is older than." };
        var threads = new Option<int>("--threads") { Description = "Torch threads. One per process is fastest where several run.", DefaultValueFactory = _ => run.Threads };

        var minutes = new Option<double>("--checkpoint-minutes") { Description = "Minutes between checkpoints within an epoch; there is one after each epoch too.", DefaultValueFactory = _ => run.CheckpointMinutes };
        var dryRun = new Option<bool>("--dry-run") { Description = "Train nothing: show the resolved configuration, the number of parameters and the memory they take." };
        var config = new ConfigArguments();
        var keys = new Dictionary<Option, string>
        {
            [knowledge] = "knowledge",
            [state] = "state",
            [arm] = "arm",
            [preset] = "preset",
            [seeds] = "seeds",
            [firstSeed] = "firstSeed",
            [batch] = "training.batchSize",
            [rate] = "training.learningRate",
            [generatorRate] = "training.generatorLearningRate",
            [decay] = "training.weightDecay",
            [epochs] = "training.epochs",
            [patience] = "training.patience",
            [monitor] = "training.monitor",
            [knowledgeDropout] = "training.knowledgeDropout",
            [idDropout] = "training.idDropout",
            [threads] = "threads",
            [minutes] = "checkpointMinutes",
        };

        var verb = new Verb("train", "Fit a backbone, with or without knowledge.",
            "llm4msr train data --backbone star --seeds 3 --out runs/star",
            "llm4msr train data --backbone star --enhancement llm4msr --knowledge knowledge.db --seeds 3 --out runs/star-llm4msr",
            "llm4msr train data --config base.json --set training.learningRate=0.0003 --out runs/slower --dry-run")
        {
            data, output, without, dryRun,
        };
        foreach (var option in (IEnumerable<Option>)[.. config.All, .. keys.Keys, .. model.All])
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            Libtorch.Require();
            var dataset = InteractionDataset.Open(parsed.GetRequiredValue(data));
            List<JsonObject> layers = [.. config.Read(parsed), .. model.Kinds(parsed)];
            foreach (var (option, key) in keys)
            {
                if (parsed.GetResult(option) is { Implicit: false, Tokens: [.., var last] })
                    layers.Add(Config.Assign(key, last.Value));
            }
            if (parsed.GetValue(without))
                layers.Add(Config.Assign("keepRowsWithoutKnowledge", "false"));
            var resolved = Config.Resolve(layers, dataset.Description.Split.Kind);
            resolved = resolved with { Model = model.Read(parsed, resolved.Model, resolved.Preset == Preset.Paper, dataset.Description.Scenarios) };
            Config.Resolve([.. layers, .. ModelArguments.Levels(resolved.Model)], dataset.Description.Split.Kind); // an option may leave a key without a reader
            resolved.Check();
            return Run(cli, dataset, parsed.GetRequiredValue(data), resolved, parsed.GetRequiredValue(output), parsed.GetValue(dryRun));
        });
        return verb;
    }

    private static int Run(Cli cli, InteractionDataset data, string dataFolder, TrainConfig config, string output, bool dryRun)
    {
        torch.set_num_threads(config.Threads);
        var table = config.Knowledge is null ? null : KnowledgeFor.Data(data, config.Knowledge, config.State, cli.Terminal.Say);
        var options = config.Run with { State = table?.Origin.State ?? config.State };
        TrainingRun.Check(data, table, options);
        foreach (var remark in ModelArguments.Remarks(options.Model, data.Description.Scenarios))
            cli.Terminal.Say(remark);
        if (table is not null && options.Model.Fusion is null && options.KeepRowsWithoutKnowledge)
            cli.Terminal.Say($"The knowledge in '{config.Knowledge}' is not read: the enhancement is {Spelling.Of(options.Model.Enhancement)}. Say --enhancement llm4msr to read it.");
        if (dryRun)
        {
            PrintSize(cli, config with { State = options.State }, ModelSize.Of(data, table, options));
            return 0;
        }
        var seeds = config.AllSeeds;
        var run = new TrainingRun(data, dataFolder, table, options, output);
        if (run.Remark is { } remarkable)
            cli.Terminal.Say(remarkable);
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
            new { run = run.Path, model = options.Model, rows = run.RowsTrainedOn, seeds = results },
            $"Models are in {run.Path}. Next: 'llm4msr evaluate {run.Path}', or 'llm4msr predict {run.Path} --input rows.csv --output scores.csv'.");
        return 0;
    }

    private static void PrintSize(Cli cli, TrainConfig config, ModelSize size)
    {
        var node = JsonSerializer.SerializeToNode(config, Config.Json)!;
        cli.Terminal.Result(new { config = node, size }, console =>
        {
            console.WriteLine(node.ToJsonString(Config.Json));
            console.WriteLine(Invariant($"{size.Parameters:N0} parameters, {size.TableParameters:N0} of them in embedding tables."));
            foreach (var table in size.Tables)
                console.WriteLine(Invariant($"  {table.Field}: {table.Rows:N0} rows, {table.Adam} Adam"));
            var knowledge = size.KnowledgeBytes == 0 ? "" : Invariant($" Knowledge: {size.KnowledgeBytes / 1e6:N1} MB.");
            console.WriteLine(Invariant($"Weights, the best weights, gradients and what Adam remembers: {size.Bytes / 1e6:N1} MB.{knowledge} The data and one batch's activations come on top."));
            console.WriteLine("Nothing was trained. Leave out --dry-run to train.");
        });
    }
}
