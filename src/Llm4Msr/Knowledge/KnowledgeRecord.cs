using System.Globalization;
using System.Text;
using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>One snapshot: what the language model said about a user or a scenario, made from interactions up to a rank.</summary>
public sealed record KnowledgeRecord
{
    /// <summary>Far above any answer; what is larger is a mistake, and SQLite's own limits lie beyond it.</summary>
    private const int MostBytesOfText = 4 << 20;

    public required KnowledgeKey Key { get; init; }

    /// <summary>Made from interactions of a lower rank; an interaction of rank q may see it where this is at most q.</summary>
    public required long AsOfRank { get; init; }

    /// <summary>
    /// The time in the log up to which the prompt knew interactions, in seconds since 1970 (UTC); never the time of the run.
    /// It lies before the rank's where older knowledge has to do.
    /// </summary>
    public required long AsOfTime { get; init; }

    /// <summary>
    /// For a scenario, the hash of the training part whose statistics its prompt holds: every interaction of that part sees
    /// the one snapshot. "" for a user.
    /// </summary>
    public string Basis { get; init; } = "";

    /// <summary>SHA-256 of the prompt's text.</summary>
    public required string PromptHash { get; init; }

    public required string Text { get; init; }

    public int PromptTokens { get; init; }

    public int NewTokens { get; init; }

    /// <summary>Items left out of the prompt so that it fits.</summary>
    public int CutItems { get; init; }

    /// <summary>One vector per state of the fingerprint, in its order, [H] values each.</summary>
    public required IReadOnlyList<float[]> Vectors { get; init; }

    /// <summary>
    /// Why a store of <paramref name="fingerprint"/> would refuse this record, in one sentence that names the key; null where
    /// it would not. A language model that answers nonsense should cost one record, not the batch.
    /// </summary>
    public string? ProblemUnder(KnowledgeFingerprint fingerprint)
    {
        var what = WhatIsWrong() ?? WhatIsWrongWithVectors(fingerprint);
        return what is null ? null : $"The knowledge of {Key} as of rank {AsOfRank} cannot be stored: {what}.";
    }

    /// <summary>
    /// CRC-32C of the record as a store of <paramref name="precision"/> keeps it: it goes with a record that leaves its store,
    /// so that damage is found in its own row.
    /// </summary>
    public uint Checksum(KnowledgePrecision precision) => Crc32C.Of(StoredRow.Of(sequence: 0, this, precision).CanonicalBytes);

    private string? WhatIsWrong()
    {
        if (string.IsNullOrEmpty(Key.Id) || !IsUnicode(Key.Id) || !IsUnicode(Basis) || !IsUnicode(Text))
            return "its id is empty, or its id, basis or text holds half of a character";
        if (Key.Level == KnowledgeLevel.User != (Basis.Length == 0))
            return $"its basis is '{Basis}', but a user has none and a scenario needs the hash of its training part";
        if (AsOfRank < 0 || PromptTokens < 0 || NewTokens < 0 || CutItems < 0)
            return $"its rank is {AsOfRank}, its tokens {PromptTokens} and {NewTokens}, its cut items {CutItems}; none may be negative";
        if (!Hash256.TryParse(PromptHash, out _))
            return $"its prompt hash is '{PromptHash}', expected 64 lowercase hexadecimal digits";
        if (Encoding.UTF8.GetByteCount(Text) > MostBytesOfText)
            return $"its text has {Text.Length} characters, more than {MostBytesOfText} bytes";
        return null;
    }

    private string? WhatIsWrongWithVectors(KnowledgeFingerprint fingerprint)
    {
        if (Vectors.Count != fingerprint.States.Count)
            return $"it has {Vectors.Count} vectors, but the store keeps {fingerprint.States.Count} states ({string.Join(", ", fingerprint.States)})";
        var width = fingerprint.WidthOf(Key.Level);
        if (width == 0)
            return "the store keeps no knowledge of this level";
        for (var s = 0; s < Vectors.Count; s++)
        {
            var vector = Vectors[s];
            var what = vector.Length != width ? $"has {vector.Length} values, expected {width}" : WhatIsWrongWith(vector, fingerprint.Precision);
            if (what is not null)
                return $"its vector '{fingerprint.States[s]}' {what}";
        }
        return null;
    }

    private static string? WhatIsWrongWith(float[] vector, KnowledgePrecision precision)
    {
        var unfit = Array.FindIndex(vector, v => !float.IsFinite(v));
        if (unfit >= 0)
            return string.Create(CultureInfo.InvariantCulture, $"holds {vector[unfit]} at position {unfit}");
        unfit = Array.FindIndex(vector, v => !float.IsFinite(StoredVector.Rounded(v, precision)));
        if (unfit >= 0)
            return string.Create(CultureInfo.InvariantCulture, $"holds {vector[unfit]} at position {unfit}, too large for fp16; keep this knowledge as fp32");
        if (vector.Length > 1 && Array.TrueForAll(vector, v => StoredVector.Rounded(v, precision) == StoredVector.Rounded(vector[0], precision)))
            return string.Create(CultureInfo.InvariantCulture, $"is {StoredVector.Rounded(vector[0], precision)} at every position");
        return null;
    }

    private static bool IsUnicode(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[++i]))
                return false;
        }
        return true;
    }
}
