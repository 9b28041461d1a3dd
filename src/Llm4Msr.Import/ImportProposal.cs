using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;

namespace Llm4Msr.Import;

/// <summary>Guesses from names and contents what the columns of a log mean.</summary>
internal static class ImportProposal
{
    private const double NearlyAll = 0.95;
    private const int MostScenarios = 20, MostContextValues = 100;

    private static readonly string[] s_user = ["user", "customer", "reviewer", "visitor", "member", "uid"];
    private static readonly string[] s_item = ["item", "product", "movie", "asin", "video", "article", "book", "news", "iid"];
    private static readonly string[] s_time = ["timestamp", "time", "date"];
    private static readonly string[] s_label = ["click", "label", "rating", "overall", "like", "purchase", "stars"];
    private static readonly string[] s_scenario = ["scenario", "domain", "tab", "channel", "surface", "page"];

    public static (ImportConfiguration, IReadOnlyList<ColumnProfile>, IReadOnlyList<string> Notes) Of(string file, FileFormat format, IReadOnlyList<ColumnProfile> columns)
    {
        List<string> notes = [];
        Dictionary<string, string> roles = new(StringComparer.Ordinal);
        var time = Take("time", s_time, IsTime) ?? columns.FirstOrDefault(c => !roles.ContainsKey(c.Name) && c.Dates >= NearlyAll);
        if (time is not null)
            roles[time.Name] = "time";
        var user = Take("user", s_user, c => c.Distinct > 1);
        var item = Take("item", s_item, c => c.Distinct > 1);
        var label = Take("label", s_label, c => c.Numbers >= NearlyAll);
        var scenario = Take("scenario", s_scenario, c => c.Distinct is > 1 and <= MostScenarios);
        foreach (var (column, what) in new[] { (user, "user"), (item, "item"), (time, "time") })
        {
            if (column is null)
                notes.Add($"No column looks like the {what}: name it in the proposal in place of 'FILL-IN'.");
        }
        if (label is null)
            notes.Add("No column looks like a label: every row is taken for a click, and four items that the user did not meet are drawn beside each.");
        if (scenario is null)
            notes.Add("No column looks like the scenario: all rows are in one. Name a column, or divide the file.");
        else if (scenario.Frequent.Count < scenario.Distinct)
            notes.Add($"The column '{scenario.Name}' has about {scenario.Distinct} values, of which three are listed as scenarios: add the others, or give 'otherwise'.");
        string[] names = scenario is null ? ["all"] : [.. scenario.Frequent];
        var context = columns.Where(c => !roles.ContainsKey(c.Name) && c.Distinct is > 1 and <= MostContextValues).ToList();
        context.ForEach(c => roles[c.Name] = "context");
        if (context.Count > 0)
            notes.Add($"{string.Join(", ", context.Select(c => $"'{c.Name}'"))} became context fields: leave out what is known only after the click.");

        var configuration = new ImportConfiguration
        {
            Name = file.Split('.')[0],
            Platform = new PlatformDescription("FILL-IN", "what kind of place this is, for the prompts", "users", "items", "clicked"),
            Scenarios = [.. names.Select(n => new Scenario(n, ""))],
            Interactions =
            [
                new InteractionSource
                {
                    File = file, Format = format,
                    Scenario = scenario is null ? new ScenarioRule(Name: "all") : new ScenarioRule(Column: scenario.Name),
                    User = user?.Name ?? "FILL-IN", Item = item?.Name ?? "FILL-IN", Label = Label(label),
                    Time = new TimeColumn(time?.Name ?? "FILL-IN", time is { Dates: >= NearlyAll } ? TimeUnit.Iso : TimeUnit.Unix),
                    Context = [.. context.Select(Feature)],
                },
            ],
            Negatives = label is null ? new NegativeSampling() : null,
        };
        return (configuration, [.. columns.Select(c => c with { Role = roles.GetValueOrDefault(c.Name, "") })], notes);

        ColumnProfile? Take(string role, string[] words, Func<ColumnProfile, bool> fits)
        {
            var chosen = words.SelectMany(word => columns.Where(c => c.Name.Contains(word, StringComparison.OrdinalIgnoreCase)))
                .FirstOrDefault(c => !roles.ContainsKey(c.Name) && fits(c));
            if (chosen is not null)
                roles[chosen.Name] = role;
            return chosen;
        }
    }

    private static bool IsTime(ColumnProfile column) => column.Dates >= NearlyAll
        || column.Numbers >= NearlyAll && double.Parse(column.Least, CultureInfo.InvariantCulture) >= 1e8;

    private static string Label(ColumnProfile? column)
    {
        if (column is null)
            return "true";
        var name = column.Name.All(c => char.IsLetterOrDigit(c) || c == '_') && !char.IsDigit(column.Name[0]) ? column.Name : $"\"{column.Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        var most = double.Parse(column.Greatest, CultureInfo.InvariantCulture);
        return most <= 1 ? name : most <= 5 ? $"{name} > 3" : most <= 10 ? $"{name} > 6" : $"{name} > 0";
    }

    private static FeatureSource Feature(ColumnProfile column) => new()
    {
        Name = column.Name is FeatureNames.UserId or FeatureNames.ItemId or FeatureNames.Scenario ? $"{column.Name} (column)" : column.Name, // which name fields already
        Column = column.Name,
        Kind = column.Numbers >= NearlyAll && column.Distinct > 50 ? FeatureKind.Numeric : FeatureKind.Categorical,
    };
}
