using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Microsoft.Data.Sqlite;

namespace Llm4Msr.Tests.Knowledge;

/// <summary>Small knowledge that is the same for the same numbers.</summary>
internal static class Samples
{
    public const string Interactions = "interactions-1";
    public const string Basis = "basis-1";

    public static KnowledgeFingerprint Fingerprint { get; } = new()
    {
        Source = "tiny",
        WeightsHash = FileHash.Of("weights"),
        TokenizerHash = FileHash.Of("tokenizer"),
        TemplateHash = FileHash.Of("template"),
        ChatFormat = "none",
        Decoding = "greedy, 48 new tokens",
        States = ["state_that_produced_last", "last_prompt_token"],
        Norm = KnowledgeNorm.Post,
        UserWidth = 8,
        ScenarioWidth = 5,
        HistoryLength = 15,
        Protocol = KnowledgeProtocol.PastOnly,
    };

    /// <summary>Of records that fill pages of their own in the store's file.</summary>
    public static KnowledgeFingerprint WideFingerprint { get; } = Fingerprint with { UserWidth = 1100 };

    public static string State => Fingerprint.States[0];

    public static KnowledgeRecord User(string id, long asOfRank, KnowledgeFingerprint? fingerprint = null, string? prompt = null) =>
        Record(KnowledgeKey.ForUser(id), asOfRank, "", fingerprint ?? Fingerprint, prompt);

    public static KnowledgeRecord Scenario(string id, long asOfRank = 100, string basis = Basis, KnowledgeFingerprint? fingerprint = null) =>
        Record(KnowledgeKey.ForScenario(id), asOfRank, basis, fingerprint ?? Fingerprint, prompt: null);

    /// <summary>A store of the records, appended in batches of some.</summary>
    public static void Write(string path, IEnumerable<KnowledgeRecord> records, KnowledgeFingerprint? fingerprint = null, int batch = 7)
    {
        using var store = KnowledgeStore.OpenForWriting(path, fingerprint ?? Fingerprint, Interactions);
        foreach (var some in records.Chunk(batch))
            store.Append(some);
    }

    public static List<KnowledgeRecord> Read(string path)
    {
        using var store = KnowledgeStore.OpenForReading(path);
        return [.. store.Records()];
    }

    /// <summary>Two snapshots of each user, then the scenarios.</summary>
    public static List<KnowledgeRecord> Many(int users, KnowledgeFingerprint? fingerprint = null) =>
    [
        .. Enumerable.Range(0, users).Select(u => User($"{u}", 10 + u, fingerprint)),
        .. Enumerable.Range(0, users).Select(u => User($"{u}", 1000 + u, fingerprint)),
        .. Enumerable.Range(0, 3).Select(s => Scenario($"s{s}", fingerprint: fingerprint)),
    ];

    /// <summary>
    /// A store's file and journal in the middle of a transaction that has begun to reach the file: what a killed writer
    /// leaves behind. SQLite rolls it back at the next opening.
    /// </summary>
    public static (byte[] File, byte[] Journal) InterruptedWrite(string path)
    {
        var before = File.ReadAllBytes(path);
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        new SqliteCommand("PRAGMA journal_mode=TRUNCATE; PRAGMA cache_size=1; BEGIN IMMEDIATE; UPDATE knowledge SET text = hex(randomblob(100))", connection).ExecuteNonQuery();
        var (file, journal) = (Copied(path), Copied(path + "-journal"));
        Assert.NotEqual(before, file); // or there would be nothing to roll back
        return (file, journal);

        static byte[] Copied(string path)
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }

    public static void AssertSame(IEnumerable<KnowledgeRecord> expected, IEnumerable<KnowledgeRecord> found) =>
        Assert.Equal(expected.Select(Spelled), found.Select(Spelled));

    /// <summary>A record in words, its vectors to the last bit.</summary>
    public static string Spelled(KnowledgeRecord r) =>
        $"{r.Key} {r.AsOfRank} {r.AsOfTime} {r.Basis} {r.PromptHash} '{r.Text}' {r.PromptTokens} {r.NewTokens} {r.CutItems} "
        + string.Join(" | ", r.Vectors.Select(v => string.Join(' ', v.Select(x => BitConverter.SingleToInt32Bits(x)))));

    private static KnowledgeRecord Record(KnowledgeKey key, long asOfRank, string basis, KnowledgeFingerprint fingerprint, string? prompt)
    {
        var hash = FileHash.Of(prompt ?? $"{key} as of {asOfRank} {basis}");
        var random = new Random(Convert.ToInt32(hash[..7], 16));
        return new KnowledgeRecord
        {
            Key = key,
            AsOfRank = asOfRank,
            AsOfTime = 880_000_000 + asOfRank,
            Basis = basis,
            PromptHash = hash,
            Text = $"The {key} likes number {random.Next()}.",
            PromptTokens = random.Next(500),
            NewTokens = random.Next(48),
            CutItems = random.Next(2),
            // Halves are exact in fp16, so what is read equals what was written.
            Vectors = [.. fingerprint.States.Select(_ => Enumerable.Range(0, fingerprint.WidthOf(key.Level)).Select(_ => (float)(Half)(4 * random.NextDouble() - 2)).ToArray())],
        };
    }
}
