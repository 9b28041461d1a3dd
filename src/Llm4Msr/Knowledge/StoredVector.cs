using System.Buffers.Binary;

namespace Llm4Msr.Knowledge;

/// <summary>A vector as bytes: little-endian fp16 or fp32.</summary>
public static class StoredVector
{
    public static int BytesPerValue(KnowledgePrecision precision) => precision == KnowledgePrecision.Fp16 ? 2 : 4;

    /// <summary>What remains of <paramref name="value"/> when it is stored.</summary>
    public static float Rounded(float value, KnowledgePrecision precision) => precision == KnowledgePrecision.Fp16 ? (float)(Half)value : value;

    /// <param name="vector">[H].</param>
    /// <returns>H times <see cref="BytesPerValue"/> bytes; what is too large for fp16 becomes infinite.</returns>
    public static byte[] Encode(ReadOnlySpan<float> vector, KnowledgePrecision precision)
    {
        var bytes = new byte[vector.Length * BytesPerValue(precision)];
        Encode(vector, precision, bytes);
        return bytes;
    }

    /// <param name="vector">[H].</param>
    /// <param name="into">As many bytes as that takes, no more and no fewer.</param>
    public static void Encode(ReadOnlySpan<float> vector, KnowledgePrecision precision, Span<byte> into)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(into.Length, vector.Length * BytesPerValue(precision));
        for (var i = 0; i < vector.Length; i++)
        {
            if (precision == KnowledgePrecision.Fp16)
                BinaryPrimitives.WriteHalfLittleEndian(into[(2 * i)..], (Half)vector[i]);
            else
                BinaryPrimitives.WriteSingleLittleEndian(into[(4 * i)..], vector[i]);
        }
    }

    /// <param name="bytes">Of one vector.</param>
    /// <param name="into">[H], as many as the bytes hold.</param>
    public static void Decode(ReadOnlySpan<byte> bytes, KnowledgePrecision precision, Span<float> into)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, into.Length * BytesPerValue(precision));
        for (var i = 0; i < into.Length; i++)
        {
            into[i] = precision == KnowledgePrecision.Fp16
                ? (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..])
                : BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
        }
    }
}
