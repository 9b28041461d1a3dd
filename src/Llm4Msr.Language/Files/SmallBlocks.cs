using System.Buffers.Binary;

namespace Llm4Msr.Language.Files;

/// <summary>
/// Blocks of 32 numbers with a scale, and in the formats "_1" a minimum, in half precision. Of numbers of 4 bits the first
/// half of a block lies in the low halves of the bytes, the second in the high halves; a fifth bit lies apart.
/// </summary>
/// <remarks>Products and sums in fp32 in the order of the reference reader, so that every number is the same to the bit.</remarks>
internal static class SmallBlocks
{
    public static void Q40(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[18..], numbers = numbers[32..])
        {
            var scale = Half(blocks);
            var packed = blocks.Slice(2, 16);
            for (var i = 0; i < 16; i++)
            {
                numbers[i] = scale * ((packed[i] & 0xF) - 8);
                numbers[i + 16] = scale * ((packed[i] >> 4) - 8);
            }
        }
    }

    public static void Q41(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[20..], numbers = numbers[32..])
        {
            var (scale, minimum) = (Half(blocks), Half(blocks[2..]));
            var packed = blocks.Slice(4, 16);
            for (var i = 0; i < 16; i++)
            {
                numbers[i] = scale * (packed[i] & 0xF) + minimum;
                numbers[i + 16] = scale * (packed[i] >> 4) + minimum;
            }
        }
    }

    public static void Q50(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[22..], numbers = numbers[32..])
        {
            var scale = Half(blocks);
            var fifth = BinaryPrimitives.ReadUInt32LittleEndian(blocks[2..]);
            var packed = blocks.Slice(6, 16);
            for (var i = 0; i < 16; i++)
            {
                numbers[i] = scale * ((int)((packed[i] & 0xFu) | Bit(fifth, i)) - 16);
                numbers[i + 16] = scale * ((int)((uint)packed[i] >> 4 | Bit(fifth, i + 16)) - 16);
            }
        }
    }

    public static void Q51(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[24..], numbers = numbers[32..])
        {
            var (scale, minimum) = (Half(blocks), Half(blocks[2..]));
            var fifth = BinaryPrimitives.ReadUInt32LittleEndian(blocks[4..]);
            var packed = blocks.Slice(8, 16);
            for (var i = 0; i < 16; i++)
            {
                numbers[i] = scale * ((packed[i] & 0xFu) | Bit(fifth, i)) + minimum;
                numbers[i + 16] = scale * ((uint)packed[i] >> 4 | Bit(fifth, i + 16)) + minimum;
            }
        }
    }

    /// <summary>A scale, then 32 signed bytes.</summary>
    public static void Q80(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[34..], numbers = numbers[32..])
        {
            var scale = Half(blocks);
            for (var i = 0; i < 32; i++)
                numbers[i] = scale * (sbyte)blocks[2 + i];
        }
    }

    private static float Half(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);

    private static uint Bit(uint bits, int i) => (bits >> i & 1) << 4;
}
