using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <summary>
/// MovieLens-100K (GroupLens): ratings of films, divided into three scenarios by genre, the first that matches.
/// </summary>
public static class MovieLens100K
{
    private const string RatingsFile = "u.data", ItemsFile = "u.item", UsersFile = "u.user", CountsFile = "u.info";
    private const int RatingAboveWhichItIsAClick = 3;

    private static readonly long s_lastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>The order of the flags in u.item.</summary>
    private static readonly string[] s_genres =
    [
        "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
        "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
    ];

    private static readonly Scenario[] s_scenarios =
    [
        new("drama and romance", "people choose among dramas, romances and whatever belongs nowhere else"),
        new("comedy and family", "people choose among comedies, musicals, animation and films for children"),
        new("action and suspense", "people choose among action, adventure, crime, horror, science fiction and war films"),
    ];

    private static readonly string[] s_comedyAndFamily = ["Animation", "Children's", "Comedy", "Musical"];

    private static readonly string[] s_actionAndSuspense =
    [
        "Action", "Adventure", "Sci-Fi", "Thriller", "Horror", "Fantasy", "War", "Western", "Crime", "Mystery", "Film-Noir",
    ];

    public static RawData Read(string folder)
    {
        var users = ReadUsers(Path.Combine(folder, UsersFile));
        var (items, words, scenarioOf) = ReadItems(Path.Combine(folder, ItemsFile));
        var interactions = ReadRatings(Path.Combine(folder, RatingsFile), Rows(users.Keys), Rows(items.Keys), scenarioOf);
        CheckCounts(folder, ("users", UsersFile, users.Keys.Count), ("items", ItemsFile, items.Keys.Count), ("ratings", RatingsFile, interactions.Count));
        return new RawData(
            "ml-100k",
            new PlatformDescription("MovieLens", "a website on which people rate films", "viewers", "films", "liked"),
            s_scenarios, users, items, words, interactions, ContextFields: [],
            Inputs: new[] { RatingsFile, ItemsFile, UsersFile }.ToDictionary(name => name, name => Facts(Path.Combine(folder, name))));
    }

    private static RawEntities ReadUsers(string path)
    {
        List<string> keys = [];
        List<string[]> ages = [], genders = [], occupations = [];
        foreach (var line in DelimitedFile.Read(path, '|', fields: 5))
        {
            keys.Add(line.Id(0, "user id"));
            ages.Add([AgeGroup(line.Number(1, "age"))]);
            genders.Add([line[2]]);
            occupations.Add([line[3]]);
        }
        RefuseTwice(path, keys);
        return new RawEntities(keys,
        [
            new RawField("age_group", false, ages),
            new RawField("gender", false, genders),
            new RawField("occupation", false, occupations),
        ]);
    }

    private static (RawEntities, List<ItemWords>, int[] ScenarioOf) ReadItems(string path)
    {
        const int FirstGenre = 5;
        List<string> keys = [];
        List<string[]> periods = [], genres = [];
        List<ItemWords> words = [];
        List<int> scenarios = [];
        foreach (var line in DelimitedFile.Read(path, '|', fields: FirstGenre + s_genres.Length))
        {
            string[] own = [.. s_genres.Where((_, k) => line.Flag(FirstGenre + k, s_genres[k]))];
            keys.Add(line.Id(0, "item id"));
            periods.Add(ReleasePeriod(line));
            genres.Add(own);
            words.Add(new ItemWords(line[1], string.Join('/', own)));
            scenarios.Add(own.Any(s_comedyAndFamily.Contains) ? 1 : own.Any(s_actionAndSuspense.Contains) ? 2 : 0);
        }
        RefuseTwice(path, keys);
        return (new RawEntities(keys, [new RawField("release_period", false, periods), new RawField("genres", true, genres)]), words, [.. scenarios]);
    }

    private static List<RawInteraction> ReadRatings(string path, Dictionary<string, int> users, Dictionary<string, int> items, int[] scenarioOf)
    {
        List<RawInteraction> interactions = [];
        foreach (var line in DelimitedFile.Read(path, '\t', fields: 4))
        {
            if (!users.TryGetValue(line.Id(0, "user id"), out var user))
                throw line.Wrong(0, "user id", $"a user of {UsersFile}");
            if (!items.TryGetValue(line.Id(1, "item id"), out var item))
                throw line.Wrong(1, "item id", $"an item of {ItemsFile}");
            var rating = line.Number(2, "rating");
            if (rating is < 1 or > 5)
                throw line.Wrong(2, "rating", "a whole number from 1 to 5");
            var time = line.Number(3, "timestamp");
            if (time < 0 || time > s_lastSecond)
                throw line.Wrong(3, "timestamp", "seconds since 1970");
            var liked = rating > RatingAboveWhichItIsAClick;
            interactions.Add(new RawInteraction(scenarioOf[item], user, item, Clicked: liked, Positive: liked, time, []));
        }
        return interactions;
    }

    /// <summary>u.info says how many users, items and ratings there are, so a file cut between two lines does not pass.</summary>
    private static void CheckCounts(string folder, params (string Name, string File, int Count)[] found)
    {
        var path = Path.Combine(folder, CountsFile);
        if (!File.Exists(path))
            return;
        foreach (var line in DelimitedFile.Read(path, ' ', fields: 2))
        {
            foreach (var (name, file, count) in found.Where(f => f.Name == line[1]))
            {
                if (line.Number(0, name) != count)
                {
                    throw new Llm4MsrException(FaultKind.BadInput,
                        $"{Path.Combine(folder, file)}: {count} {name}, but {CountsFile} says {line[0]}. The file was cut or changed: get it again.");
                }
            }
        }
    }

    private static string AgeGroup(long age) => age switch
    {
        < 18 => "under 18",
        < 25 => "18-24",
        < 35 => "25-34",
        < 45 => "35-44",
        < 50 => "45-49",
        < 56 => "50-55",
        _ => "56 and over",
    };

    /// <summary>Decades, but years from 1990 on: most films here are of the nineties.</summary>
    private static string[] ReleasePeriod(DelimitedLine line)
    {
        if (line[2].Length == 0)
            return [];
        if (!DateTime.TryParseExact(line[2], "d-MMM-yyyy", CultureInfo.InvariantCulture, DateTimeStyles.None, out var released))
            throw line.Wrong(2, "release date", "a date like 01-Jan-1995, or nothing");
        return [released.Year >= 1990 ? released.Year.ToString(CultureInfo.InvariantCulture)
            : released.Year >= 1950 ? $"{released.Year / 10 * 10}s"
            : "before 1950"];
    }

    private static Dictionary<string, int> Rows(IReadOnlyList<string> keys) =>
        keys.Select((key, row) => (key, row)).ToDictionary(p => p.key, p => p.row, StringComparer.Ordinal);

    private static void RefuseTwice(string path, List<string> keys)
    {
        var twice = keys.GroupBy(k => k, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null)
            throw new Llm4MsrException(FaultKind.BadInput, $"{path}: the id '{twice.Key}' stands on {twice.Count()} lines. Keep one of them.");
    }

    private static FileFacts Facts(string path) => new(new FileInfo(path).Length, FileHash.OfFile(path));
}
