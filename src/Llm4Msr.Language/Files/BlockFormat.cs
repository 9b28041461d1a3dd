using TorchSharp;

namespace Llm4Msr.Language.Files;

/// <summary>Writes the numbers that <paramref name="blocks"/> stand for.</summary>
internal delegate void Dequantise(ReadOnlySpan<byte> blocks, Span<float> numbers);

/// <summary>How a tensor's numbers lie in a GGUF file: in blocks of so many numbers, so many bytes each.</summary>
/// <param name="Id">The number that stands for the format in the file.</param>
/// <param name="Plain">What torch calls numbers that are stored one by one.</param>
/// <param name="Dequantise">For all others.</param>
internal sealed record BlockFormat(uint Id, string Name, int Numbers, int Bytes, torch.ScalarType? Plain, Dequantise? Dequantise)
{
    private static readonly BlockFormat[] s_known =
    [
        new(0, "F32", 1, 4, torch.ScalarType.Float32, null),
        new(1, "F16", 1, 2, torch.ScalarType.Float16, null),
        new(2, "Q4_0", 32, 18, null, SmallBlocks.Q40),
        new(3, "Q4_1", 32, 20, null, SmallBlocks.Q41),
        new(6, "Q5_0", 32, 22, null, SmallBlocks.Q50),
        new(7, "Q5_1", 32, 24, null, SmallBlocks.Q51),
        new(8, "Q8_0", 32, 34, null, SmallBlocks.Q80),
        new(10, "Q2_K", 256, 84, null, SuperBlocks.Q2K),
        new(11, "Q3_K", 256, 110, null, SuperBlocks.Q3K),
        new(12, "Q4_K", 256, 144, null, SuperBlocks.Q4K),
        new(13, "Q5_K", 256, 176, null, SuperBlocks.Q5K),
        new(14, "Q6_K", 256, 210, null, SuperBlocks.Q6K),
        new(30, "BF16", 1, 2, torch.ScalarType.BFloat16, null),
    ];

    /// <summary>The formats that can be read, for messages.</summary>
    public static string Readable { get; } = string.Join(", ", s_known.Select(f => f.Name));

    public static BlockFormat? ById(uint id) => Array.Find(s_known, f => f.Id == id);
}
