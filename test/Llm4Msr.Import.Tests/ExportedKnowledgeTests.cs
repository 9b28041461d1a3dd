using System.Text.Json.Nodes;
using CsCheck;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Import.Tests;

public sealed class ExportedKnowledgeTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public static TheoryData<string> Endings => [.. ExportedKnowledge.Endings];

    public void Dispose() => _scratch.Dispose();

    [Theory, MemberData(nameof(Endings))]
    public void AStoreThatWentOutAndCameBackIsEqual(string ending) => StoreSample.Any.Sample(sample =>
    {
        using var scratch = new ScratchFolder();
        sample.Write(scratch["store.db"]);

        ExportedKnowledge.Write(scratch["store.db"], scratch["out" + ending]);
        ExportedKnowledge.Read(scratch["out" + ending], scratch["back.db"]);

        using var one = KnowledgeStore.OpenForReading(scratch["store.db"]);
        using var back = KnowledgeStore.OpenForReading(scratch["back.db"]);
        Assert.Equal(one.Fingerprint, back.Fingerprint);
        Assert.Equal(one.InteractionsHash, back.InteractionsHash);
        Assert.Equal(one.ContentHash, back.ContentHash);
        Assert.Equal(sample.Records.Select(AsText), back.Records().Select(AsText));
    }, iter: 25, threads: 1);

    /// <summary>A group of a Parquet file holds 1,024 records, and a store may have any number of them.</summary>
    [Theory, MemberData(nameof(Endings))]
    public void AStoreOfMoreRecordsThanAGroupHoldsCameBackEqual(string ending)
    {
        var one = StoreSample.One.Records[^1];
        (StoreSample.One with { Records = [.. Enumerable.Range(1, 2100).Select(user => one with { Key = KnowledgeKey.ForUser($"{user}"), Text = $"User {user}" })] }).Write(_scratch["store.db"]);

        ExportedKnowledge.Write(_scratch["store.db"], _scratch["out" + ending]);
        ExportedKnowledge.Read(_scratch["out" + ending], _scratch["back.db"]);

        using var store = KnowledgeStore.OpenForReading(_scratch["store.db"]);
        using var back = KnowledgeStore.OpenForReading(_scratch["back.db"]);
        Assert.Equal(store.ContentHash, back.ContentHash);
        Assert.Equal(2100, back.Records().Count());
    }

    [Theory, MemberData(nameof(Endings))]
    public void AFileThatWasCutOrChangedAnywhereMakesNoStoreThatDiffers(string ending)
    {
        StoreSample.One.Write(_scratch["store.db"]);
        var files = ExportedKnowledge.Write(_scratch["store.db"], _scratch["whole" + ending]).Files;
        var random = new Random(11);
        using var whole = KnowledgeStore.OpenForReading(_scratch["store.db"]);
        var refused = 0;
        for (var k = 0; k < 150; k++)
        {
            foreach (var file in files)
                File.Copy(file, Damaged(file), overwrite: true);
            var damaged = Damaged(files[random.Next(files.Count)]);
            var bytes = File.ReadAllBytes(damaged);
            if (k % 3 == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            else if (k % 3 == 1)
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            else
                random.NextBytes(bytes.AsSpan(random.Next(bytes.Length - 8), 8));
            File.WriteAllBytes(damaged, bytes);

            try
            {
                ExportedKnowledge.Read(_scratch["damaged" + ending], _scratch["back.db"]);
                using (var back = KnowledgeStore.OpenForReading(_scratch["back.db"]))
                    Assert.Equal((whole.ContentHash, whole.Fingerprint), (back.ContentHash, back.Fingerprint)); // bytes that say nothing
                File.Delete(_scratch["back.db"]);
            }
            catch (Llm4MsrException e)
            {
                Assert.Contains("damaged", e.Message); // the file's name
                Assert.True(e.Kind is FaultKind.BadInput or FaultKind.Damaged, e.ToString());
                refused++;
            }
            Assert.DoesNotContain(Directory.GetFiles(_scratch.Root), f => f.Contains("back.db", StringComparison.Ordinal) && !f.EndsWith(".lock", StringComparison.Ordinal));
        }
        Assert.True(refused > 70, $"{refused} of 150 were refused");

        static string Damaged(string file) => file.Replace("whole", "damaged", StringComparison.Ordinal);
    }

    [Fact]
    public void ARecordThatWasChangedIsNamedByItsLine()
    {
        Export();

        Change(3, record => record["text"] = "something else");

        var error = Refused();
        Assert.StartsWith($"'{_scratch["out.jsonl"]}', line 4: the knowledge of", error.Message);
        Assert.Contains("it is damaged or was changed", error.Message);
    }

    [Fact]
    public void ANumberThatIsNoneIsNamedByItsLine()
    {
        Export();
        var lines = File.ReadAllLines(_scratch["out.jsonl"]);
        var vector = JsonNode.Parse(lines[2])!["vectors"]!.AsObject().First();
        lines[2] = lines[2].Replace(vector.Value!.ToJsonString(), "[" + string.Join(',', vector.Value.AsArray().Select(_ => "1e99")) + "]", StringComparison.Ordinal);
        File.WriteAllLines(_scratch["out.jsonl"], lines);

        Assert.Matches("line 3: The knowledge of .* its vector .* holds Infinity at position 0", Refused().Message);
    }

    [Fact]
    public void VectorsWithoutAnyDifferenceOrOfAnotherWidthAreRefused()
    {
        Export();
        Change(1, record => Vectors(record, values => values.Select(_ => 1.5f)));
        Assert.Contains("is 1.5 at every position", Refused().Message);

        Export();
        Change(1, record => Vectors(record, values => values.Append(0.5f)));
        Assert.Matches("line 2: .* values, expected", Refused().Message);

        static void Vectors(JsonObject record, Func<IEnumerable<float>, IEnumerable<float>> change)
        {
            foreach (var (state, values) in record["vectors"]!.AsObject().ToList())
                record["vectors"]![state] = new JsonArray([.. change([.. values!.AsArray().Select(v => (float)v!)]).Select(v => JsonValue.Create(v))]);
        }
    }

    [Fact]
    public void ARecordThatIsThereTwiceIsRefused()
    {
        Export();
        var lines = File.ReadAllLines(_scratch["out.jsonl"]);
        lines[2] = lines[1];
        File.WriteAllLines(_scratch["out.jsonl"], lines);

        Assert.Matches("line 3: the knowledge of .* is there twice", Refused().Message);
    }

    [Fact]
    public void ALineThatNeverEndsIsNotReadIntoMemory()
    {
        using (var stream = File.Create(_scratch["out.jsonl"]))
            stream.SetLength(200L << 20); // zeros, none of them a line's end

        Assert.Equal($"'{_scratch["out.jsonl"]}', line 1: it has more than 64 MiB. Make the file again, or correct the line.", Refused().Message);
    }

    [Fact]
    public void KeysAndVectorsOfDifferentExportsAreRefused()
    {
        StoreSample.One.Write(_scratch["one.db"]);
        (StoreSample.One with { Records = [.. StoreSample.One.Records.Skip(1)] }).Write(_scratch["other.db"]);
        ExportedKnowledge.Write(_scratch["one.db"], _scratch["one.safetensors"]);
        ExportedKnowledge.Write(_scratch["other.db"], _scratch["other.safetensors"]);
        File.Copy(_scratch["other.keys.jsonl"], _scratch["one.keys.jsonl"], overwrite: true);

        var error = Assert.Throws<Llm4MsrException>(() => ExportedKnowledge.Read(_scratch["one.safetensors"], _scratch["back.db"]));

        Assert.Contains("are of different exports", error.Message);
    }

    [Fact]
    public void AStoreThatIsThereIsLeftAlone()
    {
        Export();
        File.WriteAllText(_scratch["back.db"], "precious");

        Assert.Equal(FaultKind.Usage, Refused().Kind);
        Assert.Equal("precious", File.ReadAllText(_scratch["back.db"]));
    }

    private void Export()
    {
        File.Delete(_scratch["out.jsonl"]);
        if (!File.Exists(_scratch["store.db"]))
            StoreSample.One.Write(_scratch["store.db"]);
        ExportedKnowledge.Write(_scratch["store.db"], _scratch["out.jsonl"]);
    }

    private void Change(int record, Action<JsonObject> change)
    {
        var lines = File.ReadAllLines(_scratch["out.jsonl"]);
        var node = JsonNode.Parse(lines[record])!.AsObject();
        change(node);
        lines[record] = node.ToJsonString();
        File.WriteAllLines(_scratch["out.jsonl"], lines);
    }

    private Llm4MsrException Refused() => Assert.Throws<Llm4MsrException>(() => ExportedKnowledge.Read(_scratch["out.jsonl"], _scratch["back.db"]));

    private static string AsText(KnowledgeRecord record) =>
        $"{record with { Vectors = [] }} {string.Join(' ', record.Vectors.SelectMany(v => v).Select(v => BitConverter.SingleToInt32Bits(v)))}";
}
