using Llm4Msr.Import;
using Llm4Msr.Language;
using Llm4Msr.Testing;
using Llm4Msr.TrainEmbedded;

namespace Llm4Msr.Cli.Tests;

/// <summary>
/// The model in the repository on users and catalogues that it was never trained on; the page of results beside its script has
/// the same with more of both.
/// </summary>
public sealed class EmbeddedModelTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ItIsSmallAndInHalfPrecision()
    {
        Assert.InRange(new DirectoryInfo(EmbeddedModel.Folder).EnumerateFiles().Sum(file => file.Length), 1, 8_000_000);
        Assert.Equal(["F16"], LanguageModelDescription.Of(EmbeddedModel.Name).WeightTypes.Keys);
    }

    [Fact]
    public void EveryWordOfACatalogueIsOneTokenOfItsOwn()
    {
        using var model = LanguageModel.Load(EmbeddedModel.Name);
        var words = CatalogueWords.BuiltIn;
        string[] all = [.. words.Topics.SelectMany(topic => topic.Nouns.Prepend(topic.Name)), .. words.Manners, .. words.Kinds];
        var frame = model.EncodeChat("").Length;

        int[][] tokens = [.. all.Select(word => model.EncodeChat("", $" {word}")[frame..])];

        Assert.All(tokens, token => Assert.Single(token));
        Assert.Equal(all.Length, tokens.Select(token => token[0]).Distinct().Count());
    }

    [Theory, InlineData(201), InlineData(202)]
    public void SummariesNameTheInterestsOfUsersAndCataloguesNeverSeen(int seed)
    {
        using var model = LanguageModel.Load(EmbeddedModel.Name);

        var score = Measurement.Of(model, new PlantedOptions { Users = 150, Seed = seed }, EmbeddedModel.History, _scratch["data"]).Summaries();

        Assert.InRange(score.Precision, 0.9, 1);
        Assert.InRange(score.Recall, 0.9, 1);
    }

    [Fact]
    public void AProbeReadsInterestsFromItsStatesBetterThanFromThoseOfARandomCopy()
    {
        RandomCopy.Write(EmbeddedModel.Folder, _scratch["random"], seed: 1);
        var options = new PlantedOptions { Users = 400, Seed = 203 };
        var trained = Ask(EmbeddedModel.Name);
        var random = Ask(_scratch["random"]);

        var gap = trained.ProbeR2(HiddenStateDefinition.MeanOfGenerated) - random.ProbeR2(HiddenStateDefinition.MeanOfGenerated);

        Assert.InRange(gap, 0.2, 1);
        Assert.InRange(trained.ProbeR2(HiddenStateDefinition.MeanOfGenerated, shuffled: true), -1, 0.05);

        Measurement Ask(string path)
        {
            using var model = LanguageModel.Load(path);
            return Measurement.Of(model, options, EmbeddedModel.History, _scratch["data"]);
        }
    }

    [Fact]
    public void ReasoningWithItSaysThatItIsForTryingOutOnly()
    {
        Measurement.Prepared(PlantedData.Generate(new PlantedOptions { Users = 3, InteractionsPerUser = 30 }), _scratch["data"]);

        var run = CommandRun.Succeeding("reason", _scratch["data"], "--model", "embedded", "--out", _scratch["knowledge.db"], "--json");

        Assert.StartsWith("The embedded model is for trying out only: it knows the words of the quick start's catalogues, and of other items (those of 'data generate' too) it says little or nothing.\n", run.Errors, StringComparison.Ordinal);
    }
}
