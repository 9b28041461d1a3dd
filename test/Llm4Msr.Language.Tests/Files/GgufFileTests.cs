using System.Diagnostics;
using Llm4Msr.Language.Files;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using TorchSharp;

namespace Llm4Msr.Language.Tests.Files;

public class GgufFileTests
{
    private static readonly string s_quants = TestFiles.Golden("gguf_quants", "quants.gguf");

    private static readonly Dictionary<string, Floats> s_numbers = Golden.Read<Dictionary<string, Floats>>("gguf_quants", "quants.json");

    public static TheoryData<string> Formats => [.. s_numbers.Keys];

    [Fact]
    public void EveryFormatHasReferenceNumbers() =>
        Assert.Equal(BlockFormat.Readable.Split(", ").Order(), s_numbers.Keys.Select(name => name.ToUpperInvariant()).Order());

    [Theory, MemberData(nameof(Formats))]
    public void BlocksStandForTheNumbersOfTheReferenceReader(string name)
    {
        var expected = s_numbers[name];
        using var file = GgufFile.Open(s_quants);

        using var scope = torch.NewDisposeScope();
        var tensor = file.Read(name).Widen();

        Assert.Equal(expected.Shape, tensor.shape);
        Assert.Equal(expected.Values, tensor.data<float>().ToArray());
    }

    [Fact]
    public void ATensorOfManyMegabytesIsReadInPartsThatFitTogether()
    {
        // 1.5 MB of Q8_0: every block has scale 1 and its own number in each place.
        const int Blocks = 45_000;
        var data = new byte[Blocks * 34];
        for (var b = 0; b < Blocks; b++)
        {
            BitConverter.TryWriteBytes(data.AsSpan(b * 34), (Half)1);
            data.AsSpan(b * 34 + 2, 32).Fill((byte)(b % 128));
        }
        using var scratch = new ScratchFolder();
        File.WriteAllBytes(scratch["big.gguf"], new GgufWriter().Add("t", [32, Blocks], 8, data).ToBytes());
        using var file = GgufFile.Open(scratch["big.gguf"]);

        using var scope = torch.NewDisposeScope();
        var tensor = file.Read("t").Widen();

        var numbers = tensor.data<float>().ToArray();
        Assert.All(Enumerable.Range(0, Blocks * 32), i => Assert.Equal(i / 32 % 128, numbers[i]));
    }

    [Fact]
    public void AFileThatIsNotThereIsNamed()
    {
        var error = Assert.Throws<Llm4MsrException>(() => GgufFile.Open("no/such.gguf"));

        Assert.Equal((FaultKind.BadInput, "There is no file 'no/such.gguf'."), (error.Kind, error.Message));
    }

    public static TheoryData<string, string> Absurd => new()
    {
        { "not GGUF", "is not a GGUF file: it does not start with 'GGUF'." },
        { "version 1", "is GGUF version 1; versions 2 and 3 are read, little-endian." },
        { "big-endian", "is GGUF version 50331648; versions 2 and 3 are read, little-endian." },
        { "2^63 tensors", "it claims 9223372036854775808 tensors at byte 8; at most 100000 are read, and " },
        { "90000 tensors", "it claims 90000 tensors at byte 8; at most 100000 are read, and " },
        { "2^40 settings", "it claims 1099511627776 settings at byte 16; at most 100000 are read, and " },
        { "text of 2^60 bytes", "it claims 1152921504606846976 bytes of the text of 'k' at byte " },
        { "key of 2 MB", "it claims 2097152 bytes of a key at byte 24; at most 1048576 are read" },
        { "token of 65 KB", "it claims 66560 bytes of text 0 of 'k' at byte " },
        { "text that is not UTF-8", "the text of 'k' before byte " },
        { "list of 2^40", "it claims 1099511627776 numbers in 'k' at byte " },
        { "list of 4 million in a small file", "it claims 4000000 numbers in 'k' at byte " },
        { "list of lists", "'k' is a list of lists" },
        { "type 13", "'k' has the unknown type 13" },
        { "truth of 2", "'k' holds the byte 2 where true or false belongs" },
        { "key twice", "the key 'k' is there twice" },
        { "no dimension", "tensor 't' has 0 dimensions, expected 1 to 4" },
        { "5 dimensions", "tensor 't' has 5 dimensions, expected 1 to 4" },
        { "dimension of 0", "tensor 't' has a dimension of 0" },
        { "dimension of 2^63", "tensor 't' has a dimension of 9223372036854775808" },
        { "product beyond 64 bits", "tensor 't' cannot have the shape [4294967296, 4294967296, 4294967296] in blocks of F32" },
        { "bytes beyond 64 bits", "tensor 't' cannot have the shape [2147483648, 4294967295] in blocks of F32" },
        { "half a block", "tensor 't' cannot have the shape [1, 16] in blocks of Q4_1" },
        { "behind the end", "tensor 't' of 16 bytes at " },
        { "far behind the end", "tensor 't' of 16 bytes at " },
        { "longer than the file", "tensor 't' of 4000 bytes at " },
        { "not aligned", "tensor 't' starts at 4, which is not a multiple of 32" },
        { "overlap", "the tensors 't' and 'u' overlap" },
        { "name twice", "the tensor 't' is there twice" },
        { "alignment of 24", "'general.alignment' is 24, expected a power of two" },
        { "alignment of 0", "'general.alignment' is '0', expected a whole number from 1 to 1048576" },
        { "alignment by text", "'general.alignment' is '32', expected a whole number from 1 to 1048576" },
        { "unknown block type", "has the block type 99, which is not known. Read are: F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, BF16." },
    };

    [Theory, MemberData(nameof(Absurd))]
    public void AnAbsurdHeadIsRefusedByNameWithoutBelievingIt(string what, string expected)
    {
        using var scratch = new ScratchFolder();
        var path = scratch["absurd.gguf"];
        File.WriteAllBytes(path, Write(what));

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<Llm4MsrException>(() => GgufFile.Open(path));
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        var notThisKindOfFile = what is "not GGUF" or "version 1" or "big-endian" or "unknown block type";
        Assert.Equal(notThisKindOfFile ? FaultKind.BadInput : FaultKind.Damaged, error.Kind);
        Assert.InRange(allocated, 0, 1 << 20); // a buffer of 64 KB and an error; the largest file here has 66 KB
    }

    private static byte[] Write(string what)
    {
        byte[] four = new byte[16];
        var writer = new GgufWriter();
        _ = what switch
        {
            "not GGUF" => writer.Magic = 7,
            "version 1" => writer.Version = 1,
            "big-endian" => writer.Version = 3 << 24,
            "2^63 tensors" => writer.ClaimedTensors = 1UL << 63,
            "90000 tensors" => writer.ClaimedTensors = 90_000,
            "2^40 settings" => writer.ClaimedSettings = 1UL << 40,
            "text of 2^60 bytes" => writer.Raw("k", w => { w.Write(8); w.Write(1UL << 60); }),
            "key of 2 MB" => writer.Raw(new string('k', 2 << 20), w => { w.Write(7); w.Write(true); }),
            "token of 65 KB" => writer.Set("k", new[] { new string('t', 65 << 10) }),
            "text that is not UTF-8" => writer.Raw("k", w => { w.Write(8); w.Write(2UL); w.Write((byte)0xC3); w.Write((byte)0x28); }),
            "list of 2^40" => writer.Raw("k", w => { w.Write(9); w.Write(0); w.Write(1UL << 40); }),
            "list of 4 million in a small file" => writer.Raw("k", w => { w.Write(9); w.Write(4); w.Write(4_000_000UL); }),
            "list of lists" => writer.Raw("k", w => { w.Write(9); w.Write(9); w.Write(1UL); w.Write(9); w.Write(1UL); }),
            "type 13" => writer.Raw("k", w => { w.Write(13); w.Write(0L); }),
            "truth of 2" => writer.Raw("k", w => { w.Write(7); w.Write((byte)2); }),
            "key twice" => writer.Set("k", true).Set("k", true),
            "no dimension" => writer.Add("t", [], 0, four),
            "5 dimensions" => writer.Add("t", [1, 1, 1, 1, 1], 0, four),
            "dimension of 0" => writer.Add("t", [4, 0], 0, four),
            "dimension of 2^63" => writer.Add("t", [1UL << 63], 0, four),
            "product beyond 64 bits" => writer.Add("t", [1UL << 32, 1UL << 32, 1UL << 32], 0, four),
            "bytes beyond 64 bits" => writer.Add("t", [(1UL << 32) - 1, 1UL << 31], 0, four),
            "half a block" => writer.Add("t", [16, 1], 3, four),
            "behind the end" => writer.Add("t", [4], 0, four).OffsetOfTensor = (_, _) => 1024,
            "far behind the end" => writer.Add("t", [4], 0, four).OffsetOfTensor = (_, _) => ulong.MaxValue - 31,
            "longer than the file" => writer.Add("t", [1000], 0, four),
            "not aligned" => writer.Add("t", [4], 0, four).OffsetOfTensor = (_, _) => 4,
            "overlap" => writer.Add("t", [4], 0, four).Add("u", [4], 0, four).OffsetOfTensor = (_, _) => 0,
            "name twice" => writer.Add("t", [4], 0, four).Add("t", [4], 0, four),
            "alignment of 24" => writer.Set("general.alignment", 24u).Add("t", [4], 0, four),
            "alignment of 0" => writer.Set("general.alignment", 0u).Add("t", [4], 0, four),
            "alignment by text" => writer.Set("general.alignment", "32").Add("t", [4], 0, four),
            "unknown block type" => (object)writer.Add("t", [4], 99, four),
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, "Not an absurdity known here."),
        };
        return what == "key of 2 MB" ? writer.ToBytes()[..(66 << 10)] : writer.ToBytes();
    }

    [Fact]
    public void AFileCutAnywhereIsNamed()
    {
        using var scratch = new ScratchFolder();
        var path = scratch["cut.gguf"];
        File.Copy(s_quants, path);
        File.SetAttributes(path, FileAttributes.Normal);
        long end;
        using (var whole = GgufFile.Open(path))
            end = whole.Tensors.Values.Max(t => t.Offset + t.Length);

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        for (var length = end - 1; length >= 0; length--)
        {
            stream.SetLength(length);
            var error = Assert.Throws<Llm4MsrException>(() => GgufFile.Open(path));
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AFileCutWhileItIsOpenIsNamed()
    {
        using var scratch = new ScratchFolder();
        var path = scratch["cut.gguf"];
        File.WriteAllBytes(path, File.ReadAllBytes(s_quants));
        using var file = GgufFile.Open(path);
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            stream.SetLength(1000);

        var error = Assert.Throws<Llm4MsrException>(() => file.Read("q8_0"));

        Assert.Contains("the bytes of 'q8_0' end early: the file was cut while it was read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnyBitOfTheHeadMayFlip()
    {
        using var scratch = new ScratchFolder();
        var path = scratch["flipped.gguf"];
        var bytes = File.ReadAllBytes(s_quants);
        int head;
        using (var file = GgufFile.Open(s_quants))
            head = (int)file.Tensors.Values.Min(t => t.Offset);
        var clock = Stopwatch.StartNew();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var refused = 0;
        for (var bit = 0; bit < head * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            File.WriteAllBytes(path, bytes);
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            try
            {
                using var file = GgufFile.Open(path);
            }
            catch (Llm4MsrException e) when (e.Message.Contains(path, StringComparison.Ordinal))
            {
                refused++;
            }
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

        Assert.InRange(refused, head * 8 / 4, head * 8); // the others change a name, a shape or padding: still a right file
        Assert.InRange(allocated / (head * 8), 0, 256 << 10);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    private sealed record Floats(long[] Shape, float[] Values);
}
