using System.Text.Json;
using Llm4Msr.Data;

namespace Llm4Msr.Experiments.Pages;

/// <summary>What the figures rest on, what they took, and how to get them again.</summary>
internal static class DataSections
{
    private static readonly JsonSerializerOptions s_indented = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Section Data(ReportFigures figures)
    {
        var (data, all) = (figures.Data, figures.Data.All);
        return new Section("data", "Data card (Table 1)",
            Html.Table("Sparsity is the share of interactions without a click", ["scenario", "users", "items", "interactions", "sparsity"],
            [
                .. data.Scenarios.Zip(all.Scenarios, (scenario, counts) => (IEnumerable<object?>)[
                    Html.Foreign(scenario.Name), Numbers.Count(counts.Users), Numbers.Count(counts.Items), Numbers.Count(counts.Interactions), Numbers.Figure(counts.Sparsity)]),
                ["in any", Numbers.Count(all.Users), Numbers.Count(all.Items), Numbers.Count(all.Interactions), ""],
                ["in all (overlap)", Numbers.Count(all.OverlappingUsers), Numbers.Count(all.OverlappingItems), "", ""],
            ]),
            Html.Facts(
                ("source", Html.Foreign(data.Source)), ("split", Numbers.Word(data.Split.Kind)),
                ("training, validation, test", string.Join(", ", new[] { Part.Training, Part.Validation, Part.Test }.Select(part => data.Parts.TryGetValue(part, out var facts) ? Numbers.Count(facts.Interactions) : "none"))),
                ("scored here", $"{Numbers.Count(figures.Runs[0].Seeds[0].Metrics.Overall.Rows)} rows, {Numbers.Count(figures.Runs[0].Seeds[0].Metrics.Overall.Clicks)} clicks")));
    }

    public static Section Cost(ReportFigures figures)
    {
        var users = figures.Knowledge?.Quality.Users;
        var scenarios = figures.Knowledge?.Quality.Scenarios;
        return new Section("cost", "Cost card",
            users is null ? Section.Missing("Prompts and tokens of the language model:", "llm4msr report RUN --knowledge KNOWLEDGE.db") : Html.Facts(
                ("prompts", Numbers.Count(users.Records + scenarios!.Records)),
                ("prompt tokens", Numbers.Count((long)Math.Round(users.Records * users.MeanPromptTokens + scenarios.Records * scenarios.MeanPromptTokens))),
                ("new tokens", Numbers.Count((long)Math.Round(users.Records * users.MeanNewTokens + scenarios.Records * scenarios.MeanNewTokens)))),
            figures.Reasoning is not { } reasoning ? Section.Missing("Hours of the language model: save what asking says and name the file here.", "llm4msr reason DATA ... --json > reason.json") : Html.Facts(
                ("time of asking", Numbers.Duration(TimeSpan.FromSeconds(reasoning.Seconds))),
                ("asked in that time", $"{Numbers.Count(reasoning.Asked)} prompts, {Numbers.Count(reasoning.PromptTokens)} prompt and {Numbers.Count(reasoning.NewTokens)} new tokens"),
                ("stored before", reasoning.AlreadyStored == 0 ? null : $"{Numbers.Count(reasoning.AlreadyStored)} prompts, whose time is not in it")),
            Html.Table("Training, of all seeds", ["run", "seeds", "epochs", "time"], figures.Runs.Select(run => (IEnumerable<object?>)[
                Html.Foreign(run.Name), run.Seeds.Count, run.Seeds.Sum(s => s.Epochs.Count), Numbers.Duration(TimeSpan.FromSeconds(run.TrainingSeconds))])));
    }

    public static Section Again(ReportFigures figures) => new("again", "To run it again",
        Html.Facts(
            ("this report", Html.Code(figures.Command)), ("program", Html.Code(figures.Program)), ("machine", figures.Machine.ToString()),
            ("data", Html.Code(figures.DataFolder)), ("interactions (SHA-256)", Html.Code(figures.Data.InteractionsHash)), ("training part (SHA-256)", Html.Code(figures.Data.TrainingPartHash)),
            ("knowledge, content", figures.Knowledge is { } k ? Html.Code(k.ContentHash) : null), ("knowledge, fingerprint", figures.Knowledge is { } f ? Html.Code(f.Fingerprint.Hash()) : null)),
        figures.Runs.Select(run => Html.Details(run.Name,
            Html.Facts(
                ("run", Html.Code(run.Run)), ("seeds", string.Join(", ", run.Seeds.Select(s => s.Seed))), ("program", run.Program is null ? "not said" : Html.Code(run.Program)), ("processor", run.Processor),
                ("knowledge, content", run.KnowledgeContent is null ? null : Html.Code(run.KnowledgeContent)),
                ("weights (SHA-256), by seed", Html.Code(string.Join(" ", run.Seeds.Select(s => s.Weights))))),
            run.Config is null ? null : new object[]
            {
                Html.P("Save this as ", Html.Code("config.json"), ", then:"), Html.Of("pre", string.Join('\n', Trainings(figures.DataFolder, run))), Html.Of("pre", run.Config.ToJsonString(s_indented)),
            })));

    /// <summary>A configuration counts seeds without a gap, from its first on: what comes after a gap is said beside it.</summary>
    private static IEnumerable<string> Trainings(string dataFolder, RunFigures run) => SeedRange.Of(run.Seeds.Select(s => s.Seed)).Select((range, k) =>
        $"llm4msr train {dataFolder} --config config.json{(k == 0 ? "" : FormattableString.Invariant($" --first-seed {range.First} --seeds {range.Count}"))} --out RUN");
}
