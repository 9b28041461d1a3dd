using System.Buffers.Binary;

namespace Llm4Msr.Language.Files;

/// <summary>
/// Blocks of 256 numbers (the "K" formats): groups of 16 or 32 numbers have small whole scales, which a scale of the block
/// in half precision multiplies.
/// </summary>
/// <remarks>Products and sums in fp32 in the order of the reference reader, so that every number is the same to the bit.</remarks>
internal static class SuperBlocks
{
    private const int Numbers = 256;

    /// <summary>16 scales and minima of 4 bits, 64 bytes of 2-bit numbers, scale, minimum.</summary>
    public static void Q2K(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[84..], numbers = numbers[Numbers..])
        {
            var scales = blocks[..16];
            var packed = blocks.Slice(16, 64);
            var (scale, minimum) = (Half(blocks[80..]), Half(blocks[82..]));
            for (var group = 0; group < 16; group++)
            {
                var groupScale = scale * (scales[group] & 0xF);
                var groupMinimum = minimum * (scales[group] >> 4);
                for (var i = group * 16; i < group * 16 + 16; i++)
                    numbers[i] = groupScale * TwoBits(packed, i) - groupMinimum;
            }
        }
    }

    /// <summary>Third bits, 64 bytes of 2-bit numbers, 16 scales of 6 bits in 12 bytes, scale.</summary>
    public static void Q3K(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[110..], numbers = numbers[Numbers..])
        {
            var third = blocks[..32];
            var packed = blocks.Slice(32, 64);
            var scales = blocks.Slice(96, 12);
            var scale = Half(blocks[108..]);
            for (var group = 0; group < 16; group++)
            {
                var low = group < 8 ? scales[group] & 0xF : scales[group - 8] >> 4;
                var high = scales[8 + group % 4] >> 2 * (group / 4) & 3;
                var groupScale = scale * ((low | high << 4) - 32);
                for (var i = group * 16; i < group * 16 + 16; i++)
                    numbers[i] = groupScale * (TwoBits(packed, i) - (1 - (third[i % 32] >> i / 32 & 1)) * 4);
            }
        }
    }

    /// <summary>Scale, minimum, 8 scales and minima of 6 bits in 12 bytes, 128 bytes of 4-bit numbers.</summary>
    public static void Q4K(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[144..], numbers = numbers[Numbers..])
        {
            var packed = blocks.Slice(16, 128);
            for (var group = 0; group < 8; group++)
            {
                var (scale, minimum) = OfGroup(blocks, group);
                for (var i = group * 32; i < group * 32 + 32; i++)
                    numbers[i] = scale * FourBits(packed, i, 32) - minimum;
            }
        }
    }

    /// <summary>As Q4_K, with 32 bytes of fifth bits before the numbers.</summary>
    public static void Q5K(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[176..], numbers = numbers[Numbers..])
        {
            var fifth = blocks.Slice(16, 32);
            var packed = blocks.Slice(48, 128);
            for (var group = 0; group < 8; group++)
            {
                var (scale, minimum) = OfGroup(blocks, group);
                for (var i = group * 32; i < group * 32 + 32; i++)
                    numbers[i] = scale * (FourBits(packed, i, 32) | (fifth[i % 32] >> group & 1) << 4) - minimum;
            }
        }
    }

    /// <summary>128 bytes of 4-bit numbers, 64 bytes with two more bits of each, 16 signed scales of 8 bits, scale.</summary>
    public static void Q6K(ReadOnlySpan<byte> blocks, Span<float> numbers)
    {
        for (; blocks.Length > 0; blocks = blocks[210..], numbers = numbers[Numbers..])
        {
            var low = blocks[..128];
            var high = blocks.Slice(128, 64);
            var scales = blocks.Slice(192, 16);
            var scale = Half(blocks[208..]);
            for (var group = 0; group < 16; group++)
            {
                var groupScale = scale * (sbyte)scales[group];
                for (var i = group * 16; i < group * 16 + 16; i++)
                    numbers[i] = groupScale * ((FourBits(low, i, 64) | TwoBits(high, i) << 4) - 32);
            }
        }
    }

    /// <summary>The scale and minimum of one of the eight groups of Q4_K and Q5_K.</summary>
    private static (float Scale, float Minimum) OfGroup(ReadOnlySpan<byte> block, int group)
    {
        var packed = block.Slice(4, 12);
        int scale, minimum;
        if (group < 4)
        {
            scale = packed[group] & 0x3F;
            minimum = packed[group + 4] & 0x3F;
        }
        else
        {
            scale = packed[group + 4] & 0xF | packed[group - 4] >> 2 & 0x30;
            minimum = packed[group + 4] >> 4 | packed[group] >> 2 & 0x30;
        }
        return (Half(block) * scale, Half(block[2..]) * minimum);
    }

    /// <summary>Number i of those that lie four to a byte, 128 numbers in each 32 bytes.</summary>
    private static int TwoBits(ReadOnlySpan<byte> packed, int i) => packed[i / 128 * 32 + i % 32] >> 2 * (i / 32 % 4) & 3;

    /// <summary>Number i of those that lie two to a byte, first <paramref name="run"/> low halves, then as many high ones.</summary>
    private static int FourBits(ReadOnlySpan<byte> packed, int i, int run) => packed[i / (2 * run) * run + i % run] >> 4 * (i / run % 2) & 0xF;

    private static float Half(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);
}
