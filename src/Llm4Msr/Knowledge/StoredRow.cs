using System.Globalization;
using System.Text;
using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>One row of the store's file: a record whose vectors are still bytes.</summary>
/// <param name="Sequence">Rises with every row appended; of two facts the newer one has the higher.</param>
/// <param name="Header">The record without its vectors.</param>
/// <param name="Vectors">One per state of the fingerprint.</param>
internal sealed record StoredRow(long Sequence, KnowledgeRecord Header, byte[][] Vectors)
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static StoredRow Of(long sequence, KnowledgeRecord record, KnowledgePrecision precision) => new(
        sequence, record with { Vectors = [] }, [.. record.Vectors.Select(v => StoredVector.Encode(v, precision))]);

    public KnowledgeRecord ToRecord(KnowledgePrecision precision) => Header with { Vectors = [.. Vectors.Select(v => Decode(v, precision))] };

    /// <summary>
    /// The record in one fixed spelling, without the sequence: a store that was interrupted and resumed holds the same
    /// records, but may have appended them in another order.
    /// </summary>
    public byte[] CanonicalBytes { get; } = Canonical(Header, Vectors);

    /// <summary>The checksum over every other column and over the fingerprint, so that a row of another store does not pass.</summary>
    public uint Checksum(string fingerprintHash)
    {
        var crc = new Crc32C();
        crc.Append(Encoding.ASCII.GetBytes(fingerprintHash));
        crc.Append(Encoding.ASCII.GetBytes(Sequence.ToString(CultureInfo.InvariantCulture)));
        crc.Append(CanonicalBytes);
        return crc.Value;
    }

    public bool HasWidthsOf(KnowledgeFingerprint fingerprint) =>
        Array.TrueForAll(Vectors, v => v.Length == fingerprint.WidthOf(Header.Key.Level) * StoredVector.BytesPerValue(fingerprint.Precision));

    private static byte[] Canonical(KnowledgeRecord header, byte[][] vectors)
    {
        using var stream = new MemoryStream(512 + vectors.Sum(v => v.Length));
        using (var writer = new BinaryWriter(stream, s_utf8))
        {
            writer.Write((byte)header.Key.Level);
            writer.Write(header.Key.Id);
            writer.Write(header.AsOfRank);
            writer.Write(header.AsOfTime);
            writer.Write(header.Basis);
            writer.Write(header.PromptHash);
            writer.Write(header.Text);
            writer.Write(header.PromptTokens);
            writer.Write(header.NewTokens);
            writer.Write(header.CutItems);
            foreach (var vector in vectors)
            {
                writer.Write(vector.Length);
                writer.Write(vector);
            }
        }
        return stream.ToArray();
    }

    private static float[] Decode(byte[] bytes, KnowledgePrecision precision)
    {
        var vector = new float[bytes.Length / StoredVector.BytesPerValue(precision)];
        StoredVector.Decode(bytes, precision, vector);
        return vector;
    }
}
