using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Reasoning.Tests;

public sealed class StoredWorkTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void WorkIsWhatWasReadAndTwiceWhatWasGeneratedForTheUsersThatCount()
    {
        var fingerprint = KnowledgeReasoner.FingerprintOf(new FakeLanguageModel(), new ReasoningOptions()) with { States = ["one"], UserWidth = 1, ScenarioWidth = 1 };
        using (var writing = KnowledgeStore.OpenForWriting(_scratch["work.db"], fingerprint, "interactions"))
        {
            writing.Append(
            [
                Record(KnowledgeKey.ForUser("a"), 1, "", prompt: 100, generated: 10), Record(KnowledgeKey.ForUser("a"), 2, "", prompt: 200, generated: 10),
                Record(KnowledgeKey.ForUser("b"), 1, "", prompt: 1000, generated: 0),
                Record(KnowledgeKey.ForScenario("s"), 1, "ours", prompt: 7, generated: 1), Record(KnowledgeKey.ForScenario("s"), 1, "another split", prompt: 5000, generated: 1),
            ]);
        }
        using var store = KnowledgeStore.OpenForReading(_scratch["work.db"]);

        Assert.Equal(
            [new StoredWork(0, 1, 8, 9), new StoredWork(1, 3, 328, 349), new StoredWork(2, 4, 1328, 1349)],
            StoredWork.Of(store, "ours", [new HashSet<string>(), new HashSet<string> { "a" }, null]));
    }

    private static KnowledgeRecord Record(KnowledgeKey key, long rank, string basis, int prompt, int generated) => new()
    {
        Key = key,
        AsOfRank = rank,
        AsOfTime = rank,
        Basis = basis,
        PromptHash = FileHash.Of($"{key} {rank} {basis}"),
        Text = "",
        PromptTokens = prompt,
        NewTokens = generated,
        Vectors = [[1]],
    };
}
