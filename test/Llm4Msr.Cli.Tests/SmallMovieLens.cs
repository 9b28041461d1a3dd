using System.Globalization;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Cli.Tests;

/// <summary>A folder of MovieLens-100K's shape with invented users and films, and vectors about them.</summary>
internal static class SmallMovieLens
{
    public const int Users = 40, Items = 60, RatingsEach = 30, UserWidth = 6, ScenarioWidth = 4;

    private static readonly string[] s_genres =
    [
        "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
        "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
    ];

    private static readonly string[] s_genreOfItem = ["Drama", "Comedy", "Action"]; // each scenario a third

    public static readonly string[] Scenarios = ["drama and romance", "comedy and family", "action and suspense"];

    /// <summary>The scenario that an item belongs to.</summary>
    public static string ScenarioOf(int item) => Scenarios[item % Scenarios.Length];

    /// <param name="later">More ratings of each user, all later than the others.</param>
    public static string Write(string folder, int users = Users, int ratingsEach = RatingsEach, int later = 0)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(5);
        File.WriteAllLines(Path.Combine(folder, "u.user"), Enumerable.Range(1, users).Select(user =>
            string.Create(CultureInfo.InvariantCulture, $"{user}|{15 + user}|{(user % 2 == 0 ? "F" : "M")}|{(user % 3 == 0 ? "artist" : "writer")}|00000")));
        File.WriteAllLines(Path.Combine(folder, "u.item"), Enumerable.Range(1, Items).Select(Item));
        var ratings = Enumerable.Range(1, users).SelectMany(user => Ratings(user, ratingsEach, 880_000_000, random)).ToList();
        ratings.AddRange(Enumerable.Range(1, users).SelectMany(user => Ratings(user, later, 890_000_000, random)));
        File.WriteAllLines(Path.Combine(folder, "u.data"), ratings);
        File.WriteAllLines(Path.Combine(folder, "u.info"), [$"{users} users", $"{Items} items", $"{ratings.Count} ratings"]);
        return folder;
    }

    /// <summary>User vectors as "user", scenario vectors as "scenario".</summary>
    public static string WriteVectors(string path, int seed = 1)
    {
        using var scope = torch.NewDisposeScope();
        var generator = new Random(seed);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(2 * generator.NextDouble() - 1))];
        using var stream = File.Create(path);
        Safetensors.Write(stream,
        [
            ("scenario", torch.tensor(Numbers(Scenarios.Length * ScenarioWidth)).view(Scenarios.Length, ScenarioWidth)),
            ("user", torch.tensor(Numbers(Users * UserWidth)).view(Users, UserWidth)),
        ]);
        return path;
    }

    /// <summary>Imports <see cref="WriteVectors"/>'s vectors as what was known after eight tenths of each user's rows.</summary>
    public static CommandRun Import(string store, string data, string vectors, string protocol = "train-part", string name = "imported") => CommandRun.Of(
        "knowledge", "import", store, "--data", data, "--protocol", protocol, "--name", name,
        "--vectors", $"user@{(protocol == "whole-period" ? 100 : 80)}%:mean={vectors}#user", "--vectors", $"scenario:mean={vectors}#scenario");

    private static string Item(int item)
    {
        var genre = s_genreOfItem[item % s_genreOfItem.Length];
        return string.Create(CultureInfo.InvariantCulture,
            $"{item}|Film {item} (19{40 + item % 60})|01-Jan-19{40 + item % 60}||http://example.com|{string.Join('|', s_genres.Select(g => g == genre ? "1" : "0"))}");
    }

    private static IEnumerable<string> Ratings(int user, int count, long from, Random random)
    {
        for (var k = 0; k < count; k++)
        {
            var item = 1 + (user * 7 + k * 11) % Items; // no film twice: 11 and the number of films have no common divisor
            var rating = Math.Clamp((user + item) % 4 + 1 + random.Next(3), 1, 5);
            yield return string.Create(CultureInfo.InvariantCulture, $"{user}\t{item}\t{rating}\t{from + k * 1000 + user}");
        }
    }
}
