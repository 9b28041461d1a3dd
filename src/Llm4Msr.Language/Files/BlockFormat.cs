namespace Llm4Msr.Language.Files;

/// <summary>Writes the numbers that <paramref name="blocks"/> stand for.</summary>
internal delegate void Dequantise(ReadOnlySpan<byte> blocks, Span<float> numbers);

/// <summary>How a tensor's numbers lie in a GGUF file: in blocks of so many numbers, so many bytes each.</summary>
/// <param name="Id">The number that stands for the format in the file.</param>
internal sealed record BlockFormat(uint Id, string Name, int Numbers, int Bytes, Dequantise Dequantise)
{
    public static readonly BlockFormat F32 = new(0, "F32", 1, 4, PlainNumbers.F32);

    public static readonly BlockFormat F16 = new(1, "F16", 1, 2, PlainNumbers.F16);

    public static readonly BlockFormat BF16 = new(30, "BF16", 1, 2, PlainNumbers.BF16);

    private static readonly BlockFormat[] s_known =
    [
        F32,
        F16,
        new(2, "Q4_0", 32, 18, SmallBlocks.Q40),
        new(3, "Q4_1", 32, 20, SmallBlocks.Q41),
        new(6, "Q5_0", 32, 22, SmallBlocks.Q50),
        new(7, "Q5_1", 32, 24, SmallBlocks.Q51),
        new(8, "Q8_0", 32, 34, SmallBlocks.Q80),
        new(10, "Q2_K", 256, 84, SuperBlocks.Q2K),
        new(11, "Q3_K", 256, 110, SuperBlocks.Q3K),
        new(12, "Q4_K", 256, 144, SuperBlocks.Q4K),
        new(13, "Q5_K", 256, 176, SuperBlocks.Q5K),
        new(14, "Q6_K", 256, 210, SuperBlocks.Q6K),
        BF16,
    ];

    /// <summary>The formats that can be read, for messages.</summary>
    public static string Readable { get; } = string.Join(", ", s_known.Select(f => f.Name));

    public static BlockFormat? ById(uint id) => Array.Find(s_known, f => f.Id == id);
}
