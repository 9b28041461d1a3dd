using System.Globalization;
using Llm4Msr.Data;

namespace Llm4Msr.Reasoning.Prompts;

/// <summary>Writes the prompts of a data set (paper, section 3.2 and appendix B).</summary>
/// <param name="cutTokens">Cuts a text to so many tokens of the model that will read it; null where none is known.</param>
public sealed class PromptBuilder(InteractionDataset data, PromptTemplate template, Func<string, int, string>? cutTokens = null)
{
    private readonly DataDescription _description = data.Description;
    /// <summary>By item, its words as they stand in a prompt.</summary>
    public IReadOnlyList<string> Items { get; } = [.. data.ReadItemWords().Select(words => template.Fill("item",
        ("title", UntrustedText.Clean(words.Title, cutTokens)), ("category", UntrustedText.Clean(words.Category, cutTokens))))];

    private string ScenarioCount => _description.Scenarios.Count.ToString(CultureInfo.InvariantCulture);

    private string ScenarioNames => string.Join(", ", _description.Scenarios.Select(s => s.Name));

    private string AnswerOpening => template.Has("answer") ? template.Fill("answer", ("scenario_count", ScenarioCount), ("scenarios", ScenarioNames)) : "";

    /// <summary>The prompt of one scenario; its statistics are those of the training part.</summary>
    public Prompt ForScenario(int scenario)
    {
        var platform = _description.Platform;
        var statistics = _description.Training;
        var interactions = string.Join(", ", _description.Scenarios.Zip(statistics.Scenarios, (s, counts) => $"{Number(counts.Interactions)} interactions in {s.Name}"));
        var text = template.Fill("scenario",
            ("platform", platform.Name),
            ("platform_description", platform.Description),
            ("scenario", _description.Scenarios[scenario].Name),
            ("scenario_description", _description.Scenarios[scenario].Description),
            ("scenario_count", ScenarioCount),
            ("scenario_interactions", interactions),
            ("user_count", Number(statistics.Users)),
            ("users", platform.Users),
            ("item_count", Number(statistics.Items)),
            ("items", platform.Items),
            ("overlapping_users", Number(statistics.OverlappingUsers)),
            ("overlapping_items", Number(statistics.OverlappingItems)),
            ("notes", template.NotesOn(_description.Scenarios[scenario].Name)));
        return new Prompt(text, AnswerOpening, ItemsCut: 0);
    }

    /// <summary>The prompt of one user. A scenario without history is said to have none.</summary>
    /// <param name="itemsCut">How many items were already taken from the history, for the record.</param>
    public Prompt ForUser(UserHistory history, int itemsCut = 0)
    {
        var user = UntrustedText.Clean(data.Encoder.Users.Keys[history.User], cutTokens);
        var behavior = _description.Platform.Behavior;
        var sides = history.Liked.Select(liked => liked.Scenario).Distinct().ToList();
        var lines = _description.Scenarios.Select((scenario, s) => sides.Contains(s)
            ? template.Fill("history", ("scenario", scenario.Name), ("user", user), ("behavior", behavior), ("items", ItemsOf(history, s)))
            : template.Fill("history.none", ("scenario", scenario.Name), ("user", user), ("behavior", behavior)));
        var text = template.Fill(sides.Count == 1 ? "user.one-sided" : "user",
            ("platform", _description.Platform.Name),
            ("platform_description", _description.Platform.Description),
            ("scenario_count", ScenarioCount),
            ("scenarios", ScenarioNames),
            ("user", user),
            ("behavior", behavior),
            ("history", string.Join(' ', lines)),
            ("scenario", sides.Count == 1 ? _description.Scenarios[sides[0]].Name : ""));
        return new Prompt(text, AnswerOpening, itemsCut);
    }

    private string ItemsOf(UserHistory history, int scenario) =>
        string.Join("; ", history.Liked.Where(liked => liked.Scenario == scenario).Select(liked => Items[liked.Item]));

    private static string Number(int count) => count.ToString(CultureInfo.InvariantCulture);
}
