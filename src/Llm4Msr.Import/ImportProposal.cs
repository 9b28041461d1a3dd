using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;

namespace Llm4Msr.Import;

/// <summary>Guesses from names and contents what the columns of a log mean.</summary>
internal static class ImportProposal
{
    private const int MostContextValues = 100;

    private static readonly string[] s_user = ["user", "customer", "reviewer", "visitor", "member", "uid"];
    private static readonly string[] s_item = ["item", "product", "movie", "asin", "video", "article", "book", "news", "iid"];
    private static readonly string[] s_time = ["timestamp", "time", "date"];
    private static readonly string[] s_label = ["click", "label", "rating", "overall", "like", "purchase", "stars"];
    private static readonly string[] s_scenario = ["scenario", "domain", "tab", "channel", "surface", "page"];

    /// <summary>Who plays which part; null where no column fits.</summary>
    /// <param name="Unfit">Columns that are called like a label but are no numbers.</param>
    /// <param name="Crowded">A column that is called like a scenario but has too many values, where no other fits.</param>
    private sealed record Roles(
        ColumnProfile? User, ColumnProfile? Item, ColumnProfile? Time, ColumnProfile? Label, ColumnProfile? Scenario, IReadOnlyList<ColumnProfile> Context,
        IReadOnlyList<ColumnProfile> Unfit, ColumnProfile? Crowded)
    {
        public string Of(ColumnProfile column) =>
            column == User ? "user" : column == Item ? "item" : column == Time ? "time" : column == Label ? "label" : column == Scenario ? "scenario" : Context.Contains(column) ? "context" : "";
    }

    public static (ImportConfiguration, IReadOnlyList<ColumnProfile>, IReadOnlyList<string> Notes) Of(string file, FileFormat format, IReadOnlyList<ColumnProfile> columns)
    {
        var roles = RolesOf(columns);
        var configuration = Configuration(file, format, roles);
        return (configuration, [.. columns.Select(c => c with { Role = roles.Of(c) })], [.. Notes(roles, configuration.Platform)]);
    }

    private static Roles RolesOf(IReadOnlyList<ColumnProfile> columns)
    {
        List<ColumnProfile> taken = [];
        var time = Take(s_time, IsTime);
        var user = Take(s_user, c => c.Distinct > 1);
        var item = Take(s_item, c => c.Distinct > 1);
        var label = Take(s_label, c => c.AreNumbers);
        var scenario = Take(s_scenario, c => c.IsCounted && c.Distinct > 1);
        time ??= Take([""], IsTime); // whatever it is called, but ids that are large numbers have their role by now
        var unfit = Named(s_label).Where(c => !c.AreNumbers).ToList();
        taken.AddRange(unfit);
        var crowded = scenario is null ? Named(s_scenario).FirstOrDefault(c => !c.IsCounted) : null;
        return new Roles(user, item, time, label, scenario, [.. columns.Except(taken).Where(c => c.Distinct is > 1 and <= MostContextValues)], unfit, crowded);

        IEnumerable<ColumnProfile> Named(string[] words) =>
            words.SelectMany(word => columns.Where(c => c.Name.Contains(word, StringComparison.OrdinalIgnoreCase))).Distinct().Except(taken);

        ColumnProfile? Take(string[] words, Func<ColumnProfile, bool> fits)
        {
            var chosen = Named(words).FirstOrDefault(fits);
            if (chosen is not null)
                taken.Add(chosen);
            return chosen;
        }
    }

    private static IEnumerable<string> Notes(Roles roles, PlatformDescription platform)
    {
        foreach (var (column, what, key) in new[] { (roles.User, "user", "user"), (roles.Item, "item", "item"), (roles.Time, "time", "time.column") })
        {
            if (column is null)
                yield return $"No column looks like the {what}: write its name for '{ImportConfiguration.FillIn}' in interactions[0].{key}.";
        }
        foreach (var column in roles.Unfit)
            yield return string.Create(CultureInfo.InvariantCulture, $"'{column.Name}' is called like a label, but only {100 * column.Numbers:0} % of its values are numbers: it is used for nothing. Correct the file, or write a condition such as {Quoted(column.Name)} = '{Example(column)}'.");
        if (roles is { Label: null, Unfit: [] })
            yield return "No column looks like a label: every row is taken for a click, and four items that the user did not meet are drawn beside each.";
        else if (roles.Label is null)
            yield return $"Without a label nothing is imported: write the condition for a click for '{ImportConfiguration.FillIn}' in interactions[0].label.";
        if (roles.Crowded is { } crowded)
            yield return string.Create(CultureInfo.InvariantCulture, $"'{crowded.Name}' is called like a scenario, but has about {crowded.Distinct:N0} values, more than {ColumnProfile.MostListed}: all rows are in one. Give groups of its values names (scenario.names), or divide the file.");
        else if (roles.Scenario is null)
            yield return "No column looks like the scenario: all rows are in one. Name a column, or divide the file.";
        if (roles.Context.Count > 0)
            yield return $"{string.Join(", ", roles.Context.Select(c => $"'{c.Name}'"))} became context fields: leave out what is known only after the click.";
        yield return $"Prompts will call the platform '{platform.Name}', its people '{platform.Users}' and its things '{platform.Items}': say it better under 'platform'.";
    }

    private static ImportConfiguration Configuration(string file, FileFormat format, Roles roles)
    {
        var name = file.Split('.')[0];
        string[] scenarios = roles.Scenario is null ? ["all"] : [.. roles.Scenario.Frequent];
        return new ImportConfiguration
        {
            Name = name,
            Platform = new PlatformDescription(name, "where users meet items", "users", "items", "clicked"),
            Scenarios = [.. scenarios.Select(n => new Scenario(n, ""))],
            Interactions =
            [
                new InteractionSource
                {
                    File = file, Format = format,
                    Scenario = roles.Scenario is null ? new ScenarioRule(Name: "all") : new ScenarioRule(Column: roles.Scenario.Name),
                    User = roles.User?.Name ?? ImportConfiguration.FillIn, Item = roles.Item?.Name ?? ImportConfiguration.FillIn,
                    Label = roles.Label is not null ? Label(roles.Label) : roles.Unfit.Count > 0 ? ImportConfiguration.FillIn : "true",
                    Time = new TimeColumn(roles.Time?.Name ?? ImportConfiguration.FillIn, roles.Time is { AreDates: true } ? TimeUnit.Iso : TimeUnit.Unix),
                    Context = [.. roles.Context.Select(Feature)],
                },
            ],
            Negatives = roles is { Label: null, Unfit: [] } ? new NegativeSampling() : null,
        };
    }

    private static bool IsTime(ColumnProfile column) => column.AreDates || column.AreNumbers && double.Parse(column.Least, CultureInfo.InvariantCulture) >= 1e8;

    private static string Label(ColumnProfile column)
    {
        var name = Quoted(column.Name);
        var most = double.Parse(column.Greatest, CultureInfo.InvariantCulture);
        return most <= 1 ? name : most <= 5 ? $"{name} > 3" : most <= 10 ? $"{name} > 6" : $"{name} > 0";
    }

    /// <summary>A column as a condition spells it.</summary>
    private static string Quoted(string column) => column.All(c => char.IsLetterOrDigit(c) || c == '_') && !char.IsDigit(column[0])
        ? column
        : $"\"{column.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>One of its values that is no number.</summary>
    private static string Example(ColumnProfile column) =>
        (column.Frequent.FirstOrDefault(v => !double.TryParse(v, CultureInfo.InvariantCulture, out _)) ?? "yes").Replace("'", "''", StringComparison.Ordinal);

    private static FeatureSource Feature(ColumnProfile column) => new()
    {
        Name = column.Name is FeatureNames.UserId or FeatureNames.ItemId or FeatureNames.Scenario ? $"{column.Name} (column)" : column.Name, // which name fields already
        Column = column.Name,
        Kind = column.AreNumbers && column.Distinct > 50 ? FeatureKind.Numeric : FeatureKind.Categorical,
    };
}
