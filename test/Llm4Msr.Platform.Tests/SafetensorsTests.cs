using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Llm4Msr.Testing;
using TorchSharp;

namespace Llm4Msr.Platform.Tests;

public class SafetensorsTests
{
    [Theory]
    [InlineData(torch.ScalarType.Float64), InlineData(torch.ScalarType.Float32), InlineData(torch.ScalarType.Float16), InlineData(torch.ScalarType.BFloat16)]
    [InlineData(torch.ScalarType.Int64), InlineData(torch.ScalarType.Int32), InlineData(torch.ScalarType.Int16), InlineData(torch.ScalarType.Int8)]
    [InlineData(torch.ScalarType.Byte), InlineData(torch.ScalarType.Bool)]
    public void ATensorOfEveryTypeComesBackToTheBit(torch.ScalarType type)
    {
        using var scratch = new ScratchFolder();
        var numbers = torch.tensor(new[] { 0f, 1, -2, 3.5f, 100, 0.1f }).view(2, 3).to(type);

        Write(scratch["x"], ("numbers", numbers), ("none", torch.empty(0, 4, type)), ("one", numbers[0, 1]));

        using var file = SafetensorsFile.Open(scratch["x"]);
        Assert.Equal(["none", "numbers", "one"], file.Entries.Keys.Order());
        Assert.Equal(numbers.bytes.ToArray(), file.Read("numbers").bytes.ToArray());
        Assert.Equal([2, 3], file.Read("numbers").shape);
        Assert.Equal([0, 4], file.Read("none").shape);
        Assert.Empty(file.Read("one").shape);
        Assert.Equal(type, file.Read("one").dtype);
    }

    [Fact]
    public void EqualTensorsGiveEqualBytesWhateverTheirLayoutInMemory()
    {
        using var scratch = new ScratchFolder();
        var rows = torch.arange(12).view(3, 4);
        Write(scratch["plain"], ("x", rows));
        Write(scratch["turned"], ("x", rows.t().contiguous().t())); // the same numbers, column by column

        Assert.Equal(File.ReadAllBytes(scratch["plain"]), File.ReadAllBytes(scratch["turned"]));
    }

    [Fact]
    public void WhatIsWrittenAsMetadataIsRead()
    {
        using var scratch = new ScratchFolder();
        using (var stream = File.Create(scratch["x"]))
            Safetensors.Write(stream, [("a", torch.ones(1))], new Dictionary<string, string> { ["b"] = "\"2\"", ["a"] = "ä" });

        using var file = SafetensorsFile.Open(scratch["x"]);

        Assert.Equal([("a", "ä"), ("b", "\"2\"")], file.Metadata.Select(p => (p.Key, p.Value)).Order());
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,12]}}""", 12, "of 8 bytes claims the bytes 0 to 12")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "a hole or an overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "a hole or an overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "its tensors end at byte")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "claims the bytes 0 to 8 of 4")]
    [InlineData("""{"a":{"dtype":"Q7","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown type 'Q7'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "malformed shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "header cannot be read")] // 2^64 elements
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "header cannot be read")]
    [InlineData("""{"a":[]}""", 0, "header cannot be read")]
    public void AHeaderThatClaimsWhatIsNotThereIsRefused(string header, int bytes, string what)
    {
        using var scratch = new ScratchFolder();
        File.WriteAllBytes(scratch["x"], [.. Prefix(header.Length), .. Encoding.UTF8.GetBytes(header), .. new byte[bytes]]);

        var error = Assert.Throws<Llm4MsrException>(() => SafetensorsFile.Open(scratch["x"]));

        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.StartsWith($"The safetensors file '{scratch["x"]}' is damaged: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileCutAnywhereIsRefused()
    {
        using var scratch = new ScratchFolder();
        Write(scratch["whole"], ("a", torch.ones(3, 2)), ("b", torch.zeros(1)));
        var whole = File.ReadAllBytes(scratch["whole"]);

        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(scratch["cut"], whole[..length]);
            Assert.Equal(FaultKind.Damaged, Assert.Throws<Llm4MsrException>(() => SafetensorsFile.Open(scratch["cut"])).Kind);
        }
    }

    [Fact]
    public void AHeaderLengthOfAnySizeTakesNoMemoryThatTheFileDoesNotHave()
    {
        using var scratch = new ScratchFolder();
        Gen.ULong[3, ulong.MaxValue].Sample(length =>
        {
            File.WriteAllBytes(scratch["x"], [.. Prefix(length), .. "{}"u8]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var error = Assert.Throws<Llm4MsrException>(() => SafetensorsFile.Open(scratch["x"]));
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
            Assert.Contains($"claims {length} bytes", error.Message, StringComparison.Ordinal);
        }, iter: 100, threads: 1);
    }

    private static void Write(string path, params (string, torch.Tensor)[] tensors)
    {
        using var stream = File.Create(path);
        Safetensors.Write(stream, tensors);
    }

    private static byte[] Prefix(int length) => Prefix((ulong)length);

    private static byte[] Prefix(ulong length)
    {
        var prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, length);
        return prefix;
    }
}
