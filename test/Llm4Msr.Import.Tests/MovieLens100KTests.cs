using Llm4Msr.Data;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

public sealed class MovieLens100KTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public MovieLens100KTests()
    {
        File.WriteAllText(_scratch["u.user"], "1|17|F|student|00000\n2|56|M|writer|11111\n");
        File.WriteAllText(_scratch["u.item"],
            Item(1, "Toys (1995)", "01-Jan-1995", "Animation", "Action") + Item(2, "Chase (1971)", "01-Jan-1971", "Action", "Drama")
            + Item(3, "Letters (1938)", "01-Jan-1938", "Drama") + Item(4, "unknown", "", "unknown"));
        File.WriteAllText(_scratch["u.data"], "1\t1\t4\t100\n1\t2\t3\t90\n2\t3\t5\t100\n2\t4\t1\t80\n");
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ScenariosAreByGenreAndTheFirstMatchWins()
    {
        var raw = MovieLens100K.Read(_scratch.Root);

        Assert.Equal(["drama and romance", "comedy and family", "action and suspense"], raw.Scenarios.Select(s => s.Name));
        Assert.Equal([1, 2, 0, 0], raw.Interactions.Select(i => i.Scenario)); // animation before action, action before drama, the rest
    }

    [Fact]
    public void ARatingAboveThreeIsAClickAndALike()
    {
        var raw = MovieLens100K.Read(_scratch.Root);

        Assert.Equal([true, false, true, false], raw.Interactions.Select(i => i.Clicked));
        Assert.Equal(raw.Interactions.Select(i => i.Clicked), raw.Interactions.Select(i => i.Positive));
    }

    [Fact]
    public void FeaturesAreGroupedAndWordsKept()
    {
        var raw = MovieLens100K.Read(_scratch.Root);

        Assert.Equal(["under 18", "56 and over"], Single(raw.Users, "age_group"));
        Assert.Equal(["1995", "1970s", "before 1950", ""], Single(raw.Items, "release_period"));
        Assert.Equal(["Animation", "Action"], raw.Items.Fields.Single(f => f.Name == "genres").Values[0].Order(StringComparer.Ordinal).Reverse());
        Assert.Equal(new ItemWords("Chase (1971)", "Action/Drama"), raw.ItemWords[1]);

        static IEnumerable<string> Single(RawEntities entities, string field) =>
            entities.Fields.Single(f => f.Name == field).Values.Select(v => v.Count == 0 ? "" : v[0]);
    }

    [Theory]
    [InlineData("u.data", "1\t1\t4", "line 1: 3 fields, expected 4 (separated by tabs): '1\t1\t4'. Was the file cut or changed? Get it again.")]
    [InlineData("u.data", "1\t1\t4\t100\nx\t1\t4\t100", "line 2: the user id is 'x', expected a user of u.user. Correct the line or get the file again.")]
    [InlineData("u.data", "1\t99\t4\t100", "line 1: the item id is '99', expected an item of u.item. Correct the line or get the file again.")]
    [InlineData("u.data", "1\t1\tfour\t100", "line 1: the rating is 'four', expected a whole number. Correct the line or get the file again.")]
    [InlineData("u.data", "1\t1\t6\t100", "line 1: the rating is '6', expected a whole number from 1 to 5. Correct the line or get the file again.")]
    [InlineData("u.data", "1\t1\t4\t1.5", "line 1: the timestamp is '1.5', expected a whole number. Correct the line or get the file again.")]
    [InlineData("u.data", "1\t1\t4\t253402300800", "line 1: the timestamp is '253402300800', expected seconds since 1970. Correct the line or get the file again.")]
    [InlineData("u.user", "1|old|F|student|0", "line 1: the age is 'old', expected a whole number. Correct the line or get the file again.")]
    public void AWrongLineIsNamed(string file, string content, string message)
    {
        File.WriteAllText(_scratch[file], content);

        var error = Assert.Throws<Llm4MsrException>(() => MovieLens100K.Read(_scratch.Root));

        Assert.Equal((FaultKind.BadInput, $"{_scratch[file]}, {message}"), (error.Kind, error.Message));
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        File.Delete(_scratch["u.item"]);

        var error = Assert.Throws<Llm4MsrException>(() => MovieLens100K.Read(_scratch.Root));

        Assert.StartsWith($"There is no file '{_scratch["u.item"]}'.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileCutBetweenTwoLinesIsNoticedByTheCountsBesideIt()
    {
        File.WriteAllText(_scratch["u.info"], "2 users\n4 items\n5 ratings\n");

        var error = Assert.Throws<Llm4MsrException>(() => MovieLens100K.Read(_scratch.Root));

        Assert.Equal($"{_scratch["u.data"]}: 4 ratings, but u.info says 5. The file was cut or changed: get it again.", error.Message);
    }

    [Fact]
    public void TheRealFilesGiveTheCountsOfTheirReadme()
    {
        var folder = TestFiles.Asset("data", "ml-100k");
        var output = _scratch["data"];

        DurableFile.WriteFolder(output, f => PreparedDataWriter.Write(f, MovieLens100K.Read(folder), new SplitOptions()));

        var all = InteractionDataset.Open(output).Description.All;
        Assert.Equal((943, 1682, 100_000), (all.Users, all.Items, all.Interactions));
        Assert.Equal(55_375, all.Scenarios.Sum(s => s.Clicks)); // ratings of 4 and 5
    }

    private static string Item(int id, string title, string released, params string[] genres)
    {
        string[] all =
        [
            "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
            "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
        ];
        return $"{id}|{title}|{released}||http://example.com|{string.Join('|', all.Select(g => genres.Contains(g) ? "1" : "0"))}\n";
    }
}
