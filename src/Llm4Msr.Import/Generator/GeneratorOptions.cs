using System.Globalization;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Generator;

/// <summary>One scenario to generate.</summary>
/// <param name="Items">Items with a row in this scenario, those that it shares with the others included.</param>
/// <param name="ClickShare">Expected share of clicked rows.</param>
/// <param name="ItemsPerSession">At most so many rows of a user carry one time: results of one search. 1: each row has a time of its own.</param>
public sealed record GeneratedScenario(string Name, string Description, int Interactions, int Items, double ClickShare, int ItemsPerSession = 1);

/// <summary>What to generate. Equal options give equal data, to the last byte.</summary>
public sealed record GeneratorOptions
{
    /// <summary>Each has rows in every scenario.</summary>
    public required int Users { get; init; }

    public required IReadOnlyList<GeneratedScenario> Scenarios { get; init; }

    /// <summary>Items with rows in every scenario; all others have rows in one.</summary>
    public required int SharedItems { get; init; }

    /// <summary>What items are about. An interest is one number per topic.</summary>
    public IReadOnlyList<TopicWords> Topics { get; init; } = TopicWords.Videos;

    /// <summary>How much more likely, in logits, a click becomes by one deviation of interest in an item's topic.</summary>
    public double InterestStrength { get; init; } = 1.2;

    /// <summary>The part of the variance of interests and tastes that is common to all scenarios, 0 to 1.</summary>
    public double SharedPart { get; init; } = 0.6;

    /// <summary>Deviation of what a scenario adds to everybody's interest in a topic.</summary>
    public double ScenarioTaste { get; init; } = 0.4;

    /// <summary>Deviation, in logits, of how appealing items are to everybody; nothing but the item itself tells.</summary>
    public double Appeal { get; init; } = 0.3;

    /// <summary>1: rows fall evenly on items. k: item rank r gets rows in proportion to r^(1/k - 1).</summary>
    public double PopularitySkew { get; init; } = 3;

    /// <summary>Share of rows that are clicked by chance, whatever user and item are. The best AUC less a half falls in proportion to what is left.</summary>
    public double Noise { get; init; } = 0.1;

    /// <summary>What is common to the scenarios counts with the opposite sign in every second one: what is learned in one misleads in the other.</summary>
    public bool NegativeTransfer { get; init; }

    /// <summary>Share of users who come in the last tenth of the period and have one to three rows in each scenario.</summary>
    public double ColdStart { get; init; }

    public int Days { get; init; } = 9;

    public int Seed { get; init; } = 1;

    /// <summary>Items in any scenario.</summary>
    internal int AllItems => SharedItems + Scenarios.Sum(s => s.Items - SharedItems);

    /// <summary>The same with another number of users, and rows and items in proportion.</summary>
    public GeneratorOptions WithUsers(int users) => this with
    {
        Users = users,
        SharedItems = InProportion(SharedItems, users),
        Scenarios = [.. Scenarios.Select(s => s with { Interactions = InProportion(s.Interactions, users), Items = InProportion(s.Items, users) })],
    };

    /// <exception cref="Llm4MsrException">The options contradict each other; all problems are named.</exception>
    internal void Check()
    {
        List<string> problems = [];
        Expect(Users >= 1, $"There are {Users} users, expected 1 or more.");
        Expect(Scenarios.Count >= 1, $"There is no scenario to generate.");
        Expect(Topics.Count >= 2 && Topics.All(t => t.Words.Count > 0), $"There are {Topics.Count} topics, expected 2 or more, each with words.");
        Expect(Noise is >= 0 and <= 1, $"Noise is {Noise}, expected 0 (none) to 1 (nothing but noise).");
        Expect(SharedPart is >= 0 and <= 1, $"The shared part is {SharedPart}, expected 0 to 1.");
        Expect(ColdStart is >= 0 and <= 0.9, $"The share of cold-start users is {ColdStart}, expected 0 to 0.9.");
        Expect(PopularitySkew is >= 1 and <= 20, $"The popularity skew is {PopularitySkew}, expected 1 (none) to 20.");
        Expect(new[] { InterestStrength, ScenarioTaste, Appeal }.All(x => x is >= 0 and <= 20), $"Interest strength {InterestStrength}, scenario taste {ScenarioTaste}, appeal {Appeal}: expected 0 to 20.");
        Expect(Days is >= 1 and <= 20, $"The period is {Days} days, expected 1 to 20.");
        foreach (var s in Scenarios)
        {
            Expect(SharedItems >= 0 && SharedItems <= s.Items, $"Scenario '{s.Name}' has {s.Items} items, of which {SharedItems} are to be in every scenario.");
            Expect(s.Items >= 1 && s.Interactions >= s.Items, $"Scenario '{s.Name}' has {s.Interactions} rows for {s.Items} items: each needs one.");
            Expect(s.Interactions >= Users * (ColdStart > 0 ? (long)PlantedActivity.MostColdRows : 1), $"Scenario '{s.Name}' has {s.Interactions} rows for {Users} users: too few.");
            Expect(s.Interactions / 5000 <= Users, $"Scenario '{s.Name}' has {s.Interactions} rows for {Users} users: more than 5000 each.");
            Expect(s.ClickShare is > 0 and < 1, $"The click share of scenario '{s.Name}' is {s.ClickShare}, expected between 0 and 1.");
            Expect(s.ItemsPerSession >= 1, $"A session of scenario '{s.Name}' has {s.ItemsPerSession} items, expected 1 or more.");
        }
        if (problems.Count > 0)
            throw new Llm4MsrException(FaultKind.Usage, string.Join(' ', problems));

        void Expect(bool holds, FormattableString problem)
        {
            if (!holds)
                problems.Add(problem.ToString(CultureInfo.InvariantCulture));
        }
    }

    private int InProportion(int count, int users) => checked((int)((long)count * users / Math.Max(1, Users)));
}
