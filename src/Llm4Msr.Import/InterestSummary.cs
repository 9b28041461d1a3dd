using Llm4Msr.Data;

namespace Llm4Msr.Import;

/// <summary>
/// A user's interests in words, as the embedded language model was taught to say them: "The common interest is baking and jazz.
/// In search, the distinct interest is chess. In feed, the distinct interest is none."
/// </summary>
/// <param name="Common">Names of topics, in the vocabulary's order.</param>
/// <param name="Distinct">By scenario.</param>
public sealed record InterestSummary(IReadOnlyList<string> Common, IReadOnlyList<IReadOnlyList<string>> Distinct)
{
    private const string CommonIs = "The common interest is ", DistinctIs = "the distinct interest is ", InterestIs = "the interest is ", And = " and ", None = "none";

    /// <summary>What was planted.</summary>
    public static InterestSummary Of(PlantedInterests interests, IReadOnlyList<string> topics) => Of(interests, topics, (_, _) => true);

    /// <summary>Of what was planted that which can be seen.</summary>
    /// <param name="seen">Whether something of a topic is seen in a scenario.</param>
    public static InterestSummary Of(PlantedInterests interests, IReadOnlyList<string> topics, Func<int, int, bool> seen)
    {
        int[] scenarios = [.. Enumerable.Range(0, interests.Distinct.Count)];
        return new InterestSummary(
            [.. interests.Common.Where(topic => scenarios.Any(s => seen(topic, s))).Select(topic => topics[topic])],
            [.. scenarios.Select(s => interests.Distinct[s].Where(topic => seen(topic, s)).Select(topic => topics[topic]).ToArray())]);
    }

    /// <summary>The answer to the prompt for a user with a history in several scenarios.</summary>
    public string Text(IReadOnlyList<Scenario> scenarios) =>
        $"{CommonIs}{Names(Common)}.{string.Concat(scenarios.Zip(Distinct, (scenario, topics) => $" In {scenario.Name}, {DistinctIs}{Names(topics)}."))}";

    /// <summary>The answer to the prompt for a user with a history in one scenario only: whatever is liked there.</summary>
    public string OneSidedText(Scenario scenario, IReadOnlyList<string> vocabularyOrder) =>
        $"In {scenario.Name}, {InterestIs}{Names([.. vocabularyOrder.Where(topic => Common.Contains(topic) || Distinct.Any(d => d.Contains(topic)))])}.";

    /// <summary>Reads a text back; what does not follow the form says nothing.</summary>
    public static InterestSummary Parse(string text, IReadOnlyList<Scenario> scenarios)
    {
        var sentences = text.Split('.', StringSplitOptions.TrimEntries);
        return new InterestSummary(After(CommonIs), [.. scenarios.Select(scenario => After($"In {scenario.Name}, {DistinctIs}"))]);

        IReadOnlyList<string> After(string opening) =>
            sentences.FirstOrDefault(s => s.StartsWith(opening, StringComparison.Ordinal)) is { } sentence && sentence[opening.Length..] is var names and not None
                ? names.Split(And)
                : [];
    }

    /// <summary>Every statement: a topic, and where it is said to be liked (null for everywhere).</summary>
    public IEnumerable<(int? Scenario, string Topic)> Statements() =>
        Common.Select(topic => ((int?)null, topic)).Concat(Distinct.SelectMany((topics, s) => topics.Select(topic => ((int?)s, topic))));

    private static string Names(IReadOnlyList<string> topics) => topics.Count == 0 ? None : string.Join(And, topics);
}

/// <summary>How well summaries name what was planted, over many users.</summary>
/// <param name="Stated">Statements of the summaries.</param>
/// <param name="Planted">Statements that would be right.</param>
/// <param name="Both">Statements that are right.</param>
public sealed record SummaryScore(int Stated, int Planted, int Both)
{
    public double Precision => Both / (double)Math.Max(1, Stated);

    public double Recall => Both / (double)Math.Max(1, Planted);

    /// <param name="summaries">What a model said and what was planted, by user.</param>
    public static SummaryScore Of(IEnumerable<(InterestSummary Said, InterestSummary Planted)> summaries) =>
        summaries.Aggregate(new SummaryScore(0, 0, 0), (score, user) =>
        {
            var (said, planted) = (user.Said.Statements().ToHashSet(), user.Planted.Statements().ToHashSet());
            return new SummaryScore(score.Stated + said.Count, score.Planted + planted.Count, score.Both + said.Intersect(planted).Count());
        });
}
