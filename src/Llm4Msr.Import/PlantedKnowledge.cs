using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <summary>Stores planted vectors as if a language model had been asked: the truth that a pipeline must be able to find.</summary>
public static class PlantedKnowledge
{
    public const string State = "planted";

    /// <summary>Makes a store of the protocol past-only with each user's vector as of the first four and the first eight tenths of their rows.</summary>
    public static void Write(PlantedData planted, InteractionDataset data, string storePath)
    {
        var fingerprint = new KnowledgeFingerprint
        {
            Source = "planted by the generator; no language model was asked",
            WeightsHash = "",
            TokenizerHash = "",
            TemplateHash = "",
            ChatFormat = "none",
            Decoding = "planted",
            States = [State],
            Norm = KnowledgeNorm.Post,
            UserWidth = planted.UserKnowledge[0].Length,
            ScenarioWidth = planted.ScenarioKnowledge[0].Length,
            HistoryLength = 0,
            Protocol = KnowledgeProtocol.PastOnly,
        };
        WholeStore.Write(storePath, unfinished =>
        {
            using var store = KnowledgeStore.OpenForWriting(unfinished, fingerprint, data.Description.InteractionsHash);
            store.Append([.. ScenarioRecords(planted, data), .. UserRecords(planted, data)]);
        });
    }

    private static IEnumerable<KnowledgeRecord> ScenarioRecords(PlantedData planted, InteractionDataset data) =>
        planted.Raw.Scenarios.Select((scenario, s) => Record(
            data, KnowledgeKey.ForScenario(scenario.Name), data.Interactions.Count, data.Description.TrainingPartHash, planted.ScenarioKnowledge[s]));

    private static IEnumerable<KnowledgeRecord> UserRecords(PlantedData planted, InteractionDataset data)
    {
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        for (var k = 0; k < planted.Raw.Users.Keys.Count; k++)
        {
            var key = planted.Raw.Users.Keys[k];
            int?[] ranks = [timeline.AsOfTenths(data.Encoder.Users.RowOf(key), 4), timeline.AsOfTenths(data.Encoder.Users.RowOf(key), 8)];
            foreach (var rank in ranks.OfType<int>().Distinct())
                yield return Record(data, KnowledgeKey.ForUser(key), rank, "", planted.UserKnowledge[k]);
        }
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
