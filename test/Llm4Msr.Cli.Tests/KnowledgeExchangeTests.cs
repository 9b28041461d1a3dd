using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using ParquetSharp;

namespace Llm4Msr.Cli.Tests;

/// <summary>Stores that leave as files and come back, and vectors made elsewhere, by the commands.</summary>
public sealed class KnowledgeExchangeTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(".parquet")]
    [InlineData(".jsonl")]
    [InlineData(".safetensors", ".keys.jsonl")]
    public void AStoreThatIsExportedAndImportedIsTheSameStore(string ending, params string[] beside)
    {
        var exported = CommandRun.Succeeding("knowledge", "export", small.Store, _scratch["out" + ending], "--json").Json;
        var imported = CommandRun.Succeeding("knowledge", "import", _scratch["back.db"], "--from", _scratch["out" + ending]);

        Assert.Equal([_scratch["out" + ending], .. beside.Select(b => _scratch["out" + b])], exported.GetProperty("files").EnumerateArray().Select(f => f.GetString()));
        Assert.StartsWith($"{SmallMovieLens.Users + 3} records imported into {_scratch["back.db"]}, the same as were exported.\n", imported.Output, StringComparison.Ordinal);
        CommandRun.Succeeding("knowledge", "diff", small.Store, _scratch["back.db"]);
        Assert.Equal(Records(small.Store), Records(_scratch["back.db"]));
    }

    [Fact]
    public void ADamagedExportMakesNoStoreAndSaysSo()
    {
        CommandRun.Succeeding("knowledge", "export", small.Store, _scratch["out.parquet"]);
        File.WriteAllBytes(_scratch["cut.parquet"], File.ReadAllBytes(_scratch["out.parquet"])[..^100]);

        var run = CommandRun.Of("knowledge", "import", _scratch["back.db"], "--from", _scratch["cut.parquet"]);

        Assert.Equal((4, ""), (run.Code, run.Output));
        Assert.StartsWith($"error: '{_scratch["cut.parquet"]}', its end: it cannot be read (", run.Errors, StringComparison.Ordinal);
        Assert.Equal(["cut.parquet", "out.parquet"], Directory.GetFiles(_scratch.Root).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void TheSameVectorsFromAnyKindOfFileMakeTheSameStore()
    {
        var numbers = Enumerable.Range(1, SmallMovieLens.Users).Select(user => (Id: $"{user}", Vector: new[] { user, 0.1f * user, -1 })).ToList();
        File.WriteAllLines(_scratch["v.jsonl"], numbers.Select(n => FormattableString.Invariant($$"""{"id": {{n.Id}}, "v": [{{string.Join(", ", n.Vector)}}]}""")));
        WriteParquet("v.parquet", [numbers]);
        using (var stream = File.Create(_scratch["v.safetensors"]))
            Safetensors.Write(stream, [("v", TorchSharp.torch.tensor([.. numbers.SelectMany(n => n.Vector)]).view(numbers.Count, 3))]);
        File.WriteAllLines(_scratch["keys.txt"], numbers.Select(n => n.Id));

        foreach (var (file, keys) in new[] { ("v.jsonl", (string[])[]), ("v.parquet", []), ("v.safetensors", ["--keys", _scratch["keys.txt"]]) })
        {
            CommandRun.Succeeding(
            [
                "knowledge", "import", _scratch[file + ".db"], "--data", small.Data, "--protocol", "train-part", .. keys,
                "--vectors", $"user@80%:mean={_scratch[file]}#v", "--vectors", $"scenario:mean={small.Vectors}#scenario",
            ]);
        }

        Assert.Equal(numbers.Select(n => string.Join(' ', n.Vector)).Order(), Records(_scratch["v.jsonl.db"]).Where(r => r.Key.StartsWith("user", StringComparison.Ordinal)).Select(r => r.First).Order());
        Assert.Equal(Records(_scratch["v.jsonl.db"]).Select(r => (r.Key, r.First)), Records(_scratch["v.parquet.db"]).Select(r => (r.Key, r.First)));
        Assert.Equal(Records(_scratch["v.jsonl.db"]).Select(r => (r.Key, r.First)), Records(_scratch["v.safetensors.db"]).Select(r => (r.Key, r.First)));
    }

    [Theory]
    [InlineData("NaN", "holds NaN in row 3, column 2")]
    [InlineData("1", "user '3' as of rank 923 cannot be stored: its vector 'mean' is 1 at every position")]
    public void VectorsThatNoModelMeansAreRefusedByTheirPlaceAndNoStoreIsMade(string value, string problem)
    {
        var bad = float.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
        WriteParquet("v.parquet", [[.. Enumerable.Range(1, SmallMovieLens.Users).Select(user => (Id: $"{user}", Vector: user == 3 ? [1, bad, 1] : new[] { user, 0.1f * user, -1 }))]]);

        var run = CommandRun.Of(
            "knowledge", "import", _scratch["a.db"], "--data", small.Data, "--protocol", "train-part",
            "--vectors", $"user@80%:mean={_scratch["v.parquet"]}#v", "--vectors", $"scenario:mean={small.Vectors}#scenario");

        Assert.Equal((4, ""), (run.Code, run.Output));
        Assert.Contains(problem, run.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_scratch["a.db"]));
    }

    /// <summary>A few kilobytes that unpack to half a gigabyte.</summary>
    [Fact]
    public void AFileThatUnpacksToMoreThanTheImportMayHoldEndsTheImportAndNothingElse()
    {
        WriteParquet("bomb.parquet", Enumerable.Range(0, 200).Select(batch => Enumerable.Range(0, 10).Select(row => (Id: $"{10 * batch + row}", Vector: new float[1 << 16])).ToList()));
        Assert.InRange(new FileInfo(_scratch["bomb.parquet"]).Length, 0, 4 << 20);

        var run = CommandRun.Of("knowledge", "import", _scratch["a.db"], "--data", small.Data, "--vectors", $"user@80%:mean={_scratch["bomb.parquet"]}#v", "--memory", "0.5");

        Assert.Equal((6, ""), (run.Code, run.Output));
        Assert.Matches("^error: (The import needs more memory than it may use|The import held more than 0.5 GiB and was stopped)", run.Errors);
        Assert.False(File.Exists(_scratch["a.db"]));
    }

    [Theory]
    [InlineData("--memory is 0.1 GiB, expected 0.5 or more.", "--memory", "0.1")]
    [InlineData("--time-limit is 0, expected 1 or more.", "--time-limit", "0")]
    [InlineData("Say either --from FILE, for an exported store, or --data FOLDER and --vectors WHAT=FILE#NAME, for vectors made elsewhere.", "--from", "x.parquet", "--data", "data")]
    public void WhatDoesNotGoTogetherIsRefused(string sentence, params string[] options) =>
        CommandRun.Of(["knowledge", "import", _scratch["a.db"], .. options]).AssertFails(FaultKind.Usage, sentence);

    private void WriteParquet(string name, IEnumerable<List<(string Id, float[] Vector)>> groups)
    {
        using var properties = new WriterPropertiesBuilder().Compression(Compression.Zstd).Build();
        using var file = new ParquetFileWriter(_scratch[name], [new Column<string>("id"), new Column<float[]>("v")], properties);
        foreach (var rows in groups)
        {
            using var group = file.AppendRowGroup();
            using (var ids = group.NextColumn().LogicalWriter<string>())
                ids.WriteBatch([.. rows.Select(r => r.Id)]);
            using (var vectors = group.NextColumn().LogicalWriter<float[]>())
                vectors.WriteBatch([.. rows.Select(r => r.Vector)]);
        }
        file.Close();
    }

    private static List<(string Key, string First)> Records(string path)
    {
        using var store = KnowledgeStore.OpenForReading(path);
        return [.. store.Records().Select(r => ($"{r.Key} {r.AsOfRank} {r.Basis} {r.Text}", string.Join(' ', r.Vectors[0]))).Order()];
    }
}
