using Llm4Msr.Data;

namespace Llm4Msr.Import.Configuration;

/// <summary>Where logs lie and what their columns mean: all that the import knows about a data set.</summary>
public sealed record ImportConfiguration
{
    /// <summary>Stands in a proposal where only a person can say what belongs there.</summary>
    internal const string FillIn = "FILL-IN";

    /// <summary>What the data set is called in reports.</summary>
    public required string Name { get; init; }

    public required PlatformDescription Platform { get; init; }

    /// <summary>The order gives each scenario its index.</summary>
    public required IReadOnlyList<Scenario> Scenarios { get; init; }

    public required IReadOnlyList<InteractionSource> Interactions { get; init; }

    /// <summary>Tables of users; a user in none of them is known by the interactions alone.</summary>
    public IReadOnlyList<EntitySource> Users { get; init; } = [];

    /// <summary>Tables of items; an item in none of them is known by the interactions alone.</summary>
    public IReadOnlyList<EntitySource> Items { get; init; } = [];

    /// <summary>Whether a row is rejected whose user stands in no table.</summary>
    public bool UsersAreComplete { get; init; }

    /// <summary>Whether a row is rejected whose item stands in no table.</summary>
    public bool ItemsAreComplete { get; init; }

    public SplitOptions Split { get; init; } = new();

    /// <summary>Values in fewer training rows share the index of those never seen.</summary>
    public int MinCount { get; init; } = 1;

    /// <summary>Only users with interactions in at least so many scenarios are kept.</summary>
    public int MinScenarios { get; init; } = 1;

    public DuplicateRule Duplicates { get; init; } = DuplicateRule.Keep;

    /// <summary>For logs of clicks alone; null where rows without a click are in the logs.</summary>
    public NegativeSampling? Negatives { get; init; }

    /// <summary>Whether users and items that stand in a table but in no interaction are kept: they can be scored later.</summary>
    public bool KeepUnmet { get; init; }

    /// <summary>Share of the rows of a file that may be unusable; more stops the import.</summary>
    public double MaxRejected { get; init; } = 0.01;

    /// <summary>All files that are read, each once, as the configuration spells them.</summary>
    internal IEnumerable<string> Files => Interactions.Select(s => s.File).Concat(Items.Concat(Users).Select(s => s.File)).Distinct();

    /// <summary>The index of a scenario, as SQL writes it.</summary>
    /// <param name="scenario">The name of one of them.</param>
    internal string IndexOf(string scenario) => FormattableString.Invariant($"{Scenarios.TakeWhile(s => s.Name != scenario).Count()}");
}

/// <summary>Rows of one user, one item and one scenario.</summary>
public enum DuplicateRule
{
    /// <summary>All of them are interactions.</summary>
    Keep,

    /// <summary>Of those with one time, only the last in the file is one.</summary>
    SameTime,

    /// <summary>Only the latest is one, of those with one time the last in the file.</summary>
    SameItem,
}

/// <summary>Rows without a click beside every click: items of the scenario, drawn evenly, that the user never met in it.</summary>
/// <param name="PerPositive">Fewer where the user has met nearly all items.</param>
public sealed record NegativeSampling(int PerPositive = 4, int Seed = 1);

/// <summary>One file of interactions.</summary>
public sealed record InteractionSource
{
    /// <summary>Path, from the folder of the configuration.</summary>
    public required string File { get; init; }

    public FileFormat Format { get; init; } = new();

    /// <summary>How many rows the file has, where that is known: one that was cut between two lines is noticed.</summary>
    public long? Rows { get; init; }

    public required ScenarioRule Scenario { get; init; }

    /// <summary>Column.</summary>
    public required string User { get; init; }

    /// <summary>Column.</summary>
    public required string Item { get; init; }

    /// <summary>Expression over columns, for example <c>rating > 3</c> or <c>click</c>.</summary>
    public required string Label { get; init; }

    /// <summary>Expression: which rows count as liked in prompts; null for those with the label.</summary>
    public string? Positive { get; init; }

    /// <summary>Expression: which rows are read at all; null for every one.</summary>
    public string? Where { get; init; }

    /// <summary>Expression that holds for every sound row; others are rejected.</summary>
    public string? Valid { get; init; }

    public required TimeColumn Time { get; init; }

    /// <summary>Features of the interaction itself; one value each. Lists and sequences are features of users and items.</summary>
    public IReadOnlyList<FeatureSource> Context { get; init; } = [];

    /// <summary>Column that says training, validation, test or unused, for the split <c>column</c>.</summary>
    public string? Part { get; init; }
}

/// <summary>Which scenario a row belongs to. Either a name for the whole file, or a column, or a feature of the item.</summary>
/// <param name="Name">The scenario of every row.</param>
/// <param name="Column">Holds the scenario's name, or a value that <paramref name="Names"/> gives a name.</param>
/// <param name="Feature">A feature of the items; the first of <paramref name="Rules"/> that fits decides.</param>
/// <param name="Otherwise">The scenario of rows that nothing else decides; null to reject them.</param>
public sealed record ScenarioRule(
    string? Name = null, string? Column = null, IReadOnlyDictionary<string, string>? Names = null,
    string? Feature = null, IReadOnlyList<FeatureRule>? Rules = null, string? Otherwise = null);

/// <param name="AnyOf">Values of the feature; one of them is enough.</param>
public sealed record FeatureRule(string Scenario, IReadOnlyList<string> AnyOf);

/// <param name="Pattern">For <see cref="TimeUnit.Text"/>, in the letters of strptime: <c>%d.%m.%Y %H:%M</c>.</param>
public sealed record TimeColumn(string Column, TimeUnit Unit = TimeUnit.Unix, string? Pattern = null);

public enum TimeUnit
{
    /// <summary>Since 1970: seconds, or milliseconds where the number is 10^11 or more.</summary>
    Unix,
    Seconds,
    Milliseconds,

    /// <summary>2023-05-22, or 2023-05-22T08:15:30+02:00; UTC where no offset is given.</summary>
    Iso,

    /// <summary>By a pattern, in UTC.</summary>
    Text,
}

/// <summary>A table of users or items.</summary>
public sealed record EntitySource
{
    /// <summary>Path, from the folder of the configuration.</summary>
    public required string File { get; init; }

    public FileFormat Format { get; init; } = new();

    /// <summary>How many rows the file has, where that is known: one that was cut between two lines is noticed.</summary>
    public long? Rows { get; init; }

    /// <summary>Column with the id, as the interactions spell it.</summary>
    public required string Key { get; init; }

    public IReadOnlyList<FeatureSource> Features { get; init; } = [];

    /// <summary>How an item is named in prompts: columns or features, joined by a space; of users nothing is read.</summary>
    public IReadOnlyList<string> Title { get; init; } = [];

    /// <summary>What stands beside the title: columns or features, their values joined by a slash.</summary>
    public IReadOnlyList<string> Category { get; init; } = [];
}

/// <summary>How a column becomes a feature field.</summary>
public sealed record FeatureSource
{
    public required string Name { get; init; }

    /// <summary>Null for the column of the feature's name.</summary>
    public string? Column { get; init; }

    public FeatureKind Kind { get; init; } = FeatureKind.Categorical;

    /// <summary>Between the values of a list; null for a list in JSON.</summary>
    public string? Separator { get; init; }

    /// <summary>Only what this regular expression finds is the value: its first group, else all of it.</summary>
    public string? Extract { get; init; }

    /// <summary>Texts that stand for no value.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>Columns of 0 and 1, each with the value that it stands for; in place of <see cref="Column"/>.</summary>
    public IReadOnlyDictionary<string, string>? Flags { get; init; }

    /// <summary>Values that are numbers get names.</summary>
    public NumberNames? Groups { get; init; }

    /// <summary>For <see cref="FeatureKind.Numeric"/>: at fixed edges, or at quantiles of the training part.</summary>
    public BucketRule? Buckets { get; init; }

    /// <summary>For <see cref="FeatureKind.Sequence"/>: how many of the last values are kept.</summary>
    public int Last { get; init; } = 50;

    /// <summary>The columns that it is made of.</summary>
    internal IEnumerable<string> Columns => Flags?.Keys ?? (IEnumerable<string>)[Column ?? Name];
}

public enum FeatureKind
{
    /// <summary>One value.</summary>
    Categorical,

    /// <summary>A list whose order says nothing.</summary>
    MultiValued,

    /// <summary>A number, put into buckets.</summary>
    Numeric,

    /// <summary>A list in order of time, of which the last values count.</summary>
    Sequence,
}

/// <param name="Edges">Ascending.</param>
/// <param name="Names">One more than edges: the first for what lies below all of them.</param>
public sealed record NumberNames(IReadOnlyList<double> Edges, IReadOnlyList<string> Names);

/// <summary>How a file is read.</summary>
public sealed record FileFormat
{
    /// <summary>Null for what the name's ending says: .csv, .tsv, .jsonl or .json, .parquet, and .gz after each but the last.</summary>
    public FileKind? Kind { get; init; }

    /// <summary>One to four characters between fields; null for a comma, or a tab in a TSV file.</summary>
    public string? Separator { get; init; }

    /// <summary>Around fields that hold the separator; empty for none.</summary>
    public string Quote { get; init; } = "\"";

    /// <summary>Names of the columns where the first line is data already; null where it names them.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>Null for UTF-8. A byte order mark at the file's beginning says it better.</summary>
    public FileEncoding? Encoding { get; init; }
}

public enum FileKind
{
    Csv,
    Tsv,
    JsonLines,
    Parquet,
}

public enum FileEncoding
{
    Utf8,
    Utf16,
    Latin1,
}
