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
        Of("records", level => Number(level.Records));
        Row("vector width", Number(fingerprint.UserWidth), Number(fingerprint.ScenarioWidth));
        if (asked)
            AddTexts();
        foreach (var state in fingerprint.States)
            Of($"effective rank, {state}", level => Mean(level.EffectiveRank[state]));
        console.Write(table);
        if (quality.SharesBySnapshots.Count > 0)
            console.WriteLine($"Users by number of snapshots: {string.Join(", ", quality.SharesBySnapshots.Select(s => FormattableString.Invariant($"{s.Value:P1} have {s.Key}")))}.");

        void AddTexts()
        {
            Of("texts that another has too", level => Numbers.Share(level.SharedTexts));
            Of("openings that another has too", level => Numbers.Share(level.SharedOpenings));
            Of("prompts with items cut", level => Numbers.Share(level.CutPrompts));
            Of("prompt tokens, mean", level => Mean(level.MeanPromptTokens));
            Of("new tokens, mean", level => Mean(level.MeanNewTokens));
        }

        void Of(string name, Func<LevelQuality, string> figure) => Row(name, OrNone(users, figure), OrNone(scenarios, figure));

        static string OrNone(LevelQuality level, Func<LevelQuality, string> figure) => level.Records == 0 ? "none" : figure(level);
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


    private static string Mean(double value) => value.ToString("N1", CultureInfo.InvariantCulture);
}
