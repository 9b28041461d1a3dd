using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <summary>
/// Amazon reviews, version 2 (McAuley): each category is a scenario, items are not shared, and a rating above 3 is a click.
/// Of a user's reviews of one item only the latest counts, of those of one second the last in the file.
/// </summary>
/// <remarks>
/// Read are reviews as JSON lines (<c>Luxury_Beauty.json.gz</c>, or the 5-core <c>Luxury_Beauty_5.json.gz</c>) or ratings alone as CSV
/// (<c>Luxury_Beauty.csv</c>: item, user, rating, time), and beside them the items' metadata (<c>meta_Luxury_Beauty.json.gz</c>) where it is there.
/// </remarks>
public static class Amazon
{
    private const string Metadata = "meta_", FiveCore = "_5";

    private static readonly string[] s_columnsOfRatings = ["item", "user", "rating", "timestamp"];
    private static readonly string[] s_endings = [".json.gz", ".json", ".csv.gz", ".csv"];

    /// <param name="paths">Files of reviews, or folders whose files of reviews are all meant.</param>
    /// <returns>The configuration, which keeps users who are in all categories, and the folder from which its paths are counted.</returns>
    public static (ImportConfiguration Configuration, string Folder) Configuration(IReadOnlyList<string> paths)
    {
        var files = paths.SelectMany(path => Directory.Exists(path) ? Reviews(path) : [path]).Select(Path.GetFullPath).Order(StringComparer.Ordinal).ToList();
        if (files.Count == 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"There are no reviews in {string.Join(", ", paths.Select(p => $"'{p}'"))}: expected files such as Luxury_Beauty_5.json.gz or Luxury_Beauty.csv.");
        if (files.GroupBy(Category).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new Llm4MsrException(FaultKind.Usage, $"The category '{twice.Key}' is in {string.Join(" and in ", twice.Select(f => $"'{f}'"))}. Name one file for each category.");
        var folder = Path.GetDirectoryName(files[0])!;
        return (new ImportConfiguration
        {
            Name = "amazon",
            Platform = new PlatformDescription("Amazon", "an online shop whose customers rate what they bought", "customers", "products", "liked"),
            Scenarios = [.. files.Select(file => new Scenario(Category(file), $"people buy and rate products of the category {Category(file)}"))],
            Interactions = [.. files.Select(file => Source(folder, file))],
            Items = [.. files.Select(MetadataOf).OfType<string>().Select(file => Products(folder, file))],
            Duplicates = DuplicateRule.SameItem,
            MinScenarios = files.Count,
        }, folder);
    }

    private static IEnumerable<string> Reviews(string folder) => Directory.EnumerateFiles(folder)
        .Where(file => s_endings.Any(ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) && !Path.GetFileName(file).StartsWith(Metadata, StringComparison.Ordinal));

    private static string Stem(string file) => Path.GetFileName(file) is var name && s_endings.FirstOrDefault(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase)) is { } ending ? name[..^ending.Length] : name;

    /// <summary>The category as people write it.</summary>
    private static string Category(string file)
    {
        var stem = Stem(file);
        return (stem.EndsWith(FiveCore, StringComparison.Ordinal) ? stem[..^FiveCore.Length] : stem).Replace('_', ' ');
    }

    private static InteractionSource Source(string folder, string file)
    {
        var isJson = file.Contains(".json", StringComparison.OrdinalIgnoreCase);
        var (user, item, rating, time) = isJson ? ("reviewerID", "asin", "overall", "unixReviewTime") : ("user", "item", "rating", "timestamp");
        return new InteractionSource
        {
            File = Path.GetRelativePath(folder, file),
            Format = isJson ? new FileFormat { Kind = FileKind.JsonLines } : new FileFormat { Columns = s_columnsOfRatings },
            Scenario = new ScenarioRule(Name: Category(file)),
            User = user,
            Item = item,
            Label = $"{rating} > 3",
            Valid = $"{rating} >= 1 and {rating} <= 5",
            Time = new TimeColumn(time, TimeUnit.Seconds),
        };
    }

    private static string? MetadataOf(string file)
    {
        var folder = Path.GetDirectoryName(file)!;
        var category = Category(file).Replace(' ', '_');
        return s_endings.Where(e => e.StartsWith(".json", StringComparison.Ordinal)).Select(ending => Path.Combine(folder, $"{Metadata}{category}{ending}")).FirstOrDefault(File.Exists);
    }

    private static EntitySource Products(string folder, string file) => new()
    {
        File = Path.GetRelativePath(folder, file),
        Format = new FileFormat { Kind = FileKind.JsonLines },
        Key = "asin",
        Features = [new FeatureSource { Name = "brand" }, new FeatureSource { Name = "categories", Column = "category", Kind = FeatureKind.MultiValued }],
        Title = ["title"],
        Category = ["categories"],
    };
}
