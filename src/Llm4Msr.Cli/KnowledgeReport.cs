using System.Globalization;
using Llm4Msr.Knowledge;
using Spectre.Console;

namespace Llm4Msr.Cli;

/// <summary>A store's statistics and verification for people.</summary>
internal static class KnowledgeReport
{
    public static void Print(IAnsiConsole console, KnowledgeStore store, KnowledgeQuality quality)
    {
        var fingerprint = store.Fingerprint;
        var asked = quality.Users.MeanPromptTokens + quality.Scenarios.MeanPromptTokens > 0; // else the vectors were made elsewhere
        var prompts = asked ? FormattableString.Invariant($", T = {fingerprint.HistoryLength}") : "";
        console.WriteLine(FormattableString.Invariant($"{store.Count:N0} records of {fingerprint.Source} ({fingerprint.Decoding}), protocol {fingerprint.Protocol.Spelling()}{prompts}"));
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("");
        table.AddColumn(new TableColumn("users").RightAligned());
        table.AddColumn(new TableColumn("scenarios").RightAligned());
        var (users, scenarios) = (quality.Users, quality.Scenarios);
        void Row(string name, string one, string other) => table.AddRow(new Text(name), new Text(one), new Text(other));
        Row("records", Number(users.Records), Number(scenarios.Records));
        Row("vector width", Number(fingerprint.UserWidth), Number(fingerprint.ScenarioWidth));
        if (asked)
            AddTexts();
        foreach (var state in fingerprint.States)
            Row($"effective rank, {state}", Rank(users, state), Rank(scenarios, state));
        console.Write(table);
        console.WriteLine($"Users by number of snapshots: {string.Join(", ", quality.SharesBySnapshots.Select(s => FormattableString.Invariant($"{s.Value:P1} have {s.Key}")))}.");

        void AddTexts()
        {
            Row("texts that another has too", Share(users.SharedTexts), Share(scenarios.SharedTexts));
            Row("openings that another has too", Share(users.SharedOpenings), Share(scenarios.SharedOpenings));
            Row("prompts with items cut", Share(users.CutPrompts), Share(scenarios.CutPrompts));
            Row("prompt tokens, mean", Mean(users.MeanPromptTokens), Mean(scenarios.MeanPromptTokens));
            Row("new tokens, mean", Mean(users.MeanNewTokens), Mean(scenarios.MeanNewTokens));
        }
    }

    public static void Print(IAnsiConsole console, KnowledgeVerification verification)
    {
        console.WriteLine(FormattableString.Invariant(
            $"{verification.Path}: {verification.Bytes:N0} bytes, {verification.UserRecords:N0} user and {verification.ScenarioRecords:N0} scenario records read."));
        foreach (var finding in verification.Findings)
            console.WriteLine($"damaged: {finding}");
        console.WriteLine(verification.IsClean ? "Nothing is damaged." : "Restore the store from a copy, or delete it and reason again.");
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Share(double value) => value.ToString("P1", CultureInfo.InvariantCulture);

    private static string Mean(double value) => value.ToString("N1", CultureInfo.InvariantCulture);

    private static string Rank(LevelQuality level, string state) => level.EffectiveRank.TryGetValue(state, out var rank) ? Mean(rank) : "-";
}
