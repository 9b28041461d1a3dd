using System.Runtime.InteropServices;

namespace Llm4Msr.Language.Files;

/// <summary>Numbers that are stored one by one, little-endian.</summary>
internal static class PlainNumbers
{
    public static void F32(ReadOnlySpan<byte> bytes, Span<float> numbers) => MemoryMarshal.Cast<byte, float>(bytes).CopyTo(numbers);

    public static void F16(ReadOnlySpan<byte> bytes, Span<float> numbers)
    {
        var halves = MemoryMarshal.Cast<byte, Half>(bytes);
        for (var i = 0; i < halves.Length; i++)
            numbers[i] = (float)halves[i];
    }

    /// <summary>The upper half of an fp32 number.</summary>
    public static void BF16(ReadOnlySpan<byte> bytes, Span<float> numbers)
    {
        var uppers = MemoryMarshal.Cast<byte, ushort>(bytes);
        for (var i = 0; i < uppers.Length; i++)
            numbers[i] = BitConverter.UInt32BitsToSingle((uint)uppers[i] << 16);
    }
}
