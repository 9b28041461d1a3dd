using System.CommandLine;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Serving;
using Spectre.Console;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr predict</c>: a CSV of rows to a CSV of click probabilities.</summary>
internal static class PredictVerb
{
    public static Command Create(Cli cli)
    {
        var run = new Argument<string>("run") { Description = "Folder written by 'llm4msr train'." };
        var input = new Option<string>("--input") { Description = "CSV with the columns scenario, user, item, and the context fields if the data have any.", Required = true };
        var output = new Option<string>("--output") { Description = "CSV to write: the same rows in the same order, with a probability.", Required = true };
        var seed = new Option<int?>("--seed") { Description = "Which of the run's models [default: the first]." };
        var knowledge = new Option<string?>("--knowledge") { Description = "Newer knowledge of the same fingerprint.", HelpName = "NEWER.db" };
        var verb = new Verb("predict", "Click probabilities for a CSV of rows.", "llm4msr predict runs/star --input rows.csv --output scores.csv")
        {
            run, input, output, seed, knowledge,
        };
        verb.SetAction(parsed => Run(
            cli, parsed.GetRequiredValue(run), parsed.GetRequiredValue(input), parsed.GetRequiredValue(output), parsed.GetValue(seed), parsed.GetValue(knowledge)));
        return verb;
    }

    private static int Run(Cli cli, string run, string input, string output, int? seed, string? storePath)
    {
        OutputFile.CheckPlace(output);
        Libtorch.Require();
        torch.set_num_threads(1);
        using var predictor = ClickPredictor.Load(run, seed, storePath is null ? null : Newer(run, storePath, cli.Terminal.Say));
        var size = File.Exists(input) ? new FileInfo(input).Length : 0;
        long rows = 0;
        cli.Terminal.WithProgress("predict", size, report =>
            rows = PredictionFile.Score(predictor, input, output, cli.Cancellation, (done, bytes) => report(bytes, $"{done:N0} rows")));
        cli.Terminal.Result(new { rows, output }, console => console.WriteLine(FormattableString.Invariant($"{rows:N0} rows scored into {output}.")));
        return 0;
    }

    private static KnowledgeTable Newer(string run, string storePath, Action<string> say)
    {
        var own = ModelFolder.Open(run).Knowledge
            ?? throw new Llm4MsrException(FaultKind.Usage, $"The model in '{run}' reads no knowledge, so there is none to replace.");
        using var store = KnowledgeStore.OpenForReading(storePath);
        // Knowledge of newer data says so by other interactions: then its scenarios' statistics are of that training part.
        var basis = store.InteractionsHash == own.Origin.InteractionsHash ? null
            : own.Scenarios.Select(s => store.Newest(KnowledgeKey.ForScenario(s))?.Basis).FirstOrDefault(b => b is not null);
        return KnowledgeTable.Read(store, own.Origin.State, basis ?? own.Origin.Basis, say);
    }
}
