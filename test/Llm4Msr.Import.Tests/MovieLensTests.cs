using Llm4Msr.Data;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

public sealed class MovieLensTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public MovieLensTests()
    {
        File.WriteAllText(_scratch["u.user"], "1|17|F|student|00000\n2|56|M|writer|11111\n");
        File.WriteAllText(_scratch["u.item"],
            Item(1, "Toys (1995)", "01-Jan-1995", "Animation", "Action") + Item(2, "Chase \"1\" (1971)", "01-Jan-1971", "Action", "Drama")
            + Item(3, "Letters (1938)", "01-Jan-1938", "Drama") + Item(4, "unknown", "", "unknown"));
        File.WriteAllText(_scratch["u.data"], "1\t1\t4\t100\n1\t2\t3\t90\n2\t3\t5\t100\n2\t4\t1\t80\n");
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ScenariosAreByGenreAndTheFirstMatchWins()
    {
        var data = Run();

        Assert.Equal(["drama and romance", "comedy and family", "action and suspense"], data.Description.Scenarios.Select(s => s.Name));
        Assert.Equal([0, 2, 1, 0], data.Interactions.Scenario); // by time: the rest, action before drama, animation before action, drama
    }

    [Fact]
    public void ARatingAboveThreeIsAClickAndALike()
    {
        var data = Run();

        Assert.Equal([("2", "4", false, 80L), ("1", "2", false, 90L), ("1", "1", true, 100L), ("2", "3", true, 100L)], data.Rows());
        Assert.Equal(data.Interactions.Clicked, data.Interactions.Positive);
    }

    [Fact]
    public void FeaturesAreGroupedAndWordsKept()
    {
        File.WriteAllText(_scratch["u.data"], string.Concat(Enumerable.Range(1, 4).SelectMany(item => Enumerable.Range(0, 10).Select(k => $"{1 + item % 2}\t{item}\t4\t{100 + k}\n"))));
        var data = Run();

        Assert.Equal(["56 and over", "under 18"], data.Encoder.Vocabularies["age_group"].Values);
        Assert.Equal(["1970s", "1995", "before 1950"], data.Encoder.Vocabularies["release_period"].Values);
        Assert.Equal(["Action", "Animation", "Drama", "unknown"], data.Encoder.Vocabularies["genres"].Values);
        Assert.Equal(new ItemWords("Chase \"1\" (1971)", "Action/Drama"), data.ReadItemWords()[1]);
    }

    [Theory]
    [InlineData("u.data", "1\t1\t4", "1 of 1 rows cannot be used, more than the 0 % allowed. Line 1: the row has too few fields.")]
    [InlineData("u.data", "1\t1\t4\t100\nx\t1\t4\t100", "1 of 2 rows cannot be used, more than the 0 % allowed. Line 2: the user is 'x', which stands in no table of users.")]
    [InlineData("u.data", "1\t99\t4\t100", "1 of 1 rows cannot be used, more than the 0 % allowed. Line 1: the item is '99', which stands in no table of items.")]
    [InlineData("u.data", "1\t1\tfour\t100", "1 of 1 rows cannot be used, more than the 0 % allowed. Line 1: the label (rating) is 'four', expected a number.")]
    [InlineData("u.data", "1\t1\t6\t100", "1 of 1 rows cannot be used, more than the 0 % allowed. Line 1: it does not hold that rating >= 0.5 and rating <= 5.")]
    [InlineData("u.data", "1\t1\t4\t253402300800", "1 of 1 rows cannot be used, more than the 0 % allowed. Line 1: the time (timestamp) is '253402300800', expected seconds since 1970, before 2100.")]
    [InlineData("u.user", "1|old|F|student|0\n2|3|F|student|0", "1 of 2 rows cannot be used, more than the 0 % allowed. Line 1: the age_group (age) is 'old', expected a number.")]
    [InlineData("u.user", "1|17|F|student|0\n2|3|F|student|0\n1|20|F|student|0", "1 of 3 rows cannot be used, more than the 0 % allowed. Line 3: the id '1' stands on an earlier line too.")]
    public void AWrongLineIsNamed(string file, string content, string message)
    {
        File.WriteAllText(_scratch[file], content);

        var error = Assert.Throws<Llm4MsrException>(Run);

        Assert.Equal(
            (FaultKind.BadInput, $"{_scratch[file]}: {message} All of them, with line and reason, are in {_scratch["data.rejected.csv"]}. Correct the file or its description, or allow more with --max-rejected."), (error.Kind, error.Message));
        Assert.False(Directory.Exists(_scratch["data"]));
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        File.Delete(_scratch["u.user"]);

        Assert.Equal($"There is no file '{_scratch["u.user"]}'. Correct its name, or get it.", Assert.Throws<Llm4MsrException>(Run).Message);
    }

    [Fact]
    public void AFileCutBetweenTwoLinesIsNoticedByTheCountsBesideIt()
    {
        File.WriteAllText(_scratch["u.info"], "2 users\n4 items\n9 ratings\n5 ratings\n");

        Assert.Equal($"{_scratch["u.data"]}: 4 rows, expected 5. The file was cut or changed: get it again.", Assert.Throws<Llm4MsrException>(Run).Message);
    }

    [Fact]
    public void AllLayoutsOfTheSameFilmsAreTheSameData()
    {
        var expected = Rows(MovieLens.Configuration(Folder("csv",
            ("ratings.csv", "userId,movieId,rating,timestamp\n1,1,4.0,100\n1,2,3.0,90\n2,3,4.5,100\n"),
            ("movies.csv", "movieId,title,genres\n1,Toys (1995),Animation|Action\n2,\"Chase, The (1971)\",Action|Drama\n3,Letters (1938),Drama\n"))), "csv");
        var dat = Rows(MovieLens.Configuration(Folder("dat",
            ("ratings.dat", "1::1::4::100\n1::2::3::90\n2::3::4.5::100\n"),
            ("movies.dat", "1::Toys (1995)::Animation|Action\n2::Chase, The (1971)::Action|Drama\n3::Letters (1938)::Drama\n"))), "dat");

        Assert.Equal(expected, dat);
        Assert.Equal([("Chase, The (1971)", 2, false), ("Toys (1995)", 1, true), ("Letters (1938)", 0, true)], expected);
    }

    [Fact]
    public void ScenariosMayBeOthers()
    {
        var data = Imports.Run(_scratch, MovieLens.Configuration(_scratch.Root, [new GenreScenario("drawn", "", ["Animation"]), new GenreScenario("acted", "", [])]));

        Assert.Equal([1, 1, 0, 1], data.Interactions.Scenario);
    }

    [Fact]
    public void TheRealFilesGiveTheDataThatTheExperimentsWereMadeWith()
    {
        var folder = TestFiles.Asset("data", "ml-100k");
        var description = Imports.Run(_scratch, MovieLens.Configuration(folder), folder).Description;

        Assert.Equal((943, 1682, 100_000), (description.All.Users, description.All.Items, description.All.Interactions));
        Assert.Equal(55_375, description.All.Scenarios.Sum(s => s.Clicks)); // ratings of 4 and 5
        Assert.Equal("c60ec35251bc1d191026a10498ac22fec347a07e2e95944e5699ddad40c13cad", description.InteractionsHash);
        Assert.Equal("55a4dccf8cace17d9ed05594edd42a093a56fa935280355844575accff669d07", description.TrainingPartHash);
    }

    private InteractionDataset Run() => Imports.Run(_scratch, MovieLens.Configuration(_scratch.Root));

    private List<(string Title, int Scenario, bool Clicked)> Rows(ImportConfiguration configuration, string folder)
    {
        var data = Imports.Run(_scratch, configuration, _scratch[folder], $"{folder}-data");
        return [.. Enumerable.Range(0, data.Interactions.Count).Select(rank =>
            (data.ReadItemWords()[data.Interactions.Item[rank]].Title, data.Interactions.Scenario[rank], data.Interactions.Clicked[rank]))];
    }

    private string Folder(string name, params (string File, string Content)[] files)
    {
        Directory.CreateDirectory(_scratch[name]);
        foreach (var (file, content) in files)
            File.WriteAllText(Path.Combine(_scratch[name], file), content);
        return _scratch[name];
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
