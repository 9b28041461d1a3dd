using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Cli.Tests;

/// <summary>Stores of real prompts with invented answers, made without a language model.</summary>
internal static class SmallPrompts
{
    private const int History = 15;

    /// <summary>Data whose titles are longer than a prompt takes, and a store of what the embedded model, which alone knows where it cut them, said of them.</summary>
    public static void WithCutTitles(string dataFolder, string store)
    {
        var raw = PlantedData.Generate(new PlantedOptions { Users = 3, InteractionsPerUser = 30 }).Raw;
        raw = raw with { ItemWords = [.. raw.ItemWords.Select(words => words with { Title = words.Title + new string('茶', 60) })] };
        DurableFile.WriteFolder(dataFolder, folder => PreparedDataWriter.Write(folder, raw, new SplitOptions(SplitKind.User)));
        CommandRun.Succeeding("reason", dataFolder, "--model", "embedded", "--history", "2", "--max-new-tokens", "1", "--out", store, "--json");
    }

    /// <summary>A store that calls itself past-only.</summary>
    /// <param name="made">The protocol by which its prompts are really made.</param>
    public static string Store(string path, string dataFolder, KnowledgeProtocol made = KnowledgeProtocol.PastOnly)
    {
        var data = InteractionDataset.Open(dataFolder);
        var builder = new PromptBuilder(data, PromptTemplate.BuiltIn);
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        var fingerprint = new KnowledgeFingerprint
        {
            Source = "tiny",
            WeightsHash = "",
            TokenizerHash = "",
            TemplateHash = PromptTemplate.BuiltIn.Hash,
            ChatFormat = "none",
            Decoding = "greedy",
            States = ["state"],
            Norm = KnowledgeNorm.Post,
            UserWidth = 2,
            ScenarioWidth = 3,
            HistoryLength = History,
            Protocol = KnowledgeProtocol.PastOnly,
        };
        using var store = KnowledgeStore.OpenForWriting(path, fingerprint, data.Description.InteractionsHash);
        store.Append([.. Enumerable.Range(0, SmallMovieLens.Scenarios.Length).Select(s => new KnowledgeRecord
        {
            Key = KnowledgeKey.ForScenario(SmallMovieLens.Scenarios[s]),
            AsOfRank = data.Interactions.Count,
            AsOfTime = data.Interactions.Time[^1],
            Basis = data.Description.TrainingPartHash,
            PromptHash = builder.ForScenario(s).Hash,
            Text = $"about {SmallMovieLens.Scenarios[s]}",
            Vectors = [[s, s * s, 1 - s]],
        })]);
        store.Append([.. Enumerable.Range(0, timeline.Users).SelectMany(user => SnapshotPlan.RanksFor(data, timeline, made, user).Select(rank => new KnowledgeRecord
        {
            Key = KnowledgeKey.ForUser(data.Encoder.Users.Keys[user]),
            AsOfRank = rank,
            AsOfTime = data.Interactions.Time[rank - 1],
            PromptHash = builder.ForUser(UserHistory.Of(data.Interactions, timeline, user, rank, SmallMovieLens.Scenarios.Length, History)).Hash,
            Text = $"about user {data.Encoder.Users.Keys[user]} as of {rank}",
            Vectors = [[rank % 7, 50 + rank % 100]],
        }))]);
        return path;
    }
}
