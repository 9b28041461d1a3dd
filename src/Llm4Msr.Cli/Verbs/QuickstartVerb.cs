using System.CommandLine;
using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using Spectre.Console;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary>
/// <c>llm4msr quickstart</c>: the whole path on generated data whose truth is known, so that the right verdict is known too.
/// </summary>
internal static class QuickstartVerb
{
    /// <summary>What real knowledge has to be ahead of both others by; on these data it is ahead by several times as much.</summary>
    private const double ExpectedGain = 0.05;

    public static Command Create(Cli cli)
    {
        var output = new Option<string>("--out") { Description = "Folder for everything that is made; what is there already is used again.", DefaultValueFactory = _ => "quickstart" };
        var verb = new Verb("quickstart", "The whole path once, on generated data with planted knowledge: a minute, nothing downloaded.", "llm4msr quickstart") { output };
        verb.SetAction(parsed => Run(cli, parsed.GetValue(output)!));
        return verb;
    }

    private sealed record Arm(string Name, IReadOnlyList<double?> Auc, double? Mean);

    private static int Run(Cli cli, string folder)
    {
        Libtorch.Require();
        torch.set_num_threads(1);
        string PathOf(string name) => Path.Combine(folder, name);

        var planted = PlantedData.Generate(new PlantedOptions());
        if (!Directory.Exists(PathOf("data")))
        {
            Directory.CreateDirectory(folder);
            DurableFile.WriteFolder(PathOf("data"), f => PreparedDataWriter.Write(f, planted.Raw, new SplitOptions(SplitKind.UserHoldout)));
        }
        var data = InteractionDataset.Open(PathOf("data"));
        if (!File.Exists(PathOf("knowledge.db")))
            PlantedKnowledge.Write(planted, data, PathOf("knowledge.db"));
        var table = KnowledgeFor.Data(data, PathOf("knowledge.db"), PlantedKnowledge.State, cli.Terminal.Say);

        (string Name, KnowledgeArm? Arm)[] arms = [("no knowledge", null), ("real knowledge", KnowledgeArm.Real), ("shuffled between users", KnowledgeArm.Shuffled)];
        List<Arm> results = [];
        cli.Terminal.WithProgress("quickstart", arms.Length, report =>
        {
            foreach (var (name, arm) in arms)
            {
                var run = new TrainingRun(data, PathOf("data"), table, Options(arm), PathOf($"run-{name.Replace(' ', '-')}"));
                var result = run.Train(1, (epoch, step, steps, loss) =>
                {
                    cli.Cancellation.ThrowIfCancellationRequested();
                    report(results.Count + (epoch - 1 + (step + 1.0) / steps) / Options(arm).Training.Epochs, FormattableString.Invariant($"{name}, epoch {epoch}, loss {loss:F3}"));
                });
                results.Add(new Arm(name, [.. result.Test.Scenarios.Select(s => s.Auc)], result.Test.MeanAuc));
            }
        });

        var found = results[1].Mean >= Math.Max(results[0].Mean ?? 1, results[2].Mean ?? 1) + ExpectedGain;
        cli.Terminal.Result(new { folder, arms = results, found }, console => Print(console, data, results, folder, found));
        return found ? 0 : (int)FaultKind.CheckFailed;
    }

    private static RunOptions Options(KnowledgeArm? arm) => new()
    {
        Model = arm is null
            ? new ModelOptions { Backbone = BackboneKind.SharedBottom }
            : new ModelOptions { Backbone = BackboneKind.SharedBottom, Enhancement = EnhancementKind.Llm4msr, Fusion = new FusionOptions { Components = 8 } },
        // The planted vectors say much and there are few components, so the generators may learn faster than the default.
        Training = new TrainingOptions { IdDropout = 0.5, GeneratorLearningRate = 1e-3, LearningRate = 2e-3, Epochs = 12, Patience = 3 },
        Arm = arm ?? KnowledgeArm.Real,
        State = PlantedKnowledge.State,
    };

    private static void Print(IAnsiConsole console, InteractionDataset data, List<Arm> results, string folder, bool found)
    {
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle("AUC for users never trained on") };
        table.AddColumn("");
        foreach (var scenario in data.Description.Scenarios)
            table.AddColumn(new TableColumn(Markup.Escape(scenario.Name)).RightAligned());
        table.AddColumn(new TableColumn("mean").RightAligned());
        foreach (var arm in results)
            table.AddRow([arm.Name, .. arm.Auc.Append(arm.Mean).Select(auc => auc?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "undefined")]);
        console.Write(table);
        console.WriteLine(found
            ? "Found what was planted: real knowledge helps, the knowledge of another user does not."
            : "NOT found what was planted: real knowledge should be clearly ahead of both others. Something in the path is broken.");
        console.WriteLine("The data and the knowledge vectors are generated: this shows that the path works, not what a language model knows.");
        console.WriteLine($"Everything is in {folder}. Try: 'llm4msr prompts show {Path.Combine(folder, "data")} --user 7'.");
    }
}
