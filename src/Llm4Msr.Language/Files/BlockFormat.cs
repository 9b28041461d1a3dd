using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Llm4Msr.Language.Files;

/// <summary>Writes the numbers that <paramref name="blocks"/> stand for.</summary>
internal delegate void Dequantise(ReadOnlySpan<byte> blocks, Span<float> numbers);

/// <summary>How a tensor's numbers lie in a GGUF file: in blocks of so many numbers, so many bytes each.</summary>
/// <param name="Id">The number that stands for the format in the file.</param>
/// <param name="Dequantise">Null where the format is known but not yet read.</param>
internal sealed record BlockFormat(uint Id, string Name, int Numbers, int Bytes, Dequantise? Dequantise = null)
{
    private static readonly BlockFormat[] s_known =
    [
        new(0, "F32", 1, 4, F32),
        new(1, "F16", 1, 2),
        new(2, "Q4_0", 32, 18),
        new(3, "Q4_1", 32, 20, Q41),
        new(6, "Q5_0", 32, 22),
        new(7, "Q5_1", 32, 24),
        new(8, "Q8_0", 32, 34, Q80),
        new(10, "Q2_K", 256, 84),
        new(11, "Q3_K", 256, 110),
        new(12, "Q4_K", 256, 144),
        new(13, "Q5_K", 256, 176),
        new(14, "Q6_K", 256, 210),
        new(30, "BF16", 1, 2),
    ];

    /// <summary>The formats that can be read, for messages.</summary>
    public static string Readable { get; } = string.Join(", ", s_known.Where(f => f.Dequantise is not null).Select(f => f.Name));

    public static BlockFormat? ById(uint id) => Array.Find(s_known, f => f.Id == id);

    private static void F32(ReadOnlySpan<byte> blocks, Span<float> numbers) => MemoryMarshal.Cast<byte, float>(blocks).CopyTo(numbers);

    /// <summary>Scale and minimum in half precision, then 32 numbers of 4 bits: low halves first, high halves after them.</summary>
    private static void Q41(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[20..], numbers = numbers[32..])
        {
            var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks);
            var minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks[2..]);
            var packed = blocks.Slice(4, 16);
            for (var i = 0; i < 16; i++)
            {
                numbers[i] = scale * (packed[i] & 0xF) + minimum;
                numbers[i + 16] = scale * (packed[i] >> 4) + minimum;
            }
        }
    }

    /// <summary>A scale in half precision, then 32 signed bytes.</summary>
    private static void Q80(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[34..], numbers = numbers[32..])
        {
            var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks);
            for (var i = 0; i < 32; i++)
                numbers[i] = scale * (sbyte)blocks[2 + i];
        }
    }
}
