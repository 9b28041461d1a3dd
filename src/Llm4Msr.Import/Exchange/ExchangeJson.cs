using System.Text.Json;
using System.Text.Json.Serialization;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Exchange;

/// <summary>A record as a line of JSON; the vectors are left out where another file holds them.</summary>
/// <param name="Checksum">See <see cref="KnowledgeRecord.Checksum"/>.</param>
internal sealed record ExchangeLine(
    KnowledgeLevel Level, string Id, long AsOfRank, long AsOfTime, string Basis, string PromptHash, int PromptTokens, int NewTokens, int CutItems,
    string Text, uint Checksum, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Dictionary<string, float[]>? Vectors = null)
{
    public static ExchangeLine Of(KnowledgeRecord record, KnowledgeFingerprint fingerprint, bool withVectors) => new(
        record.Key.Level, record.Key.Id, record.AsOfRank, record.AsOfTime, record.Basis, record.PromptHash, record.PromptTokens, record.NewTokens, record.CutItems,
        record.Text, record.Checksum(fingerprint.Precision),
        withVectors ? fingerprint.States.Zip(record.Vectors).ToDictionary(p => p.First, p => p.Second) : null);

    public KnowledgeRecord ToRecord(IReadOnlyList<float[]> vectors) => new()
    {
        Key = new KnowledgeKey(Level, Id),
        AsOfRank = AsOfRank,
        AsOfTime = AsOfTime,
        Basis = Basis,
        PromptHash = PromptHash,
        PromptTokens = PromptTokens,
        NewTokens = NewTokens,
        CutItems = CutItems,
        Text = Text,
        Vectors = vectors,
    };
}

internal static class ExchangeJson
{
    /// <summary>Numbers are written so that they are read to the bit; what is unknown, missing or doubled is an error.</summary>
    public static JsonSerializerOptions Options { get; } = new(StrictJson.Options) { MaxDepth = 8 };
}
