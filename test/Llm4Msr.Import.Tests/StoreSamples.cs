using CsCheck;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Tests;

/// <summary>What a store was made of.</summary>
internal sealed record StoreSample(KnowledgeFingerprint Fingerprint, IReadOnlyList<KnowledgeRecord> Records)
{
    public static readonly string InteractionsHash = FileHash.Of("interactions");

    /// <summary>Stores with several snapshots, texts in any script, either precision, one or two levels, names that are also columns' names.</summary>
    public static Gen<StoreSample> Any { get; } =
        from half in Gen.Bool
        from widths in Gen.OneOf((3, 0), (0, 2), (5, 2), (1, 40))
        from states in Gen.OneOf<string[]>(Gen.Const<string[]>(["text"]), Gen.Const<string[]>(["last", "mean-layer12", "id"]))
        from records in Record(half, widths, states.Length).Array[0, 12]
        select new StoreSample(Fingerprinted(half ? KnowledgePrecision.Fp16 : KnowledgePrecision.Fp32, widths.Item1, widths.Item2, states), [.. records.DistinctBy(r => (r.Key, r.AsOfRank))]);

    /// <summary>One that is always the same: a scenario and six users in fp16.</summary>
    public static StoreSample One { get; } = MakeOne();

    public void Write(string path)
    {
        using var store = KnowledgeStore.OpenForWriting(path, Fingerprint, InteractionsHash);
        store.Append(Records);
    }

    private static StoreSample MakeOne()
    {
        var random = new Random(5);
        return new StoreSample(
            Fingerprinted(KnowledgePrecision.Fp16, userWidth: 8, scenarioWidth: 4, "last", "mean"),
            [Record(KnowledgeKey.ForScenario("search"), 9, "Everybody searches.", [Vector(4), Vector(4)]), .. Enumerable.Range(1, 6).Select(user => Record(KnowledgeKey.ForUser($"{user}"), user, $"User {user} likes jazz.", [Vector(8), Vector(8)]))]);

        float[] Vector(int width) => [.. Enumerable.Range(0, width).Select(_ => (float)(Half)random.NextSingle())];
    }

    private static KnowledgeFingerprint Fingerprinted(KnowledgePrecision precision, int userWidth, int scenarioWidth, params string[] states) => new()
    {
        Source = "model \"é\" 模型",
        WeightsHash = "",
        TokenizerHash = FileHash.Of("tokenizer"),
        TemplateHash = "",
        ChatFormat = "none",
        Decoding = "greedy, 3 new tokens",
        States = states,
        Norm = KnowledgeNorm.Pre,
        UserWidth = userWidth,
        ScenarioWidth = scenarioWidth,
        HistoryLength = 15,
        Protocol = KnowledgeProtocol.PastOnly,
        Precision = precision,
    };

    private static KnowledgeRecord Record(KnowledgeKey key, int rank, string text, float[][] vectors) => new()
    {
        Key = key,
        AsOfRank = rank,
        AsOfTime = -5 + rank * 1_000_000_000_000,
        Basis = key.Level == KnowledgeLevel.User ? "" : FileHash.Of("basis"),
        PromptHash = FileHash.Of($"{key} {rank}"),
        Text = text,
        PromptTokens = rank,
        NewTokens = 48,
        CutItems = 2,
        Vectors = vectors,
    };

    private static Gen<KnowledgeRecord> Record(bool half, (int User, int Scenario) widths, int states) =>
        from isUser in widths.User == 0 ? Gen.Const(false) : widths.Scenario == 0 ? Gen.Const(true) : Gen.Bool
        from id in Gen.OneOf("7", "0007", "ключ", "a\tb \"c\"", "用户", "x,y", "👩‍👩‍👧")
        from rank in Gen.Int[0, 4]
        from text in Gen.OneOf(Gen.OneOf("", "\n", "a\r\nb\0c\u2028d\\", "Привет, 世界 👋🏽", " \u00a0 trailing "), Gen.String[Gen.Char['\u0001', '\u07ff'], 0, 50])
        from vectors in Vector(half, isUser ? widths.User : widths.Scenario).Array[states]
        select Record(isUser ? KnowledgeKey.ForUser(id) : KnowledgeKey.ForScenario(id), rank, text, vectors);

    private static Gen<float[]> Vector(bool half, int width) =>
        Gen.OneOf(Gen.Float[-60_000, 60_000], Gen.Float[-1, 1], Gen.OneOf(0f, -0f, 6e-8f, 1e-40f, 65504f, 0.1f)).Array[width]
            .Select(v => half ? [.. v.Select(x => (float)(Half)x)] : v).Where(v => v.Length == 1 || v.Distinct().Count() > 1);
}
