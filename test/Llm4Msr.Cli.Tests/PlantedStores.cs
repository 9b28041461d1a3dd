using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>Generated data of which the truth is known, with a store that holds it, one that holds noise, and one that holds the truth and breaks the rule.</summary>
internal sealed class PlantedStores : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public PlantedStores(int users)
    {
        var planted = PlantedData.Generate(new PlantedOptions { Users = users });
        DurableFile.WriteFolder(Data, folder => PreparedDataWriter.Write(folder, planted.Raw, new SplitOptions(SplitKind.UserHoldout)));
        var data = InteractionDataset.Open(Data);
        var noise = new Random(3);
        var topics = planted.Topics.Count;
        Write(planted, data, Truth, user => planted.Interests[user].Vector(topics));
        Write(planted, data, Noise, _ => [.. Enumerable.Range(0, topics).Select(_ => (float)noise.NextDouble())]);
        Write(planted, data, WholePeriod, user => planted.Interests[user].Vector(topics), KnowledgeProtocol.WholePeriod);
    }

    /// <summary>Options of a grid's trials, with which the planted interests are learned in a few seconds.</summary>
    public static string[] Trials =>
    [
        "--backbone", "shared-bottom", "--jobs", "2", "--set", "training.epochs=6", "--set", "training.learningRate=0.003",
        "--set", "training.generatorLearningRate=0.002", "--set", "model.fusion.components=8",
    ];

    public string Data => _scratch["data"];

    public string Truth => _scratch["truth.db"];

    public string Noise => _scratch["noise.db"];

    public string WholePeriod => _scratch["whole-period.db"];

    public void Dispose() => _scratch.Dispose();

    /// <summary>Each user's vector as of the first four and the first eight tenths of their rows, or of all; scenarios have noise.</summary>
    private static void Write(PlantedData planted, InteractionDataset data, string path, Func<int, float[]> vectorOf, KnowledgeProtocol protocol = KnowledgeProtocol.PastOnly)
    {
        var width = planted.Topics.Count;
        var fingerprint = new KnowledgeFingerprint
        {
            Source = "planted",
            WeightsHash = "",
            TokenizerHash = "",
            TemplateHash = "",
            ChatFormat = "none",
            Decoding = "planted",
            States = ["planted"],
            Norm = KnowledgeNorm.Post,
            UserWidth = width,
            ScenarioWidth = width,
            HistoryLength = 0,
            Protocol = protocol,
        };
        using var store = KnowledgeStore.OpenForWriting(path, fingerprint, data.Description.InteractionsHash);
        var random = new Random(4);
        store.Append([.. planted.Raw.Scenarios.Select(scenario => Record(
            data, KnowledgeKey.ForScenario(scenario.Name), data.Interactions.Count, data.Description.TrainingPartHash,
            [.. Enumerable.Range(0, width).Select(_ => (float)random.NextDouble())]))]);
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        store.Append([.. planted.Raw.Users.Keys.SelectMany((key, user) => (protocol == KnowledgeProtocol.PastOnly ? new[] { 4, 8 } : [10])
            .Select(tenths => timeline.AsOfTenths(data.Encoder.Users.RowOf(key), tenths)).OfType<int>().Distinct()
            .Select(rank => Record(data, KnowledgeKey.ForUser(key), rank, "", vectorOf(user))))]);
    }

    private static KnowledgeRecord Record(InteractionDataset data, KnowledgeKey key, int asOfRank, string basis, float[] vector) => new()
    {
        Key = key,
        AsOfRank = asOfRank,
        AsOfTime = data.Interactions.Time[asOfRank - 1],
        Basis = basis,
        PromptHash = FileHash.Of($"planted {key}"),
        Text = "",
        Vectors = [vector],
    };
}
