using System.CommandLine;
using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Import;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Reasoning.Prompts;
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

    /// <summary>What precision and recall of the summaries have to reach; the embedded model is well above.</summary>
    private const double ExpectedOfSummaries = 0.8;

    /// <summary>The state that users' vectors are taken from.</summary>
    private const string State = "mean_of_generated";

    /// <summary>Who is shown as an example.</summary>
    private const string ShownUser = "7";

    private static readonly ReasoningOptions s_reasoning = new() { History = EmbeddedModel.History };

    public static Command Create(Cli cli)
    {
        var output = new Option<string>("--out") { Description = "Folder for everything that is made; what is there already is used again.", DefaultValueFactory = _ => "quickstart" };
        var verb = new Verb("quickstart", "The whole path once, on generated data with planted interests and a small language model of its own: two minutes, nothing downloaded.", "llm4msr quickstart") { output };
        verb.SetAction(parsed => Run(cli, parsed.GetValue(output)!));
        return verb;
    }

    private sealed record Arm(string Name, IReadOnlyList<double?> Auc, double? Mean);

    /// <param name="Precision">Of what the texts say is liked, the share that was planted.</param>
    /// <param name="Recall">Of what was planted, the share that the texts say.</param>
    private sealed record Summaries(double Precision, double Recall, string Shown);

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
        Reason(cli, data, PathOf("knowledge.db"));
        var summaries = Read(PathOf("knowledge.db"), planted, data);
        var table = KnowledgeFor.Data(data, PathOf("knowledge.db"), State, cli.Terminal.Say);

        var page = new ReportFiles(PathOf("report.html"));
        page.CheckFree();

        (string Name, KnowledgeArm? Arm)[] arms = [("no knowledge", null), ("real knowledge", KnowledgeArm.Real), ("shuffled between users", KnowledgeArm.Shuffled)];
        List<Arm> results = [];
        List<string> runs = [];
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
                runs.Add(run.Path);
                results.Add(new Arm(name, [.. result.Test.Scenarios.Select(s => s.Auc)], result.Test.MeanAuc));
            }
        });

        var found = IsFound(results[0].Mean, results[1].Mean, results[2].Mean, summaries.Precision, summaries.Recall);
        new ReportMaker(
            ReportSources.Of(runs), PathOf("data"), Part.Test, new EvaluationOptions(), PathOf("knowledge.db"), PromptTemplate.BuiltIn, User: null, $"llm4msr quickstart --out {folder}").Write(cli, page);
        cli.Terminal.Result(new { folder, report = page.Page, summaries, arms = results, found }, console => Print(console, data, summaries, results, folder, page, found));
        return found ? 0 : (int)FaultKind.CheckFailed;
    }

    /// <summary>Whether the whole path found what was planted: what users' texts say, and what real knowledge is ahead by. An AUC that is not defined found nothing.</summary>
    internal static bool IsFound(double? none, double? real, double? shuffled, double precision, double recall) =>
        real >= Math.Max(none ?? 1, shuffled ?? 1) + ExpectedGain && Math.Min(precision, recall) >= ExpectedOfSummaries;

    /// <summary>Asks what the store does not hold yet.</summary>
    private static void Reason(Cli cli, InteractionDataset data, string storePath)
    {
        using var model = LanguageModel.Load(EmbeddedModel.Name);
        using var store = KnowledgeStore.OpenForWriting(storePath, KnowledgeReasoner.FingerprintOf(model, s_reasoning), data.Description.InteractionsHash);
        var plan = ReasoningPlan.Of(data, ReasonRun.Questions(cli, data, model, s_reasoning), store, earlier: null, s_reasoning);
        ReasonRun.Ask(cli, data, model, plan, store, storePath, earlier: null, s_reasoning);
    }

    /// <summary>What the texts as of the end of each user's training rows say, beside what was planted.</summary>
    private static Summaries Read(string storePath, PlantedData planted, InteractionDataset data)
    {
        using var store = KnowledgeStore.OpenForReading(storePath);
        var score = SummaryScore.Of(planted.Raw.Users.Keys.Zip(planted.Interests)
            .Select(user => (Record: store.Newest(KnowledgeKey.ForUser(user.First)), Interests: user.Second)).Where(user => user.Record is not null)
            .Select(user => (InterestSummary.Parse(user.Record!.Text, data.Description.Scenarios), InterestSummary.Of(user.Interests, planted.Topics))));
        return new Summaries(score.Precision, score.Recall, store.Newest(KnowledgeKey.ForUser(ShownUser))?.Text ?? "");
    }

    private static RunOptions Options(KnowledgeArm? arm) => new()
    {
        Model = arm is null
            ? new ModelOptions { Backbone = BackboneKind.SharedBottom }
            : new ModelOptions { Backbone = BackboneKind.SharedBottom, Enhancement = EnhancementKind.Llm4msr, Fusion = new FusionOptions { Components = 8 } },
        // The vectors say much and there are few components, so the generators may learn faster than the default.
        Training = new TrainingOptions { IdDropout = 0.5, GeneratorLearningRate = 1e-3, LearningRate = 2e-3, Epochs = 12, Patience = 3 },
        Arm = arm ?? KnowledgeArm.Real,
        State = State,
    };

    private static void Print(IAnsiConsole console, InteractionDataset data, Summaries summaries, List<Arm> results, string folder, ReportFiles page, bool found)
    {
        console.WriteLine($"The embedded model on user {ShownUser}: {summaries.Shown}");
        console.WriteLine(FormattableString.Invariant($"Of the interests that its summaries name, {summaries.Precision:P1} were planted; of those planted they name {summaries.Recall:P1}."));
        console.WriteLine();
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
            : "NOT found what was planted: summaries should name it, and real knowledge be clearly ahead of both others. Something in the path is broken.");
        console.WriteLine("The data are generated, and the embedded model was trained on such data: this shows that the path works, not what a language model knows of yours.");
        console.WriteLine($"The report is in {page.Page}: open it in a browser. Everything is in {folder}. Try: 'llm4msr knowledge show {Path.Combine(folder, "knowledge.db")} --user {ShownUser}'.");
    }
}
