using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <summary>
/// MovieLens (GroupLens): ratings of films, divided into scenarios by genre. The layout is recognised by its files: 100K
/// (u.data), 1M and 10M (ratings.dat), 20M, 25M and the latest ones (ratings.csv).
/// </summary>
public static class MovieLens
{
    private const string Label = "rating > 3";
    private const int LinesOfCounts = 10;

    private static readonly string[] s_firstGenres =
    [
        "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
        "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
    ];

    /// <summary>Three scenarios; a film belongs to the first whose genres it has, else to the one that names none.</summary>
    private static readonly GenreScenario[] s_scenarios =
    [
        new("drama and romance", "people choose among dramas, romances and whatever belongs nowhere else", []),
        new("comedy and family", "people choose among comedies, musicals, animation and films for children",
            ["Animation", "Children's", "Children", "Comedy", "Musical"]),
        new("action and suspense", "people choose among action, adventure, crime, horror, science fiction and war films",
            ["Action", "Adventure", "Sci-Fi", "Thriller", "Horror", "Fantasy", "War", "Western", "Crime", "Mystery", "Film-Noir"]),
    ];

    /// <param name="scenarios">Other scenarios than the usual three; null for these.</param>
    public static ImportConfiguration Configuration(string folder, IReadOnlyList<GenreScenario>? scenarios = null)
    {
        bool Has(params string[] files) => files.All(file => File.Exists(Path.Combine(folder, file)));
        var chosen = scenarios ?? s_scenarios;
        var configuration = Has("u.data") || Has("u.item") ? First(folder, chosen)
            : Has("ratings.dat", "movies.dat") ? Dat(folder, chosen, hasUsers: Has("users.dat"))
            : Has("ratings.csv", "movies.csv") ? Csv(folder, chosen)
            : throw new Llm4MsrException(FaultKind.BadInput,
                $"'{folder}' holds no MovieLens data that is known here: u.data with u.item and u.user (100K), ratings.dat with movies.dat (1M, 10M), or ratings.csv with movies.csv (20M, 25M, latest). "
                + "Name the folder into which it was unpacked.");
        return configuration with { KeepUnmet = true, ItemsAreComplete = true };
    }

    private static ImportConfiguration First(string folder, IReadOnlyList<GenreScenario> scenarios)
    {
        var counts = Counts(Path.Combine(folder, "u.info"));
        var bars = new FileFormat { Kind = FileKind.Csv, Separator = "|", Quote = "", Encoding = FileEncoding.Latin1 };
        return Base("ml-100k", scenarios) with
        {
            UsersAreComplete = true,
            Interactions = [Ratings("u.data", scenarios, new FileFormat { Kind = FileKind.Tsv, Quote = "", Columns = ["user", "item", "rating", "timestamp"] }, "user", "item") with { Rows = counts.GetValueOrDefault("ratings") }],
            Users =
            [
                new EntitySource
                {
                    File = "u.user", Format = bars with { Columns = ["user", "age", "gender", "occupation", "zip"] }, Rows = counts.GetValueOrDefault("users"), Key = "user",
                    Features =
                    [
                        new FeatureSource
                        {
                            Name = "age_group", Column = "age",
                            Groups = new NumberNames([18, 25, 35, 45, 50, 56], ["under 18", "18-24", "25-34", "35-44", "45-49", "50-55", "56 and over"]),
                        },
                        new FeatureSource { Name = "gender" },
                        new FeatureSource { Name = "occupation" },
                    ],
                },
            ],
            Items =
            [
                new EntitySource
                {
                    File = "u.item", Format = bars with { Columns = ["item", "title", "released", "released_on_video", "url", .. s_firstGenres] }, Rows = counts.GetValueOrDefault("items"), Key = "item",
                    Features = [ReleasePeriod("released", @"(\d{4})$"), new FeatureSource { Name = "genres", Flags = s_firstGenres.ToDictionary(g => g, g => g) }],
                    Title = ["title"], Category = ["genres"],
                },
            ],
        };
    }

    private static ImportConfiguration Dat(string folder, IReadOnlyList<GenreScenario> scenarios, bool hasUsers)
    {
        var colons = new FileFormat { Kind = FileKind.Csv, Separator = "::", Quote = "", Encoding = IsLatin1(Path.Combine(folder, "movies.dat")) ? FileEncoding.Latin1 : FileEncoding.Utf8 };
        return Base(hasUsers ? "ml-1m" : "ml-10m", scenarios) with
        {
            UsersAreComplete = hasUsers,
            Interactions = [Ratings("ratings.dat", scenarios, colons with { Columns = ["user", "item", "rating", "timestamp"] }, "user", "item")],
            Users = !hasUsers ? [] :
            [
                new EntitySource
                {
                    File = "users.dat", Format = colons with { Columns = ["user", "gender", "age", "occupation", "zip"] }, Key = "user",
                    Features = [new FeatureSource { Name = "age_group", Column = "age" }, new FeatureSource { Name = "gender" }, new FeatureSource { Name = "occupation" }],
                },
            ],
            Items = [Movies("movies.dat", colons with { Columns = ["item", "title", "genres"] }, "item")],
        };
    }

    private static ImportConfiguration Csv(string folder, IReadOnlyList<GenreScenario> scenarios) => Base(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), scenarios) with
    {
        Interactions = [Ratings("ratings.csv", scenarios, new FileFormat(), "userId", "movieId")],
        Items = [Movies("movies.csv", new FileFormat(), "movieId")],
    };

    private static ImportConfiguration Base(string name, IReadOnlyList<GenreScenario> scenarios) => new()
    {
        Name = name,
        Platform = new PlatformDescription("MovieLens", "a website on which people rate films", "viewers", "films", "liked"),
        Scenarios = [.. scenarios.Select(s => new Scenario(s.Name, s.Description))],
        Interactions = [],
        MaxRejected = 0, // the files are clean; a bad line means that they were changed
    };

    private static InteractionSource Ratings(string file, IReadOnlyList<GenreScenario> scenarios, FileFormat format, string user, string item) => new()
    {
        File = file,
        Format = format,
        Scenario = new ScenarioRule(
            Feature: "genres",
            Rules: [.. scenarios.Where(s => s.AnyOf.Count > 0).Select(s => new FeatureRule(s.Name, s.AnyOf))],
            Otherwise: scenarios.FirstOrDefault(s => s.AnyOf.Count == 0)?.Name),
        User = user,
        Item = item,
        Label = Label,
        Valid = "rating >= 0.5 and rating <= 5",
        Time = new TimeColumn("timestamp", TimeUnit.Seconds),
    };

    private static EntitySource Movies(string file, FileFormat format, string key) => new()
    {
        File = file,
        Format = format,
        Key = key,
        Features = [ReleasePeriod("title", @"\((\d{4})\)\s*$"), new FeatureSource { Name = "genres", Kind = FeatureKind.MultiValued, Separator = "|" }],
        Title = ["title"],
        Category = ["genres"],
    };

    /// <summary>Decades, but years from 1990 on.</summary>
    private static FeatureSource ReleasePeriod(string column, string year)
    {
        const int FirstYear = 1990, LastYear = 2030;
        int[] decades = [1950, 1960, 1970, 1980];
        int[] years = [.. Enumerable.Range(FirstYear, LastYear - FirstYear + 1)];
        return new FeatureSource
        {
            Name = "release_period",
            Column = column,
            Extract = year,
            Groups = new NumberNames(
                [.. decades.Concat(years).Select(y => (double)y)],
                ["before 1950", .. decades.Select(d => string.Create(CultureInfo.InvariantCulture, $"{d}s")), .. years.Select(y => y.ToString(CultureInfo.InvariantCulture))]),
        };
    }

    /// <summary>u.info says how many users, items and ratings there are, a line each.</summary>
    private static Dictionary<string, long?> Counts(string path)
    {
        Dictionary<string, long?> counts = new(StringComparer.Ordinal);
        foreach (var words in File.Exists(path) ? File.ReadLines(path).Take(LinesOfCounts).Select(line => line.Split(' ')) : [])
        {
            if (words.Length == 2 && long.TryParse(words[0], CultureInfo.InvariantCulture, out var count))
                counts[words[1]] = count;
        }
        return counts;
    }

    /// <summary>The files of 1M are in ISO-8859-1, those of 10M in UTF-8.</summary>
    private static bool IsLatin1(string path)
    {
        try
        {
            using var text = new StreamReader(path, new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: false);
            var some = new char[1 << 12];
            while (text.Read(some) > 0)
            {
            }
            return false;
        }
        catch (System.Text.DecoderFallbackException)
        {
            return true;
        }
    }
}

/// <summary>A scenario by genre.</summary>
/// <param name="AnyOf">Genres; one of them is enough. Empty for the scenario of whatever fits nowhere else.</param>
public sealed record GenreScenario(string Name, string Description, IReadOnlyList<string> AnyOf);
