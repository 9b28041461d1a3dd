using System.CommandLine;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr knowledge diff</c>: in what two stores differ.</summary>
internal static class KnowledgeDiffVerb
{
    /// <summary>So many snapshots of a kind are named for people; JSON has all.</summary>
    private const int MostNamed = 5;

    public static Verb Create(Cli cli)
    {
        var one = KnowledgeVerb.StoreArgument();
        var other = new Argument<string>("other") { Description = "The store to compare it with." };
        var verb = new Verb("diff", "In what two stores differ: how they were made, whom they know, prompts, texts, vectors; exit code 3 where they do.",
            "llm4msr knowledge diff knowledge.db other.db") { one, other };
        verb.SetAction(parsed =>
        {
            var (first, second) = (parsed.GetRequiredValue(one), parsed.GetRequiredValue(other));
            if (Path.GetFullPath(first) == Path.GetFullPath(second))
                throw new Llm4MsrException(FaultKind.Usage, $"'{first}' is named twice. Name two stores.");
            using var a = KnowledgeStore.OpenForReading(first);
            using var b = KnowledgeStore.OpenForReading(second);
            var difference = KnowledgeDifference.Between(a, b);
            cli.Terminal.Result(difference, console => Print(console, difference, first, second));
            return difference.IsNone ? 0 : (int)FaultKind.CheckFailed;
        });
        return verb;
    }

    private static void Print(IAnsiConsole console, KnowledgeDifference difference, string one, string other)
    {
        foreach (var field in difference.Fingerprints)
            console.WriteLine($"made differently: {field}");
        if (!difference.SameInteractions)
            console.WriteLine("made from different interactions");
        console.WriteLine(FormattableString.Invariant($"{difference.InBoth:N0} snapshots are in both."));
        Named($"only in {one}", difference.OnlyInOne);
        Named($"only in {other}", difference.OnlyInOther);
        Named("other prompt", difference.ChangedPrompts);
        Named("other text", difference.ChangedTexts);
        if (difference.ChangedVectors > 0)
            console.WriteLine(FormattableString.Invariant($"other vectors: {difference.ChangedVectors:N0}"));
        foreach (var (state, cosines) in difference.Cosines)
            console.WriteLine(FormattableString.Invariant($"  cosine of {state}: least {cosines.Least:F4}, first percentile {cosines.FirstPercentile:F4}, median {cosines.Median:F4}, mean {cosines.Mean:F4}"));
        if (difference.IsNone)
            console.WriteLine("Nothing differs.");

        void Named(string what, IReadOnlyList<SnapshotName> names)
        {
            if (names.Count == 0)
                return;
            var some = string.Join(", ", names.Take(MostNamed).Select(name => FormattableString.Invariant($"{name.Key} as of {name.AsOfRank}")));
            console.WriteLine(FormattableString.Invariant($"{what}: {names.Count:N0} ({some}{(names.Count > MostNamed ? ", ..." : "")})"));
        }
    }
}
