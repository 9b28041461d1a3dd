using System.Text;
using Llm4Msr.Data;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

/// <summary>The layouts in which MovieLens was given out, as their files are written.</summary>
public sealed class MovieLensLayoutTests : IDisposable
{
    private const string Latest = "movieId,title,genres\n1,Toys (1995),Adventure|Animation|Children|Comedy\n2,\"Chase, The (1971)\",Action|Drama\n3,Été (1938),(no genres listed)\n";
    private const string Ratings = "userId,movieId,rating,timestamp\n1,1,4.0,964982703\n1,2,3.5,964981247\n2,3,0.5,1445714835\n2,1,5.0,1445714841\n";

    private static readonly (string Title, int Scenario, bool Clicked)[] s_rows =
        [("Chase, The (1971)", 2, true), ("Toys (1995)", 1, true), ("Été (1938)", 0, false), ("Toys (1995)", 1, true)];

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void OneMillionHasColonsAndLatin1AndUsers()
    {
        Write("movies.dat", "1::Toys (1995)::Animation|Children's|Comedy\n2::Chase, The (1971)::Action|Drama\n3::Été (1938)::Drama\n", Encoding.Latin1);
        Write("ratings.dat", "1::1::4::964982703\n1::2::4::964981247\n2::3::1::1445714835\n2::1::5::1445714841\n", Encoding.Latin1);
        Write("users.dat", "1::F::1::10::48067\n2::M::56::16::70072-1234\n", Encoding.Latin1);

        var data = Run();

        Assert.Equal(s_rows, Rows(data));
        Assert.Equal(("ml-1m", 2), (data.Description.Source, data.Description.All.Users));
        Assert.Equal(["age_group", "gender", "occupation"], data.Description.Fields.Where(f => f.Owner == FieldOwner.User && f.Name != FeatureNames.UserId).Select(f => f.Name));
        Assert.Equal(["1", "56"], data.Encoder.Vocabularies["age_group"].Values);
    }

    [Fact]
    public void TenMillionHasHalfStarsAndUtf8AndNoUsers()
    {
        Write("movies.dat", "1::Toys (1995)::Animation|Children|Comedy\n2::Chase, The (1971)::Action|Drama\n3::Été (1938)::(no genres listed)\n");
        Write("ratings.dat", "1::1::4::964982703\n1::2::3.5::964981247\n2::3::0.5::1445714835\n2::1::5::1445714841\n");
        Write("tags.dat", "1::1::fun::1215184630\n");

        var data = Run();

        Assert.Equal(s_rows, Rows(data));
        Assert.Equal("ml-10m", data.Description.Source);
    }

    /// <summary>20M and 25M with the tag genome, the latest ones with links, the old one with its README as well.</summary>
    [Theory]
    [InlineData("genome-scores.csv", "genome-tags.csv", "links.csv", "tags.csv"), InlineData("links.csv", "tags.csv", "README.txt"), InlineData("README.html", "links.csv", "tags.csv")]
    public void CsvLayoutsDifferInWhatLiesBesideThem(params string[] beside)
    {
        Write("movies.csv", Latest);
        Write("ratings.csv", Ratings);
        foreach (var file in beside)
            Write(file, "x\n");

        Assert.Equal(s_rows, Rows(Run()));
    }

    [Fact]
    public void CsvLayoutsMayHaveLineEndsOfWindows()
    {
        Write("movies.csv", Latest.ReplaceLineEndings("\r\n"));
        Write("ratings.csv", Ratings.ReplaceLineEndings("\r\n"));

        Assert.Equal(s_rows, Rows(Run()));
    }

    [Fact]
    public void AnUnknownLayoutIsRefused()
    {
        Write("ratings.csv", Ratings);

        var error = Assert.Throws<Llm4MsrException>(Run);
        Assert.Equal(FaultKind.BadInput, error.Kind);
        Assert.StartsWith($"'{_scratch.Root}' holds no MovieLens data that is known here: ", error.Message, StringComparison.Ordinal);
    }

    private InteractionDataset Run() => Imports.Run(_scratch, MovieLens.Configuration(_scratch.Root) with { Split = new SplitOptions(SplitKind.Global) });

    private static List<(string, int, bool)> Rows(InteractionDataset data) => [.. Enumerable.Range(0, data.Interactions.Count).Select(rank =>
        (data.ReadItemWords()[data.Interactions.Item[rank]].Title, data.Interactions.Scenario[rank], data.Interactions.Clicked[rank]))];

    private void Write(string file, string content, Encoding? encoding = null) => File.WriteAllText(_scratch[file], content, encoding ?? new UTF8Encoding(false));
}
